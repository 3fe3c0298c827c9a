#include "config.h"
#include "session/session.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "session/agent_run_internal.h"

static void step_later(uv_timer_t *timer)
{
	session_step(timer->data);
}

/* ---- what is told ---- */

bool session_working(const struct session *s)
{
	return s->decoder && decoder_in_turn(s->decoder);
}

void session_trouble(struct session *s, const char *event, const struct err *e)
{
	if (!s->closed)
		s->ev->failed(s->data, event, e);
}

void session_tell(struct session *s)
{
	struct session_status now;
	char told[sizeof(s->told)];

	if (s->closed)
		return;
	session_status(s, &now);
	snprintf(told, sizeof(told), "%s %s %d%d%d %s %zu %s", now.state, now.key,
		 now.help, now.restart, now.safe, now.aside,
		 strlen(now.reason), now.detail);
	if (str_equal(told, s->told))
		return;
	memcpy(s->told, told, sizeof(told));
	s->told_since = clock_now_ms();
	s->ev->status(s->data);
}

/* ---- jobs, and the end of a session ---- */

void session_job(struct session *s, job_work *work, job_done *done, void *data)
{
	s->jobs++;
	jobs_add(s->env->jobs, work, done, data);
}

static void free_when_over(struct session *s)
{
	if (s->closed && !s->jobs && !s->handles)
		talloc_free(s);
}

void session_job_over(struct session *s)
{
	s->jobs--;
	free_when_over(s);
}

void session_handle_over(struct session *s)
{
	s->handles--;
	free_when_over(s);
}

static void timer_closed(uv_handle_t *h)
{
	session_handle_over(h->data);
}

static void drop_link(struct session *s)
{
	agent_run_link_lost(s);
	shim_request_cancel_all(s);
	log_lost(s);
	process_link_lost(s);
	s->link = NULL;
}

static void release(struct session *s)
{
	if (s->held)
		workspace_release(s->workspace);
	s->held = false;
}

void session_close(struct session *s)
{
	if (s->closed)
		return;
	session_flush(s);
	drop_link(s);
	s->closed = true;
	if (s->watch)
		workspace_unwatch(s->watch);
	release(s);
	uv_close((uv_handle_t *)&s->timer, timer_closed);
	uv_close((uv_handle_t *)&s->record_timer, timer_closed);
}

/* ---- the workspace ---- */

static void on_workspace(void *data)
{
	struct session *s = data;
	struct link *link = workspace_link(s->workspace);

	if (link != s->link) {
		drop_link(s);
		s->link = link;
	}
	if (workspace_state(s->workspace) == WORKSPACE_STOPPED)
		s->wanted = s->want_workspace = false;
	agent_run_workspace_lost(s);
	session_tell(s);
	if (!s->closed)
		uv_timer_start(&s->timer, step_later, 0, 0);
}

struct purge {
	struct session *s;
	char id[ID_SIZE];
};

static void purged(void *data, const struct err *e)
{
	struct purge *p = data;
	struct session *s = p->s;

	s->gone = true;
	if (e)
		session_trouble(s, "purge", e);
	talloc_free(p);
	if (!s->closed)
		s->ev->changed(s->data);
	session_job_over(s);
}

static int purge_work(void *data, struct db *db, struct err *e)
{
	struct purge *p = data;

	return conversation_purge(db, p->id, e);
}

static void removed(struct session *s, int status, const char *body,
		    const struct err *e)
{
	struct purge *p;

	s->listing = false;
	if (e || (status != 200 && status != 204 && status != 404))
		return;		/* the next bridge, or the next link, tries again */
	claude_token_over(s);
	p = talloc_zero(NULL, struct purge);
	p->s = s;
	memcpy(p->id, s->id, ID_SIZE);
	session_job(s, purge_work, purged, p);
}

static void purge(struct session *s)
{
	release(s);	/* it waits for the workspace, but does not keep it */
	if (!s->link || s->gone || s->listing)
		return;
	s->listing = shim_request_new(s, "DELETE", NULL, 0, removed,
				      "/sessions/%s?grace=1&purge=1", s->id) != NULL;
}

void session_step(struct session *s)
{
	if (s->closed || !s->loaded)
		return;
	if (s->deleted) {
		purge(s);
		return;
	}
	if (process_needed(s)) {
		s->want_workspace = true;
		if (!s->needed_at)
			s->needed_at = clock_mono_ms();
	}
	if (!s->link && s->want_workspace &&
	    (workspace_place(s->workspace) ||
	     workspace_state(s->workspace) == WORKSPACE_STOPPED))
		workspace_ensure_as(s->workspace, process_class(s));
	if (s->closed)
		return;
	prestart_step(s);
	log_step(s);
	process_step(s);
	queue_send(s);
	agent_run_step(s);
	stdin_step(s);
	session_tell(s);
	process_arm(s);
}

static void init_timer(struct session *s, uv_timer_t *t)
{
	uv_timer_init(s->env->loop, t);
	t->data = s;
	s->handles++;
}

static int destroy(struct session *s)
{
	buf_release(&s->log_text);
	buf_release(&s->log_rest);
	return 0;
}

static struct session *make(const void *ctx, const struct session_env *env,
			    const char *id, const char *user_id,
			    const struct session_events *ev, void *data,
			    bool ahead)
{
	struct session *s = talloc_zero(ctx, struct session);

	s->env = env;
	s->ahead = ahead;
	s->ev = ev;
	s->data = data;
	if (!str_copy(s->id, sizeof(s->id), id) ||
	    !str_copy(s->user_id, sizeof(s->user_id), user_id))
		err_abort("an id too long");
	s->title = talloc_strdup(s, "");
	mode_ask(s, "default");
	s->model = talloc_strdup(s, "");
	TAILQ_INIT(&s->calls);
	TAILQ_INIT(&s->memos);
	TAILQ_INIT(&s->seen);
	TAILQ_INIT(&s->queue);
	TAILQ_INIT(&s->unsent);
	TAILQ_INIT(&s->inputs);
	buf_init(&s->log_text, 4096);
	buf_init(&s->log_rest, LOG_REST_MAX);
	talloc_set_destructor(s, destroy);
	init_timer(s, &s->timer);
	init_timer(s, &s->record_timer);
	s->workspace = workspace_get(env->workspaces, s->user_id);
	s->watch = workspace_watch(s->workspace, on_workspace, s);
	s->link = workspace_link(s->workspace);
	workspace_hold(s->workspace);
	s->held = true;
	session_load(s, false);
	return s;
}

struct session *session_new(const void *ctx, const struct session_env *env,
			    const char *id, const char *user_id,
			    const struct session_events *ev, void *data)
{
	return make(ctx, env, id, user_id, ev, data, false);
}

struct session *session_new_ahead(const void *ctx, const struct session_env *env,
				  const char *id, const char *user_id,
				  const struct session_events *ev, void *data)
{
	struct session *s = make(ctx, env, id, user_id, ev, data, true);

	session_begin_ahead(s);
	return s;
}
