/* A user's requests to a session, except messages. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "json/field.h"
#include "session/agent_run.h"
#include "session/claude_process.h"
#include "session/claude_start.h"
#include "session/claude_token.h"
#include "session/log_reader.h"
#include "session/message_queue.h"
#include "session/recorder.h"
#include "session/session_internal.h"

void session_start(struct session *s)
{
	if (s->run)
		return;
	s->want_workspace = true;
	claude_token_try_again(s);
	if (claude_process_ask(s))
		log_reader_doubt(s);
	if (!s->deleted && workspace_state(s->workspace) == WORKSPACE_FAILED)
		workspace_ensure(s->workspace);
	session_step(s);
}

void session_start_as(struct session *s, enum session_way way)
{
	if (s->run)
		return;
	claude_start_choose(s, way);
	if (claude_process_takes_input(s))
		claude_process_remove(s, 1);
	session_start(s);
}

bool session_start_failed(const struct session *s)
{
	return claude_process_state(s) == CLAUDE_FAILED &&
	       str_equal(claude_process_error(s)->key, "error_claude_start");
}

void session_watched(struct session *s, int pages)
{
	if (claude_process_watch(s, pages) && claude_process_down(s))
		session_start(s);
}

bool session_may_rest(const struct session *s)
{
	enum claude_state state = claude_process_state(s);

	return !session_working(s) && message_queue_empty(s) &&
	       !claude_process_in_background(s) && !agent_run_unwritten(s) &&
	       state != CLAUDE_QUEUED && state != CLAUDE_TOKEN &&
	       state != CLAUDE_STARTING;
}

bool session_rest(struct session *s)
{
	if (!session_may_rest(s))
		return false;
	if (claude_process_takes_input(s))
		claude_process_end(s);
	return true;
}

void session_wake(struct session *s)
{
	if (claude_process_state(s) == CLAUDE_NO_PLACE)
		session_step(s);
}

/* NULL if no part waits for this answer; e says why. Borrowed. */
static const struct part *find_asked(const struct session *s,
				     const struct session_answer *a, struct err *e)
{
	const struct part *p = recorder_find(s, a->part);

	if (!p || !str_equal(p->state, "waiting"))
		err_tell(e, ERR_CONFLICT, "error_answer_late",
			 "nothing waits at %lld", (long long)a->part);
	else if (recorder_answered(s, a->part))
		err_tell(e, ERR_CONFLICT, "error_answer_late",
			 "already answered");
	else if (!claude_process_takes_input(s))
		err_tell(e, ERR_UNAVAILABLE, "error_answer_lost",
			 "Claude does not run");
	else
		return p;
	return NULL;
}

bool request_is_form(const struct part *p)
{
	auto_strict_json *data = str_equal(p->kind, "question") ?
				 field_parse(p->data, strlen(p->data)) : NULL;

	return field_flag(data, "form");
}

static bool unshown(const struct part *p)
{
	auto_strict_json *data = field_parse(p->data, strlen(p->data));

	return field_flag(data, "unshown");
}

void session_decline_unshown(struct session *s)
{
	struct session_answer a = { .choice = "deny", .reason = "" };
	const struct part *p;

	if (s->run || log_reader_in_backlog(s) || !claude_process_takes_input(s))
		return;
	for (p = recorder_next(s, NULL); p; p = recorder_next(s, p)) {
		if (!str_equal(p->kind, "question") ||
		    !str_equal(p->state, "waiting") ||
		    recorder_answered(s, p->at) || !unshown(p))
			continue;
		a.part = p->at;
		session_answer(s, 0, &a);
	}
}

/* An accepted plan ends plan mode; "for this session" may allow edits. */
static void widen(struct session *s, const struct part *p,
		  const struct session_answer *a)
{
	if (str_equal(a->choice, "deny"))
		return;
	if (str_equal(p->kind, "plan"))
		mode_widen(s, "default");
	if (widens_edits(p, a))
		mode_widen(s, "acceptEdits");
}

/* The part changes when the CLI echoes the answer into the log. */
void session_answer(struct session *s, uint64_t asker,
		    const struct session_answer *a)
{
	struct err e = { 0 };
	const struct part *p = find_asked(s, a, &e);
	char *line = p ? stdin_json_answer(p, a, &e) : NULL;

	if (!line) {
		s->ev->trouble(s->data, asker, &e);
		return;
	}
	recorder_set_answered(s, a->part, true);
	widen(s, p, a);
	stdin_add(s, STDIN_ANSWER, line, NULL, a->part, asker);
	stdin_step(s);
}

void session_give_place(struct session *s, const char *key)
{
	message_queue_hold_all(s);
	session_leave(s, key);
}

