/* What a person asks of a session, messages aside. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "session/agent_run_internal.h"

void session_start(struct session *s)
{
	if (s->run)
		return;
	s->left = NULL;
	s->wanted = s->want_workspace = true;
	s->failures = s->token_tries = 0;
	s->retry_at = 0;
	if (s->process == PROCESS_FAILED) {
		process_enter(s, PROCESS_NONE);
		s->listed = false;
	}
	s->process_error = (struct err){ 0 };
	if (!s->deleted && workspace_state(s->workspace) == WORKSPACE_FAILED)
		workspace_ensure(s->workspace);
	session_step(s);
}

/* A name of now: one reset never meets what another one moved. */
static void name_aside(struct session *s)
{
	time_t now = (time_t)(clock_now_ms() / 1000);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(s->aside, sizeof(s->aside), "claude-settings-%Y%m%d-%H%M%S",
		 &tm);
	s->put_aside = true;
}

void session_start_as(struct session *s, enum session_way way)
{
	if (s->run)
		return;
	s->safe = way == SESSION_SAFE;
	if (way == SESSION_RESET)
		name_aside(s);
	if (process_takes_input(s))
		process_remove(s, 1);
	session_start(s);
}

bool session_start_failed(const struct session *s)
{
	return s->process == PROCESS_FAILED &&
	       str_equal(s->process_error.key, "error_claude_start");
}

void session_watched(struct session *s, int pages)
{
	bool more = pages > s->pages;

	s->pages = pages;
	if (more)
		s->left = NULL;
	if (more && (s->process == PROCESS_NONE || s->process == PROCESS_FAILED))
		session_start(s);
}

bool session_may_rest(const struct session *s)
{
	return !session_working(s) && TAILQ_EMPTY(&s->queue) &&
	       !s->background && !agent_run_unwritten(s) &&
	       s->process != PROCESS_LINE && s->process != PROCESS_TOKEN &&
	       s->process != PROCESS_STARTING;
}

bool session_rest(struct session *s)
{
	if (!session_may_rest(s))
		return false;
	if (process_takes_input(s))
		process_end(s);
	return true;
}

void session_wake(struct session *s)
{
	if (s->process == PROCESS_PLACE)
		session_step(s);
}

static int check_answer(struct session *s, const struct session_answer *a,
			struct live_part **memo, struct err *e)
{
	*memo = recorder_find(s, a->part);
	if (!*memo || !str_equal((*memo)->part.state, "waiting"))
		return err_tell(e, ERR_CONFLICT, "error_answer_late",
				"nothing waits at %lld", (long long)a->part);
	if ((*memo)->answered)
		return err_tell(e, ERR_CONFLICT, "error_answer_late",
				"already answered");
	if (!process_takes_input(s))
		return err_tell(e, ERR_UNAVAILABLE, "error_answer_lost",
				"Claude does not run");
	return 0;
}

/* A plan that is taken up ends its mode; "for this session" may allow edits. */
static void widen(struct session *s, const struct part *p,
		  const struct session_answer *a)
{
	if (str_equal(a->choice, "deny"))
		return;
	if (str_equal(p->kind, "plan"))
		mode_widen(s, "default");
	if (str_equal(a->choice, "allow_session"))
		mode_widen(s, "acceptEdits");
}

/* The part changes when the CLI echoes the answer into the log. */
void session_answer(struct session *s, uint64_t asker,
		    const struct session_answer *a)
{
	struct err e = { 0 };
	struct live_part *memo;
	char *line = NULL;

	if (check_answer(s, a, &memo, &e) == 0)
		line = stdin_json_answer(&memo->part, a, &e);
	if (!line) {
		s->ev->trouble(s->data, asker, &e);
		return;
	}
	memo->answered = true;
	recorder_asked(s);
	widen(s, &memo->part, a);
	stdin_add(s, STDIN_ANSWER, line, NULL, a->part, asker);
	stdin_step(s);
}

struct change {
	struct session *s;
	uint64_t asker;
	char id[ID_SIZE];
	char *mode, *model;	/* one of them */
};

static int set_work(void *data, struct db *db, struct err *e)
{
	struct change *w = data;

	return w->mode ? conversation_set_mode(db, w->id, w->mode, e) :
			 conversation_set_model(db, w->id, w->model, e);
}

static void set_done(void *data, const struct err *e)
{
	struct change *w = data;
	struct session *s = w->s;

	if (e && !s->closed)
		s->ev->trouble(s->data, w->asker, e);
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

/* A running Claude is told, or ended when it is idle; the store knows it for the next start. */
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
	session_job(s, set_work, set_done, w);
	mode_ask(s, mode);
	s->ev->changed(s->data);
	snprintf(id, sizeof(id), "mode:%s", mode);
	/* One that was not started for it is followed by one that is. */
	if (process_takes_input(s) && (s->skips || !mode_skips(s)))
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
	if (process_takes_input(s))
		stdin_add(s, STDIN_CONTROL,
			  stdin_json_control("model:", "set_model", "model",
					     model[0] ? model : "default"),
			  NULL, 0, 0);
	stdin_step(s);
}
