-- Sums of the ledger, kept with it, so that a page need not add up a month of
-- calls: by quarters of an hour (every zone's days begin with one), and by
-- whole days of UTC for what was spent on what.
CREATE TABLE usage_quarters (
	user_id TEXT NOT NULL REFERENCES users (id),
	quarter BIGINT NOT NULL,
	model TEXT NOT NULL,
	input BIGINT NOT NULL,
	output BIGINT NOT NULL,
	cache_write_5m BIGINT NOT NULL,
	cache_write_1h BIGINT NOT NULL,
	cache_read BIGINT NOT NULL,
	calls BIGINT NOT NULL,
	unmetered BIGINT NOT NULL,
	PRIMARY KEY (user_id, quarter, model)
);
CREATE INDEX usage_quarters_by_time ON usage_quarters (quarter);
CREATE TABLE usage_days (
	user_id TEXT NOT NULL REFERENCES users (id),
	day BIGINT NOT NULL,
	kind TEXT NOT NULL,
	subject_id TEXT NOT NULL,
	model TEXT NOT NULL,
	input BIGINT NOT NULL,
	output BIGINT NOT NULL,
	cache_write_5m BIGINT NOT NULL,
	cache_write_1h BIGINT NOT NULL,
	cache_read BIGINT NOT NULL,
	calls BIGINT NOT NULL,
	unmetered BIGINT NOT NULL,
	PRIMARY KEY (user_id, day, subject_id, kind, model)
);
CREATE INDEX usage_days_by_time ON usage_days (day);
INSERT INTO usage_quarters SELECT user_id, at - at % 900000, model,
	CAST(sum(input) AS BIGINT), CAST(sum(output) AS BIGINT),
	CAST(sum(cache_write_5m) AS BIGINT),
	CAST(sum(cache_write_1h) AS BIGINT), CAST(sum(cache_read) AS BIGINT),
	count(*), sum(CASE WHEN outcome = 'unmetered' THEN 1 ELSE 0 END)
	FROM usage GROUP BY user_id, at - at % 900000, model;
INSERT INTO usage_days SELECT user_id, at - at % 86400000, kind, subject_id,
	model, CAST(sum(input) AS BIGINT), CAST(sum(output) AS BIGINT),
	CAST(sum(cache_write_5m) AS BIGINT),
	CAST(sum(cache_write_1h) AS BIGINT), CAST(sum(cache_read) AS BIGINT),
	count(*), sum(CASE WHEN outcome = 'unmetered' THEN 1 ELSE 0 END)
	FROM usage GROUP BY user_id, at - at % 86400000, kind, subject_id,
	model;
