/*
 * The session of a run. Nobody is present, so it never waits for an answer, and
 * it ends in exactly one outcome: from the log (a result, a question, the
 * process's end) or from outside (the deadline, a cancellation). Claude's
 * success counts only if its process then exits in agreement with it. After
 * that nothing is recorded until the files of the run have been read; the
 * outcome is written in the same transaction as the recording that follows. A
 * bridge that dies before finds the same in the log again; one that dies after
 * finds the outcome.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "session/agent_run_internal.h"
#include "session/claude_process.h"
#include "session/claude_token.h"
#include "session/log_reader.h"
#include "session/message_queue.h"
#include "session/recorder.h"

#define START_MS 300000		/* for a place, a container, a token, Claude */
#define LOOK_MS 60000		/* for reading the log, before a deadline counts */
#define END_MS 20000		/* from TERM to the exit line */
#define LEAVE_MS 10000		/* from end_session to the exit line, before TERM */
#define RESULT_MAX (1u << 20)
#define DETAIL_MAX 4096u

bool agent_run_open(const struct session *s)
{
	return s->run && s->run->stage == AGENT_RUN_OPEN;
}

bool agent_run_unwritten(const struct session *s)
{
	return s->run && s->run->stage != AGENT_RUN_OVER;
}

bool agent_run_frozen(const struct session *s)
{
	return s->run && (s->run->stage == AGENT_RUN_ENDING ||
			  s->run->stage == AGENT_RUN_FILES);
}

bool agent_run_writing(const struct session *s)
{
	return s->run && s->run->stage == AGENT_RUN_WRITING;
}

bool agent_run_over(const struct session *s)
{
	return s->run && s->run->stage == AGENT_RUN_OVER;
}

const struct session_rules *session_run_rules(const struct session *s)
{
	return s->run ? s->run->rules : NULL;
}

/* A new workspace's initial files exist by then. */
void agent_run_starts(struct session *s)
{
	if (s->run)
		s->run->since = clock_now_ms();
}

/* ---- the outcome ---- */

const struct outcome agent_run_timed_out = { "timeout", "", false, "error_run_timeout" };
static const struct outcome disabled = { "cancelled", "disabled", false, "error_run_cancelled" };
static const struct outcome container = { "failed", "container", true, NULL };
static const struct outcome removed = { "failed", "removed", true, NULL };
const struct outcome agent_run_failed_start = { "failed", "start", true, NULL };
static const struct outcome refused_start = { "failed", "start", false, NULL };
const struct outcome agent_run_no_result = { "failed", "no_result", true, NULL };
static const struct outcome died = { "failed", "died", true, NULL };
static const struct outcome out_of_memory = { "failed", "died", false, NULL };

static char *cut(const void *ctx, const char *text, size_t n, size_t max)
{
	return talloc_strndup(ctx, text, utf8_prefix(text, n, max));
}

void agent_run_write(struct session *s)
{
	s->run->stage = AGENT_RUN_WRITING;
	recorder_touch(s, true);
}

static void files_read(struct session *s)
{
	s->run->files = NULL;
	if (s->run->stage == AGENT_RUN_FILES)
		agent_run_write(s);
	session_step(s);
}

void agent_run_read_files(struct session *s)
{
	struct agent_run *r = s->run;

	r->stage = AGENT_RUN_FILES;
	r->stage_until = clock_mono_ms() + RUN_FILES_MS;
	if (r->began && s->link)
		r->files = run_files_new(s, r->rules->execution_id, r->since,
					 files_read);
	if (!r->files)
		agent_run_write(s);
}

void agent_run_set_outcome(struct agent_run *r, const struct outcome *o,
			   const char *detail, size_t n)
{
	r->end.outcome = o->outcome;
	r->end.reason = o->reason;
	r->end.again = o->again;
	r->end.detail = cut(r, detail, n, DETAIL_MAX);
}

static void add_problem(struct agent_run *r, const char *word)
{
	const char *before = r->end.problems ? r->end.problems : "";

	r->end.problems = talloc_asprintf(r, "%s%s%s", before,
					  *before ? " " : "", word);
}

