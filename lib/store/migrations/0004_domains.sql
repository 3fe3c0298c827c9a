-- What a user's workspace tried to reach beyond the list for everybody, what
-- they asked for, and what an administrator said.
CREATE TABLE domains (
	user_id TEXT NOT NULL REFERENCES users (id),
	domain TEXT NOT NULL,
	state TEXT NOT NULL CHECK
		(state IN ('blocked', 'asked', 'granted', 'refused')),
	plain BIGINT NOT NULL DEFAULT 0,
	tries BIGINT NOT NULL DEFAULT 0,
	reason TEXT NOT NULL DEFAULT '',
	decided_by TEXT NOT NULL DEFAULT '',
	first_at BIGINT NOT NULL,
	last_at BIGINT NOT NULL,
	PRIMARY KEY (user_id, domain)
);
CREATE INDEX domains_by_state ON domains (state, last_at);
