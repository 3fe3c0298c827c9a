-- Projects: folders of conversations. folder: below the home, where sessions of
-- its new conversations start; instructions: told to Claude at each start.
CREATE TABLE projects (
	id TEXT NOT NULL PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES users (id),
	name TEXT NOT NULL,
	folder TEXT NOT NULL DEFAULT '',
	instructions TEXT NOT NULL DEFAULT '',
	created_at BIGINT NOT NULL,
	deleted_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX projects_by_user ON projects (user_id, name, id);

-- folder: fixed by the first message, because the CLI finds a transcript by the
-- folder that it began in. last_line: of the latest text, for lists.
ALTER TABLE conversations ADD COLUMN project_id TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN folder TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN pinned_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN archived_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN last_line TEXT NOT NULL DEFAULT '';
CREATE INDEX conversations_recent ON conversations (user_id, updated_at)
	WHERE kind = 'chat' AND deleted_at = 0 AND archived_at = 0
	AND pinned_at = 0;
CREATE INDEX conversations_pinned ON conversations (user_id, updated_at)
	WHERE kind = 'chat' AND deleted_at = 0 AND archived_at = 0
	AND pinned_at > 0;
CREATE INDEX conversations_archived ON conversations (user_id, updated_at)
	WHERE kind = 'chat' AND deleted_at = 0 AND archived_at > 0;
CREATE INDEX conversations_by_project ON conversations
	(user_id, project_id, updated_at) WHERE kind = 'chat'
	AND deleted_at = 0 AND archived_at = 0 AND project_id <> '';
