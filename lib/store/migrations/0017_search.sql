-- What can be found: a row a part that has something to read. id orders by
-- time: created_at * 2^20 and a counter. The driver keeps its index of the
-- texts beside it (search_terms in lib/core), by rules of its own.
CREATE TABLE search_entries (
	id BIGINT NOT NULL PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES users (id),
	conversation_id TEXT NOT NULL,
	at BIGINT NOT NULL,
	text TEXT NOT NULL,		-- NFC
	UNIQUE (conversation_id, at),
	FOREIGN KEY (conversation_id, at) REFERENCES parts (conversation_id, at)
		ON DELETE CASCADE
);
CREATE INDEX search_entries_by_user ON search_entries (user_id, id);

-- How far the parts that were recorded before have become entries: at most one
-- row; none: all of them.
CREATE TABLE search_backlog (
	name TEXT NOT NULL PRIMARY KEY,
	conversation_id TEXT NOT NULL,
	at BIGINT NOT NULL
);
INSERT INTO search_backlog (name, conversation_id, at)
	SELECT 'parts', '', -1 WHERE EXISTS (SELECT 1 FROM parts);
