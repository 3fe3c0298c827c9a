-- By which zone a budget's days and months run until then (UTC ms), though the
-- account has another by now: a change takes over when a month has ended.
ALTER TABLE users ADD COLUMN budget_timezone TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN budget_timezone_until BIGINT NOT NULL DEFAULT 0;
