CREATE TABLE conversations (
	id TEXT NOT NULL PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES users (id),
	title TEXT NOT NULL,
	mode TEXT NOT NULL DEFAULT 'default',
	model TEXT NOT NULL DEFAULT '',
	state TEXT NOT NULL DEFAULT 'idle'
		CHECK (state IN ('idle', 'working', 'waiting')),
	spoken BIGINT NOT NULL DEFAULT 0,
	recorded_offset BIGINT NOT NULL DEFAULT 0,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	deleted_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX conversations_by_user ON conversations (user_id, updated_at);
CREATE INDEX conversations_open ON conversations (id)
	WHERE state <> 'idle' OR deleted_at <> 0;

-- A person's messages, in the order they came (seq).
CREATE TABLE messages (
	id TEXT NOT NULL PRIMARY KEY,
	conversation_id TEXT NOT NULL
		REFERENCES conversations (id) ON DELETE CASCADE,
	seq BIGINT NOT NULL,
	state TEXT NOT NULL
		CHECK (state IN ('queued', 'sent', 'seen', 'withdrawn')),
	text TEXT NOT NULL,
	at BIGINT NOT NULL DEFAULT -1,
	created_at BIGINT NOT NULL,
	UNIQUE (conversation_id, seq)
);
CREATE INDEX messages_unplaced ON messages (conversation_id, seq)
	WHERE state IN ('queued', 'sent');

-- What the session's log said; at and changed_at are byte offsets in it.
CREATE TABLE parts (
	conversation_id TEXT NOT NULL
		REFERENCES conversations (id) ON DELETE CASCADE,
	at BIGINT NOT NULL,
	changed_at BIGINT NOT NULL,
	turn BIGINT NOT NULL,
	role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
	kind TEXT NOT NULL,
	state TEXT NOT NULL,
	data TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	ended_at BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (conversation_id, at)
);
CREATE INDEX parts_changed ON parts (conversation_id, changed_at);
