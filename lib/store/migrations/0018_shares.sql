-- Read-only copies of a conversation or a run, as it was when it was shared.
-- html: its messages, rendered. secret_hash: SHA-256 in hex of the link's secret.
CREATE TABLE shares (
	id TEXT NOT NULL PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES users (id),
	kind TEXT NOT NULL CHECK (kind IN ('conversation', 'execution')),
	subject_id TEXT NOT NULL,
	secret_hash TEXT NOT NULL UNIQUE,
	title TEXT NOT NULL,
	author TEXT NOT NULL,
	anyone BIGINT NOT NULL,
	tools BIGINT NOT NULL,
	files BIGINT NOT NULL,
	html TEXT NOT NULL,
	bytes BIGINT NOT NULL,
	views BIGINT NOT NULL DEFAULT 0,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX shares_by_user ON shares (user_id, created_at);
CREATE INDEX shares_by_subject ON shares (subject_id);
CREATE INDEX shares_by_end ON shares (expires_at);

CREATE TABLE share_files (
	share_id TEXT NOT NULL REFERENCES shares (id) ON DELETE CASCADE,
	path TEXT NOT NULL,
	content BYTEA NOT NULL,
	PRIMARY KEY (share_id, path)
);
