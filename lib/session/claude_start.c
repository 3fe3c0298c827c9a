#include "config.h"
#include "session/claude_start.h"

#include <string.h>
#include <time.h>

#include <talloc.h>

#include "core/clock.h"
#include "session/agent_run.h"
#include "session/claude_args.h"
#include "session/claude_process.h"
#include "session/claude_token.h"
#include "session/log_reader.h"
#include "session/session_internal.h"

#define REASON_MAX 1500		/* bytes of its last output that are kept */
#define SPARES_MAX 3		/* alternative ids of a conversation */

struct claude_start {
	bool resume;		/* by the next start, instead of using a new id */
	unsigned refused;	/* flags that the CLI refused for the current id */
	int spare;		/* ids with an unreadable transcript: the next one's number */
	bool forgot;		/* this process starts without the conversation's memory */
	bool skips;		/* it may be switched to skip all questions */
	bool safe;		/* started without the user's settings */
	char aside[64];		/* the folder that the last reset moves settings to; "" none */
	bool put_aside;		/* by the next start */
	char *reason;		/* Claude's last output before a failed start; NULL none */
};

/*
 * Tries --session-id and --resume once each. An empty or torn transcript
 * refuses both; then the next alternative id is used.
 */
bool claude_start_refused(struct session *s, const char *said)
{
	struct claude_start *start = s->start;
	enum { RESUME = 1, NEW = 2 };
	bool used = said && strstr(said, "is already in use");

	if (!used && !(said && strstr(said, "No conversation found")))
		return false;
	start->refused |= used ? NEW : RESUME;
	start->resume = used;
	if (start->refused != (RESUME | NEW))
		return true;
	if (start->spare == SPARES_MAX)
		return false;
	start->spare++;
	start->refused = 0;
	start->resume = true;
	return true;
}

/* Hostile: drops control bytes, so terminal sequences too. */
void claude_start_keep_reason(struct session *s, const char *said)
{
	struct claude_start *start = s->start;
	size_t n = strlen(said), at = n > REASON_MAX ? n - REASON_MAX : 0;
	char *to;

	while (at < n && ((unsigned char)said[at] & 0xc0) == 0x80)
		at++;
	talloc_free(start->reason);
	start->reason = to = talloc_strdup(start, said + at);
	for (said = to; *said; said++) {
		if (*said == '\n' || ((unsigned char)*said >= 0x20 &&
				      *said != 0x7f))
			*to++ = *said;
	}
	*to = '\0';
	if (!start->reason[0])
		TALLOC_FREE(start->reason);
}

/* A new name each time, so that two resets never collide. */
static void name_aside(struct session *s)
{
	struct claude_start *start = s->start;
	time_t now = (time_t)(clock_now_ms() / 1000);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(start->aside, sizeof(start->aside), "claude-settings-%Y%m%d-%H%M%S",
		 &tm);
	start->put_aside = true;
}

void claude_start_choose(struct session *s, enum session_way way)
{
	s->start->safe = way == SESSION_SAFE;
	if (way == SESSION_RESET)
		name_aside(s);
}

static void on_answer(struct session *s, int status, const char *body,
		      const struct err *e)
{
	struct err failed = { 0 };

	if (claude_process_state(s) != CLAUDE_STARTING)
		return;
	if (status == 200) {
		/* Another bridge started a process, with its own token. */
		claude_process_foreign(s);
		return;
	}
	if (status == 201) {
		s->start->put_aside = false;
		log_reader_started(s);
		claude_process_found(s);
		session_step(s);
		return;
	}
	if (e)
		failed = *e;
	else
		err_tell(&failed, ERR_UNAVAILABLE, "error_claude_start",
			 "start: status %d", status);
	if (!failed.key[0])
		err_tell(&failed, ERR_UNAVAILABLE, "error_claude_start",
			 "start: no answer");
	/* Without an answer it may run nevertheless: asks the shim. */
	if (e)
		log_reader_doubt(s);
	claude_process_not_started(s, &failed);
}

static int add_args(const struct session *s, struct buf *b, struct err *e)
{
	const struct claude_start *start = s->start;
	const struct claude_args args = {
		.id = s->id,
		.spare = start->spare,
		.resume = start->resume,
		.mode = session_mode(s),
		.model = s->model[0] ? s->model :
			 settings_text(s->env->settings, SET_MODEL),
		.effort = s->effort,
		.suggests = s->suggests,
		.token = claude_token_text(s),
		.skips = start->skips,
		.safe = start->safe,
		.mend = claude_process_failures(s) || start->safe,
		.aside = start->put_aside ? start->aside : NULL,
		.run = s->run != NULL,
		.rules = session_run_rules(s),
		.log_from = log_reader_restart_at(s),
		.folder = s->folder,
		.instructions = s->instructions,
	};

	return claude_args_add(&args, b, e);
}

void claude_start_ask(struct session *s)
{
	struct claude_start *start = s->start;
	auto_buf body = BUF_INIT(64 << 10);
	struct err e = { 0 };

	agent_run_starts(s);
	start->forgot = !start->resume && s->spoken && !s->run;
	start->skips = mode_skips(s);
	if (add_args(s, &body, &e) < 0) {
		claude_process_fail(s, &e);
		return;
	}
	if (!shim_request_new(s, "POST", body.data, body.len, on_answer,
			      "/sessions/%s", s->id))
		claude_process_unasked(s);	/* link_lost follows */
	explicit_bzero(body.data, body.len);
}

void claude_start_resume(struct session *s)
{
	s->start->resume = true;
}

void claude_start_adopted(struct session *s)
{
	s->start->skips = mode_skips(s);
}

void claude_start_answered(struct session *s)
{
	s->start->refused = 0;
}

void claude_start_worked(struct session *s)
{
	s->start->aside[0] = '\0';
	TALLOC_FREE(s->start->reason);
}

const char *claude_start_reason(const struct session *s)
{
	return s->start->reason ? s->start->reason : "";
}

const char *claude_start_aside(const struct session *s)
{
	return s->start->aside;
}

bool claude_start_safe(const struct session *s)
{
	return s->start->safe;
}

bool claude_start_skips(const struct session *s)
{
	return s->start->skips;
}

bool claude_start_forgot(struct session *s)
{
	bool forgot = s->start->forgot;

	s->start->forgot = false;
	return forgot;
}

struct claude_start *claude_start_new(struct session *s)
{
	return talloc_zero(s, struct claude_start);
}
