/*
 * A run's progress towards its end: deadlines of its stages, and a process that
 * will say nothing more.
 */
#include "config.h"

#include "core/clock.h"
#include "session/agent_run_internal.h"
#include "session/claude_process.h"
#include "session/log_reader.h"
#include "session/message_queue.h"
#include "session/recorder.h"

static const struct outcome contradicted = { "failed", "contradicted", false, NULL };

/*
 * Everything written to the log before now was decoded, and did not end the
 * run.
 */
static bool looked(const struct session *s)
{
	return log_reader_caught_up(s) || clock_mono_ms() >= s->run->look_by;
}

/* Claude is idle and printed no result: waiting longer is useless. */
static bool stranded(const struct session *s)
{
	enum claude_state state = claude_process_state(s);

	return log_reader_listed(s) && !recorder_busy(s) &&
	       !session_working(s) && message_queue_empty(s) && stdin_empty(s) &&
	       (state == CLAUDE_NONE || state == CLAUDE_READY);
}

static bool is_queued(const struct session *s)
{
	return start_place(claude_process_ticket(s)) || workspace_place(s->workspace);
}

/* Deadlines exclude the time spent in the start queue. */
static void exclude_queue_time(struct session *s, int64_t now)
{
	struct agent_run *r = s->run;

	if (r->queued_at) {
		r->deadline += now - r->queued_at;
		r->start_by += now - r->queued_at;
	}
	r->queued_at = is_queued(s) ? now : 0;
}

static void step_open(struct session *s)
{
	struct agent_run *r = s->run;
	int64_t now = clock_mono_ms();

	exclude_queue_time(s, now);
	if (!r->began && agent_run_cancelled(s))
		return;
	if (!r->began && now >= (r->deadline < r->start_by ? r->deadline :
				 r->start_by)) {
		agent_run_decide(s, &agent_run_failed_start, "not in time");
		return;
	}
	if (!looked(s))
		return;
	if (agent_run_cancelled(s))
		return;
	if (now >= r->deadline) {
		agent_run_decide(s, &agent_run_timed_out, "");
		return;
	}
	agent_run_answer(s);
	if (agent_run_open(s) && stranded(s))
		agent_run_decide(s, &agent_run_no_result, "");
}

/* The exit line may still be unread. */
static bool has_left(const struct session *s)
{
	return s->run->ended || !s->link ||
	       clock_mono_ms() >= s->run->stage_until ||
	       (log_reader_caught_up(s) && claude_process_down(s));
}

static void step_leaving(struct session *s)
{
	struct agent_run *r = s->run;

	if (!has_left(s)) {
		if (claude_process_takes_input(s))
			claude_process_end(s);
		else if (clock_mono_ms() >= r->leave_until &&
			 session_ending(s)) {
			r->leave_until = r->stage_until;
			claude_process_remove(s, 5);
		}
		return;
	}
	if (r->contradicted)
		agent_run_set_outcome(r, &contradicted, "", 0);
	agent_run_read_files(s);
}

static void step_ending(struct session *s)
{
	bool late = clock_mono_ms() >= s->run->stage_until;

	if (claude_process_takes_input(s))
		claude_process_remove(s, 1);
	if (late || !s->link || claude_process_down(s))
		agent_run_read_files(s);
}

void agent_run_step(struct session *s)
{
	struct agent_run *r = s->run;

	if (!r || s->closed)
		return;
	if (r->stage == AGENT_RUN_OPEN)
		step_open(s);
	if (agent_run_leaving(s))
		step_leaving(s);
	else if (r->stage == AGENT_RUN_ENDING)
		step_ending(s);
	if (r->stage == AGENT_RUN_FILES &&
	    (clock_mono_ms() >= r->stage_until || !r->files)) {
		agent_run_link_lost(s);
		agent_run_write(s);
	}
	if (r->stage == AGENT_RUN_WRITING)
		recorder_touch(s, true);
	if (r->stage == AGENT_RUN_OVER && claude_process_takes_input(s))
		claude_process_end(s);
}

int64_t agent_run_due(const struct session *s)
{
	const struct agent_run *r = s->run;

	if (!r || r->stage == AGENT_RUN_OVER || r->stage == AGENT_RUN_WRITING)
		return 0;
	if (agent_run_leaving(s))
		return r->leave_until;
	if (r->stage != AGENT_RUN_OPEN)
		return r->stage_until;
	if (!r->began)
		return r->deadline < r->start_by ? r->deadline : r->start_by;
	return r->deadline < r->look_by && !looked(s) ? r->look_by :
	       r->deadline;
}
