-- A decision about a domain concerns no agent: agent_id is null, or the agent
-- whose rule sends it. domain '': of another event.
CREATE TABLE notices_new (
	id TEXT NOT NULL PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES users (id),
	agent_id TEXT REFERENCES agents (id),
	execution_id TEXT NOT NULL DEFAULT '',
	rule_id TEXT NOT NULL DEFAULT '',
	domain TEXT NOT NULL DEFAULT '',
	event TEXT NOT NULL CHECK (event IN ('success', 'problems', 'failure',
		'recovery', 'needs_input', 'skipped', 'paused', 'test',
		'domain_granted', 'domain_refused', 'domain_revoked')),
	state TEXT NOT NULL CHECK
		(state IN ('pending', 'sent', 'failed', 'unread', 'read')),
	tries BIGINT NOT NULL DEFAULT 0,
	next_try_at BIGINT NOT NULL DEFAULT 0,
	error TEXT NOT NULL DEFAULT '',
	created_at BIGINT NOT NULL,
	ended_at BIGINT NOT NULL DEFAULT 0,
	CHECK (agent_id IS NOT NULL OR domain <> '')
);
INSERT INTO notices_new (id, user_id, agent_id, execution_id, rule_id, event,
	state, tries, next_try_at, error, created_at, ended_at)
	SELECT id, user_id, agent_id, execution_id, rule_id, event, state,
		tries, next_try_at, error, created_at, ended_at FROM notices;
DROP TABLE notices;
ALTER TABLE notices_new RENAME TO notices;
CREATE UNIQUE INDEX notices_once ON notices
	(execution_id, event, rule_id, agent_id) WHERE execution_id <> '';
CREATE INDEX notices_pending ON notices (next_try_at) WHERE state = 'pending';
CREATE INDEX notices_by_user ON notices (user_id, created_at);
CREATE INDEX notices_unread ON notices (user_id) WHERE state = 'unread';

-- Emails about failures include these from now on.
UPDATE notify_rules SET events = events || ' domain'
	WHERE channel = 'email' AND ' ' || events || ' ' LIKE '% failure %';
