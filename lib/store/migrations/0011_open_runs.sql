-- Runs that wait and that go on, found without their history. One index a
-- status: SQLite takes a partial index only for the very words it was made with.
DROP INDEX executions_open;
DROP INDEX executions_open_by_agent;
CREATE INDEX executions_queued ON executions (user_id, not_before, id)
	WHERE status = 'queued';
CREATE INDEX executions_queued_by_agent ON executions (agent_id)
	WHERE status = 'queued';
CREATE INDEX executions_running ON executions (user_id)
	WHERE status = 'running';
CREATE INDEX executions_running_by_agent ON executions (agent_id)
	WHERE status = 'running';
