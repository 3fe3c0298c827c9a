-- Where an agent's events are told, beside the page. events: words parted by
-- spaces. secret: of a webhook's signature.
CREATE TABLE notify_rules (
	id TEXT NOT NULL PRIMARY KEY,
	agent_id TEXT NOT NULL REFERENCES agents (id),
	channel TEXT NOT NULL CHECK (channel IN ('email', 'webhook')),
	target TEXT NOT NULL,
	secret TEXT NOT NULL DEFAULT '',
	events TEXT NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX notify_rules_by_agent ON notify_rules (agent_id);

-- What is told: a row an event and a way, written with the event itself, so
-- nothing is told twice or not at all. rule_id '': in the page.
CREATE TABLE notices (
	id TEXT NOT NULL PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES users (id),
	agent_id TEXT NOT NULL REFERENCES agents (id),
	execution_id TEXT NOT NULL DEFAULT '',
	rule_id TEXT NOT NULL DEFAULT '',
	event TEXT NOT NULL CHECK (event IN ('success', 'failure', 'recovery',
		'needs_input', 'skipped', 'paused', 'test')),
	state TEXT NOT NULL CHECK
		(state IN ('pending', 'sent', 'failed', 'unread', 'read')),
	tries BIGINT NOT NULL DEFAULT 0,
	next_try_at BIGINT NOT NULL DEFAULT 0,
	error TEXT NOT NULL DEFAULT '',
	created_at BIGINT NOT NULL,
	ended_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX notices_once ON notices
	(execution_id, event, rule_id, agent_id) WHERE execution_id <> '';
CREATE INDEX notices_pending ON notices (next_try_at) WHERE state = 'pending';
CREATE INDEX notices_by_user ON notices (user_id, created_at);
CREATE INDEX notices_unread ON notices (user_id) WHERE state = 'unread';