/* The CLI reports `cancelled` for each message in its queue. */
void session_interrupt(struct session *s)
{
	char request[64];

	message_queue_hold_all(s);
	if (!claude_process_takes_input(s))
		return;
	snprintf(request, sizeof(request), "stop:%u", claude_process_stop(s));
	stdin_add(s, STDIN_CONTROL, stdin_json_interrupt(request), NULL, 0, 0);
	stdin_step(s);
}

struct change {
	struct session *s;
	uint64_t asker;
	char id[ID_SIZE];
	char *mode, *model, *effort;	/* one of them */
};

static int set_work(void *data, struct db *db, struct err *e)
{
	struct change *w = data;

	if (w->mode)
		return conversation_set_mode(db, w->id, w->mode, e);
	return w->model ? conversation_set_model(db, w->id, w->model, e) :
			  conversation_set_effort(db, w->id, w->effort, e);
}

static void set_done(void *data, const struct err *e)
{
	struct change *w = data;
	struct session *s = w->s;

	if (e && !s->closed)
		s->ev->trouble(s->data, w->asker, e);
	if (w->mode)
		mode_storing(s, -1);
	talloc_free(w);
	session_job_over(s);
}

static struct change *change_of(struct session *s, uint64_t asker)
{
	struct change *w = talloc_zero(NULL, struct change);

	w->s = s;
	w->asker = asker;
	memcpy(w->id, s->id, ID_SIZE);
	return w;
}

/*
 * Tells a running Claude, or ends an idle one; the next start reads the model
 * from the store.
 */
void session_set_mode(struct session *s, uint64_t asker, const char *mode)
{
	struct err e = { 0 };
	struct change *w;
	char id[64];

	if (!mode_known(mode)) {
		err_tell(&e, ERR_INPUT, "error_mode_refused", "unknown mode");
		s->ev->trouble(s->data, asker, &e);
		return;
	}
	w = change_of(s, asker);
	w->mode = talloc_strdup(w, mode);
	mode_storing(s, 1);
	session_job(s, set_work, set_done, w);
	mode_ask(s, mode);
	s->ev->changed(s->data);
	snprintf(id, sizeof(id), "mode:%s", mode);
	/*
	 * A process that was not started for this mode is replaced by one that
	 * is.
	 */
	if (claude_process_takes_input(s) && (claude_start_skips(s) || !mode_skips(s)))
		stdin_add(s, STDIN_CONTROL,
			  stdin_json_control(id, "set_permission_mode", "mode",
					     mode),
			  NULL, 0, 0);
	stdin_step(s);
	session_step(s);
}

static bool model_valid(const char *model)
{
	return strlen(model) <= 128 && model[0] != '-' &&
	       strspn(model, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
		      "XYZ0123456789.:/_@[]-") == strlen(model);
}

void session_set_model(struct session *s, uint64_t asker, const char *model)
{
	struct err e = { 0 };
	struct change *w;

	if (!model_valid(model)) {
		err_tell(&e, ERR_INPUT, "error_model_refused", "not a model's name");
		s->ev->trouble(s->data, asker, &e);
		return;
	}
	w = change_of(s, asker);
	w->model = talloc_strdup(w, model);
	session_job(s, set_work, set_done, w);
	talloc_free(s->model);
	s->model = talloc_strdup(s, model);
	s->ev->changed(s->data);
	if (claude_process_takes_input(s))
		stdin_add(s, STDIN_CONTROL,
			  stdin_json_control("model:", "set_model", "model",
					     model[0] ? model : "default"),
			  NULL, 0, 0);
	stdin_step(s);
}

/* The next start passes it as a flag; a CLI without the request keeps the last one till then. */
void session_set_effort(struct session *s, uint64_t asker, const char *effort)
{
	struct err e = { 0 };
	struct change *w;

	if (!conversation_effort_known(effort)) {
		err_tell(&e, ERR_INPUT, "error_effort", "no such effort");
		s->ev->trouble(s->data, asker, &e);
		return;
	}
	w = change_of(s, asker);
	w->effort = talloc_strdup(w, effort);
	session_job(s, set_work, set_done, w);
	talloc_free(s->effort);
	s->effort = talloc_strdup(s, effort);
	s->ev->changed(s->data);
	if (claude_process_takes_input(s))
		stdin_add(s, STDIN_CONTROL, stdin_json_effort("effort:", effort),
			  NULL, 0, 0);
	stdin_step(s);
}

const char *session_model(const struct session *s)
{
	return s->model;
}

const char *session_effort(const struct session *s)
{
	return s->effort;
}
