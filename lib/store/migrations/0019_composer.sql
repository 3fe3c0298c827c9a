-- What the composer keeps: the model's effort, pictures in messages, and an
-- account's own choices.
ALTER TABLE conversations ADD COLUMN effort TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN model TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN effort TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN suggestions BIGINT NOT NULL DEFAULT 0;

-- One that no message has (message_pictures) belongs to a draft.
CREATE TABLE pictures (
	id TEXT NOT NULL PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES users (id),
	name TEXT NOT NULL,
	media_type TEXT NOT NULL,
	width BIGINT NOT NULL,
	height BIGINT NOT NULL,
	bytes BIGINT NOT NULL,
	data BYTEA NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX pictures_by_user ON pictures (user_id, created_at);
CREATE TABLE message_pictures (
	message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
	picture_id TEXT NOT NULL REFERENCES pictures (id),
	PRIMARY KEY (message_id, picture_id)
);
CREATE INDEX message_pictures_by_picture ON message_pictures (picture_id);
-- Their descriptions in order (JSON, store/pictures.h); '' for none.
ALTER TABLE messages ADD COLUMN pictures TEXT NOT NULL DEFAULT '';

-- What an account's Claude last listed (JSON): its models, its commands.
CREATE TABLE claude_lists (
	user_id TEXT NOT NULL REFERENCES users (id),
	kind TEXT NOT NULL CHECK (kind IN ('models', 'commands')),
	data TEXT NOT NULL,
	PRIMARY KEY (user_id, kind)
);

-- Texts that an account inserts into its messages.
CREATE TABLE message_templates (
	id TEXT NOT NULL PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES users (id),
	name TEXT NOT NULL,
	text TEXT NOT NULL,
	UNIQUE (user_id, name)
);
