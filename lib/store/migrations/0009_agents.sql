-- Agents: what a person wrote is in agent_versions (a row a saving), what the
-- worker knows is here. next_run_at 0: nothing is planned; a passed one of an
-- agent that is paused or deleted has no row yet. resumed_at: what was planned
-- for then or before never runs.
CREATE TABLE agents (
	id TEXT NOT NULL PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES users (id),
	name TEXT NOT NULL,
	version BIGINT NOT NULL,
	status TEXT NOT NULL CHECK (status IN ('active', 'paused')),
	paused_why TEXT NOT NULL DEFAULT ''
		CHECK (paused_why IN ('', 'person', 'failures')),
	next_run_at BIGINT NOT NULL DEFAULT 0,
	failures BIGINT NOT NULL DEFAULT 0,
	last_execution_id TEXT NOT NULL DEFAULT '',
	hook_hash TEXT NOT NULL DEFAULT '',
	resumed_at BIGINT NOT NULL DEFAULT 0,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	deleted_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX agents_by_user ON agents (user_id, name, id)
	WHERE deleted_at = 0;
CREATE INDEX agents_due ON agents (next_run_at)
	WHERE next_run_at > 0;
CREATE UNIQUE INDEX agents_by_hook ON agents (hook_hash)
	WHERE hook_hash <> '';

-- definition: JSON, as it is exported (lib/schedule/definition.h).
CREATE TABLE agent_versions (
	agent_id TEXT NOT NULL REFERENCES agents (id),
	version BIGINT NOT NULL,
	definition TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (agent_id, version)
);

-- A row for every planned moment and every run begun otherwise, whatever
-- became of it. not_before: planned_at with its jitter, or the next attempt's.
CREATE TABLE executions (
	id TEXT NOT NULL PRIMARY KEY,
	agent_id TEXT NOT NULL REFERENCES agents (id),
	user_id TEXT NOT NULL REFERENCES users (id),
	version BIGINT NOT NULL,
	trigger_kind TEXT NOT NULL CHECK
		(trigger_kind IN ('schedule', 'manual', 'test', 'hook')),
	status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'success',
		'failed', 'timeout', 'cancelled', 'skipped', 'missed',
		'refused')),
	reason TEXT NOT NULL DEFAULT '',
	detail TEXT NOT NULL DEFAULT '',
	planned_at BIGINT NOT NULL,
	not_before BIGINT NOT NULL,
	queued_at BIGINT NOT NULL DEFAULT 0,
	started_at BIGINT NOT NULL DEFAULT 0,
	ended_at BIGINT NOT NULL DEFAULT 0,
	cancel_at BIGINT NOT NULL DEFAULT 0,
	attempt BIGINT NOT NULL DEFAULT 0,
	payload TEXT NOT NULL DEFAULT '',
	prompt TEXT NOT NULL DEFAULT '',
	result TEXT NOT NULL DEFAULT '',
	turns BIGINT NOT NULL DEFAULT 0,
	denials BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX executions_slot ON executions (agent_id, planned_at)
	WHERE trigger_kind = 'schedule';
CREATE INDEX executions_by_agent ON executions (agent_id, planned_at, id);
CREATE INDEX executions_by_user ON executions (user_id, planned_at, id);
-- One index a status: SQLite takes a partial one only for the very words it
-- was made with, and what the worker asks must not grow with the history.
CREATE INDEX executions_queued ON executions (user_id, not_before, id)
	WHERE status = 'queued';
CREATE INDEX executions_queued_by_agent ON executions (agent_id)
	WHERE status = 'queued';
CREATE INDEX executions_running ON executions (user_id)
	WHERE status = 'running';
CREATE INDEX executions_running_by_agent ON executions (agent_id)
	WHERE status = 'running';

-- One try of a run; its session is a conversation of kind 'run'. outcome '':
-- it goes on. Written with the log's last line, in the recorder's transaction.
-- gone: its user continued it and deleted that; only the transcript is left.
CREATE TABLE attempts (
	execution_id TEXT NOT NULL REFERENCES executions (id),
	attempt BIGINT NOT NULL,
	conversation_id TEXT NOT NULL REFERENCES conversations (id),
	started_at BIGINT NOT NULL,
	deadline_at BIGINT NOT NULL,
	ended_at BIGINT NOT NULL DEFAULT 0,
	ended_offset BIGINT NOT NULL DEFAULT 0,
	outcome TEXT NOT NULL DEFAULT '' CHECK (outcome IN
		('', 'success', 'failed', 'timeout', 'cancelled')),
	reason TEXT NOT NULL DEFAULT '',
	detail TEXT NOT NULL DEFAULT '',
	again BIGINT NOT NULL DEFAULT 0,
	gone BIGINT NOT NULL DEFAULT 0,
	result TEXT NOT NULL DEFAULT '',
	turns BIGINT NOT NULL DEFAULT 0,
	denials BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (execution_id, attempt)
);
CREATE UNIQUE INDEX attempts_by_conversation ON attempts (conversation_id);
CREATE INDEX attempts_open ON attempts (execution_id) WHERE outcome = '';

-- Files a run made or changed, as they were when it ended. kept 0: too large,
-- only named.
CREATE TABLE execution_files (
	execution_id TEXT NOT NULL REFERENCES executions (id),
	path TEXT NOT NULL,
	size BIGINT NOT NULL,
	made BIGINT NOT NULL,
	kept BIGINT NOT NULL,
	content BYTEA,
	PRIMARY KEY (execution_id, path)
);

-- kind 'run': not in the list of conversations, nobody answers in it.
ALTER TABLE conversations ADD COLUMN kind TEXT NOT NULL DEFAULT 'chat';
CREATE INDEX conversations_chats ON conversations (user_id, updated_at)
	WHERE kind = 'chat' AND deleted_at = 0;

-- Sums a UTC day, for the dashboard: outcomes, and the ledger's tokens.
CREATE TABLE agent_outcomes (
	agent_id TEXT NOT NULL REFERENCES agents (id),
	day BIGINT NOT NULL,
	succeeded BIGINT NOT NULL DEFAULT 0,
	failed BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (agent_id, day)
);
CREATE TABLE agent_usage (
	agent_id TEXT NOT NULL REFERENCES agents (id),
	day BIGINT NOT NULL,
	model TEXT NOT NULL,
	input BIGINT NOT NULL,
	output BIGINT NOT NULL,
	cache_write_5m BIGINT NOT NULL,
	cache_write_1h BIGINT NOT NULL,
	cache_read BIGINT NOT NULL,
	calls BIGINT NOT NULL,
	unmetered BIGINT NOT NULL,
	PRIMARY KEY (agent_id, day, model)
);

-- The secret address of a user's calendar (.ics), by hash.
ALTER TABLE users ADD COLUMN feed_hash TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX users_by_feed ON users (feed_hash) WHERE feed_hash <> '';

-- When a run of theirs last began: who has waited longest is next.
ALTER TABLE users ADD COLUMN last_run_at BIGINT NOT NULL DEFAULT 0;