/* The first outcome counts. */
static void decide(struct session *s, const struct outcome *o,
		   const char *detail, size_t n)
{
	struct agent_run *r = s->run;

	if (!agent_run_open(s))
		return;
	r->end.conversation_id = s->id;
	agent_run_set_outcome(r, o, detail, n);
	if (!r->end.result)
		r->end.result = "";
	r->end.at = clock_now_ms();
	claude_process_unwant(s);
	if (!s->link)
		s->want_workspace = false;
	claude_process_give_up(s);
	if (str_equal(o->outcome, "success")) {
		r->stage = AGENT_RUN_ENDING;
		r->leaving = true;
		r->leave_until = clock_mono_ms() + start_deadline(LEAVE_MS);
		r->stage_until = r->leave_until + END_MS;
		return;
	}
	if (!o->part) {
		agent_run_read_files(s);
		return;
	}
	decoder_end_as(s->decoder, o->part);
	r->stage = AGENT_RUN_ENDING;
	r->stage_until = clock_mono_ms() + END_MS;
}

void agent_run_decide(struct session *s, const struct outcome *o,
		      const char *detail)
{
	decide(s, o, detail, strlen(detail));
}

struct attempt_end *agent_run_end(const struct session *s, const void *ctx)
{
	const struct agent_run *r = s->run;
	struct attempt_end *end;

	if (!r || r->stage != AGENT_RUN_WRITING)
		return NULL;
	end = talloc(ctx, struct attempt_end);
	*end = r->end;
	end->conversation_id = talloc_strdup(end, s->id);
	end->outcome = talloc_strdup(end, r->end.outcome);
	end->reason = talloc_strdup(end, r->end.reason);
	end->detail = talloc_strdup(end, r->end.detail);
	end->result = talloc_strdup(end, r->end.result);
	end->problems = talloc_strdup(end, r->end.problems);
	end->offset = decoder_offset(s->decoder);
	end->turns = r->turns;
	end->denials = r->denials;
	return end;
}

void agent_run_written(struct session *s)
{
	if (!s->run || s->run->stage != AGENT_RUN_WRITING)
		return;
	s->run->stage = AGENT_RUN_OVER;
	if (s->closed)
		return;
	claude_token_over(s);		/* nothing of the run calls the model any more */
	s->ev->run_ended(s->data, s->run->rules->execution_id);
	session_step(s);
}

/* ---- what the log says ---- */

bool agent_run_leaving(const struct session *s)
{
	return s->run && s->run->stage == AGENT_RUN_ENDING && s->run->leaving;
}

void agent_run_result(struct session *s, const struct turn_result *result)
{
	const struct outcome o = run_outcome_of(result);
	const bool success = str_equal(o.outcome, "success");
	const char *problem = run_outcome_problem(result);
	struct agent_run *r = s->run;

	if (agent_run_leaving(s) && !result->stopped && !success)
		r->contradicted = true;	/* the turn had not ended */
	if (!agent_run_open(s) || result->stopped)
		return;		/* the stop has a reason of its own */
	r->turns = result->turns;
	if (result->denials > r->denials)
		r->denials = result->denials;
	if (!result->failed || !result->api)
		r->end.result = cut(r, result->text, result->n, RESULT_MAX);
	if (problem || result->n > RESULT_MAX)
		add_problem(r, problem ? problem : "cut");
	decide(s, &o, result->text, success ? 0 : result->n);
}

void agent_run_turn_started(struct session *s)
{
	if (s->run)
		s->run->began = true;
}

void agent_run_turn_ended(struct session *s)
{
	if (agent_run_open(s))
		s->run->broken = true;
}

bool agent_run_cancelled(struct session *s)
{
	const struct session_rules *rules = s->run->rules;
	const struct outcome o = { "cancelled", rules->cancel_reason, false,
				   "error_run_cancelled" };

	if (!rules->cancel_at)
		return false;
	agent_run_decide(s, &o, "");
	return true;
}

/* An end that an earlier bridge requested but did not record. */
static bool asked_before(struct session *s)
{
	if (s->run->question) {
		agent_run_needs_input(s, s->run->question);
		return true;
	}
	if (agent_run_cancelled(s))
		return true;
	if (clock_mono_ms() < s->run->deadline)
		return false;
	agent_run_decide(s, &agent_run_timed_out, "");
	return true;
}

void agent_run_process_started(struct session *s, bool log_lost)
{
	if (agent_run_open(s) && log_lost)
		agent_run_decide(s, &removed, "");
	else if (agent_run_open(s) && s->run->broken && !asked_before(s))
		agent_run_decide(s, &container, "");
}

/* TERM and KILL come from us; only its own exit status is a statement. */
static void note_exit(struct agent_run *r, const struct process_end *end)
{
	r->ended = true;
	if (end->container)
		return;
	if (!end->signal && end->code && end->code < 128)
		r->contradicted = true;
	else if (end->signal || end->code)
		add_problem(r, "exit");
}

