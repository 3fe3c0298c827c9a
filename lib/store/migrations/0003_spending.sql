-- The ledger: a row a call of the model service. What it cost is computed from
-- these classes of tokens when it is asked, so a corrected price corrects all.
CREATE TABLE usage (
	id TEXT NOT NULL PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES users (id),
	kind TEXT NOT NULL CHECK (kind IN ('workspace', 'conversation', 'run')),
	subject_id TEXT NOT NULL,
	model TEXT NOT NULL,
	input BIGINT NOT NULL,
	output BIGINT NOT NULL,
	cache_write_5m BIGINT NOT NULL,
	cache_write_1h BIGINT NOT NULL,
	cache_read BIGINT NOT NULL,
	outcome TEXT NOT NULL CHECK
		(outcome IN ('complete', 'interrupted', 'failed', 'unmetered')),
	status BIGINT NOT NULL,
	at BIGINT NOT NULL,
	ended_at BIGINT NOT NULL
);
CREATE INDEX usage_by_user ON usage (user_id, at);
CREATE INDEX usage_by_time ON usage (at);
CREATE INDEX usage_by_subject ON usage (subject_id, at);

-- subject: a user's id, 'each' (users without a row of their own) or 'all'
-- (the installation). 0: no limit. Costs are millionths of a US dollar.
CREATE TABLE budgets (
	subject TEXT NOT NULL PRIMARY KEY,
	day_tokens BIGINT NOT NULL DEFAULT 0,
	day_cost BIGINT NOT NULL DEFAULT 0,
	month_tokens BIGINT NOT NULL DEFAULT 0,
	month_cost BIGINT NOT NULL DEFAULT 0,
	changed_at BIGINT NOT NULL
);

-- At most one row: while it is there every call is refused.
CREATE TABLE stops (
	name TEXT NOT NULL PRIMARY KEY,
	by_login TEXT NOT NULL,
	at BIGINT NOT NULL
);
