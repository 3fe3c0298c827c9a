-- What went wrong in a run that finished, a JSON list (lib/store/outcomes.h);
-- '' none. A status 'success' with problems is shown as 'problems'.
ALTER TABLE executions ADD COLUMN problems TEXT NOT NULL DEFAULT '';
-- What its session knows of that, as words: cut, refusal, exit.
ALTER TABLE attempts ADD COLUMN problems TEXT NOT NULL DEFAULT '';
-- succeeded counts those without problems.
ALTER TABLE agent_outcomes ADD COLUMN problems BIGINT NOT NULL DEFAULT 0;

-- Domains that were blocked while a tool of the session ran.
CREATE TABLE blocked_in_runs (
	conversation_id TEXT NOT NULL REFERENCES conversations (id),
	domain TEXT NOT NULL,
	PRIMARY KEY (conversation_id, domain)
);

-- own 0: it changed meanwhile, and nothing says that the run did it.
-- changed_at: UTC ms of the file's last change, 0 unknown.
ALTER TABLE execution_files ADD COLUMN own BIGINT NOT NULL DEFAULT 0;
ALTER TABLE execution_files ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;

-- A new event, so a new check.
CREATE TABLE notices_new (
	id TEXT NOT NULL PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES users (id),
	agent_id TEXT NOT NULL REFERENCES agents (id),
	execution_id TEXT NOT NULL DEFAULT '',
	rule_id TEXT NOT NULL DEFAULT '',
	event TEXT NOT NULL CHECK (event IN ('success', 'problems', 'failure',
		'recovery', 'needs_input', 'skipped', 'paused', 'test')),
	state TEXT NOT NULL CHECK
		(state IN ('pending', 'sent', 'failed', 'unread', 'read')),
	tries BIGINT NOT NULL DEFAULT 0,
	next_try_at BIGINT NOT NULL DEFAULT 0,
	error TEXT NOT NULL DEFAULT '',
	created_at BIGINT NOT NULL,
	ended_at BIGINT NOT NULL DEFAULT 0
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

-- Whoever wanted to hear of successes or failures hears of these, too.
UPDATE notify_rules SET events = events || ' problems'
	WHERE ' ' || events || ' ' LIKE '% success %'
	OR ' ' || events || ' ' LIKE '% failure %';

-- Runs of before: one that took no turn never reached the model; one that was
-- denied something finished with problems.
UPDATE executions SET status = 'failed', reason = 'no_model'
	WHERE status = 'success' AND turns = 0;
UPDATE attempts SET outcome = 'failed', reason = 'no_model'
	WHERE outcome = 'success' AND turns = 0;
UPDATE executions SET problems = '[{"code":"denied","count":' || denials || '}]'
	WHERE status = 'success' AND denials > 0;
UPDATE agent_outcomes SET
	problems = (SELECT count(*) FROM executions x
		WHERE x.agent_id = agent_outcomes.agent_id
		AND x.trigger_kind <> 'test' AND x.status = 'success'
		AND x.problems <> ''
		AND x.ended_at - x.ended_at % 86400000 = agent_outcomes.day),
	failed = failed + (SELECT count(*) FROM executions x
		WHERE x.agent_id = agent_outcomes.agent_id
		AND x.trigger_kind <> 'test' AND x.reason = 'no_model'
		AND x.ended_at - x.ended_at % 86400000 = agent_outcomes.day);
UPDATE agent_outcomes SET succeeded = succeeded - problems -
	(SELECT count(*) FROM executions x
		WHERE x.agent_id = agent_outcomes.agent_id
		AND x.trigger_kind <> 'test' AND x.reason = 'no_model'
		AND x.ended_at - x.ended_at % 86400000 = agent_outcomes.day);