void agent_run_process_ended(struct session *s, const struct process_end *end)
{
	char how[64];

	if (agent_run_leaving(s))
		note_exit(s->run, end);
	if (!agent_run_open(s) || !s->run->broken || asked_before(s))
		return;
	snprintf(how, sizeof(how), end->signal ? "signal %d" : "exit %d",
		 end->signal ? end->signal : end->code);
	if (end->container)
		agent_run_decide(s, &container, "");
	else if (end->memory)
		agent_run_decide(s, &out_of_memory, "out of memory");
	else if (!end->signal && !end->code)
		agent_run_decide(s, &agent_run_no_result, "");
	else
		agent_run_decide(s, &died, end->stderr_tail[0] ? end->stderr_tail :
				 how);
}

void agent_run_link_lost(struct session *s)
{
	if (s->run && s->run->files)
		run_files_cancel(s->run->files);
	if (s->run)
		s->run->files = NULL;
}

void agent_run_log_lost(struct session *s)
{
	if (agent_run_open(s))
		agent_run_decide(s, &removed, "");
}

/* ---- what comes from elsewhere ---- */

void agent_run_needs_input(struct session *s, const char *question)
{
	static const struct outcome asks = { "failed", "needs_input", false,
					     "error_run_question" };

	agent_run_decide(s, &asks, question);
}

void agent_run_not_started(struct session *s, const struct err *e)
{
	bool full = str_equal(e->key, "error_workspace_disk");

	if (agent_run_open(s))
		agent_run_decide(s, full ? &refused_start : &agent_run_failed_start,
				 e->kind == ERR_INTERNAL ? "" : e->text);
}

void agent_run_workspace_lost(struct session *s)
{
	enum workspace_state state = workspace_state(s->workspace);

	if (!s->loaded || !agent_run_open(s))
		return;
	if (state == WORKSPACE_FAILED && !s->run->began)
		agent_run_not_started(s, workspace_error(s->workspace));
	else if (s->run->began && (state == WORKSPACE_FAILED ||
				   state == WORKSPACE_STOPPED))
		agent_run_decide(s, &container, "");
	else if (state == WORKSPACE_STOPPED)
		s->want_workspace = true;
}

static void begin_run(struct session *s, struct session_rules *rules, int64_t denials)
{
	struct agent_run *r = s->run;
	int64_t now = clock_mono_ms();
	int64_t left = rules->deadline_at - clock_now_ms();
	int64_t longest = rules->deadline_at - rules->started_at;

	/*
	 * From here on the monotonic clock counts; later clock changes have no
	 * effect.
	 */
	if (left > longest)
		left = longest;
	r->rules = talloc_steal(r, rules);
	r->stage = AGENT_RUN_OPEN;
	r->began = s->spoken || session_working(s);
	r->denials = denials;
	r->since = rules->started_at;
	r->deadline = now + (left > 0 ? left : 0);
	r->start_by = now + START_MS;
	r->look_by = now + LOOK_MS;
	mode_ask(s, rules->everything ? "bypassPermissions" : "default");
	s->want_workspace = !rules->cancel_at || r->began;
}

void agent_run_load(struct session *s, const char *kind,
		    struct session_rules *rules,
		    bool account_disabled, int64_t denials, const struct err *bad)
{
	if (!str_equal(kind, "run")) {
		/* The user continued it as a conversation. */
		if (s->run && s->run->stage == AGENT_RUN_OVER) {
			TALLOC_FREE(s->run);
			if (claude_process_watched(s))
				session_start(s);
		}
		return;
	}
	if (!s->run) {
		s->run = talloc_zero(s, struct agent_run);
		s->run->stage = AGENT_RUN_OVER;
		if (rules)
			begin_run(s, rules, denials);
		else
			claude_token_over(s);	/* then the running process is not ours */
	} else if (rules && s->run->rules && agent_run_open(s)) {
		s->run->rules->cancel_at = rules->cancel_at;
		s->run->rules->cancel_reason =
			talloc_strdup(s->run->rules, rules->cancel_reason);
	} else if (!rules && agent_run_open(s)) {
		s->run->stage = AGENT_RUN_OVER;	/* another process wrote the outcome */
	}
	if (agent_run_open(s) && account_disabled)
		agent_run_decide(s, &disabled, "");
	else if (agent_run_open(s) && bad)
		agent_run_decide(s, &refused_start, bad->text);
}
