-- Tables are not STRICT and have no rowid tricks: PostgreSQL runs this text too.
CREATE TABLE users (
	id TEXT NOT NULL PRIMARY KEY,
	login TEXT NOT NULL UNIQUE,
	display_name TEXT NOT NULL,
	password_hash TEXT NOT NULL,
	role TEXT NOT NULL CHECK (role IN ('admin', 'user')),
	locale TEXT NOT NULL DEFAULT '',
	theme TEXT NOT NULL DEFAULT '',
	timezone TEXT NOT NULL DEFAULT '',
	created_at BIGINT NOT NULL,
	disabled_at BIGINT NOT NULL DEFAULT 0
);
