#include "config.h"
#include "session/session.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "session/agent_run.h"
#include "session/claude_process.h"
#include "session/claude_start.h"
#include "session/claude_token.h"
#include "session/log_reader.h"
#include "session/message_queue.h"
#include "session/recorder.h"
#include "session/session_internal.h"

static void on_timer(uv_timer_t *timer)
{
	session_step(timer->data);
}

bool session_working(const struct session *s)
{
	return s->decoder && decoder_in_turn(s->decoder);
}

void session_trouble(struct session *s, const char *event, const struct err *e)
{
	if (!s->closed)
		s->ev->failed(s->data, event, e);
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

void session_init_timer(struct session *s, uv_timer_t *t)
{
	uv_timer_init(s->env->loop, t);
	t->data = s;
	s->handles++;
}

static void timer_closed(uv_handle_t *h)
{
	session_handle_over(h->data);
}

void session_close_timer(uv_timer_t *t)
{
	uv_close((uv_handle_t *)t, timer_closed);
}

static void drop_link(struct session *s)
{
	agent_run_link_lost(s);
	turn_files_link_lost(s);
	shim_request_cancel_all(s);
	log_reader_link_lost(s);
	claude_process_link_lost(s);
	s->purging = false;
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
	session_close_timer(&s->timer);
	recorder_close(s);
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
	if (workspace_state(s->workspace) == WORKSPACE_STOPPED) {
		claude_process_unwant(s);
		s->want_workspace = false;
	}
	agent_run_workspace_lost(s);
	session_tell(s);
	if (!s->closed)
		uv_timer_start(&s->timer, on_timer, 0, 0);
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

	s->purging = false;
	if (e || (status != 200 && status != 204 && status != 404))
		return;		/* the next bridge or link tries again */
	claude_token_over(s);
	p = talloc_zero(NULL, struct purge);
	p->s = s;
	memcpy(p->id, s->id, ID_SIZE);
	session_job(s, purge_work, purged, p);
}

static int condemn_work(void *data, struct db *db, struct err *e)
{
	struct purge *p = data;

	return conversation_condemn(db, p->id, e);
}

static void condemned(void *data, const struct err *e)
{
	struct purge *p = data;
	struct session *s = p->s;

	s->purging = false;
	s->condemned = !e;
	talloc_free(p);
	if (e && e->kind != ERR_MISSING)
		session_trouble(s, "purge", e);
	if (s->closed)
		;		/* the next bridge does it */
	else if (e && e->kind == ERR_MISSING)
		session_refresh(s);	/* it was restored in the last moment */
	else if (e)
		s->purge_at = clock_mono_ms() + CONVERSATION_UNDO_MS;
	if (!s->closed)
		session_step(s);
	session_job_over(s);
}

static void condemn(struct session *s)
{
	struct purge *p = talloc_zero(NULL, struct purge);

	s->purging = true;
	p->s = s;
	memcpy(p->id, s->id, ID_SIZE);
	session_job(s, condemn_work, condemned, p);
}

/* Nothing is removed while the deletion may be undone. */
static bool may_be_undone(struct session *s)
{
	int64_t now = clock_mono_ms();

	if (now >= s->purge_at)
		return false;
	uv_timer_start(&s->timer, on_timer, (uint64_t)(s->purge_at - now), 0);
	return true;
}

static void purge(struct session *s)
{
	release(s);	/* it waits for the workspace, but does not keep it */
	if (s->gone || s->purging || may_be_undone(s))
		return;
	if (!s->condemned) {
		condemn(s);
		return;
	}
	if (!s->link || log_reader_listing(s))
		return;
	s->purging = shim_request_new(s, "DELETE", NULL, 0, removed,
				      "/sessions/%s?grace=1&purge=1", s->id) != NULL;
}

void session_deleted(struct session *s, int64_t at)
{
	int64_t undo = s->env->undo_ms ? s->env->undo_ms :
					 CONVERSATION_UNDO_MS;
	int64_t left = at + undo - clock_now_ms();

	s->condemned = !at;
	if (s->deleted)
		return;
	s->deleted = true;
	s->purge_at = clock_mono_ms() + (left < 0 ? 0 : left < undo ? left : undo);
	s->want_workspace = false;
	claude_process_unwant(s);
	claude_process_give_up(s);
	if (!claude_process_takes_input(s))
		return;
	decoder_end_as(s->decoder, "error_deleted_meanwhile");
	claude_process_remove(s, 1);
}

void session_restored(struct session *s)
{
	if (!s->deleted || s->held)
		return;
	workspace_hold(s->workspace);
	s->held = true;
}

/* One timer for all of it: the nearest moment at which something is due. */
void session_arm(struct session *s)
{
	int64_t next, now = clock_mono_ms();

	if (s->closed || s->deleted)
		return;
	next = claude_process_due(s);
	next = sooner(next, log_reader_due(s));
	next = sooner(next, message_queue_due(s));
	next = sooner(next, queries_due(s));
	next = sooner(next, agent_run_due(s));
	next = sooner(next, prestart_due(s));
	next = sooner(next, session_status_due(s));
	if (next)
		uv_timer_start(&s->timer, on_timer,
			       next > now ? (uint64_t)(next - now) : 1, 0);
	else
		uv_timer_stop(&s->timer);
}

void session_step(struct session *s)
{
	if (s->closed || !s->loaded)
		return;
	if (s->deleted) {
		purge(s);
		return;
	}
	if (claude_process_needed(s)) {
		s->want_workspace = true;
		claude_process_count_wait(s);
	}
	if (!s->link && s->want_workspace &&
	    (workspace_place(s->workspace) ||
	     workspace_state(s->workspace) == WORKSPACE_STOPPED))
		workspace_ensure_as(s->workspace, claude_process_class(s));
	if (s->closed)
		return;
	prestart_step(s);
	log_reader_step(s);
	claude_process_step(s);
	message_queue_send(s);
	queries_step(s);
	agent_run_step(s);
	turn_files_step(s);
	session_decline_unshown(s);
	stdin_step(s);
	session_tell(s);
	session_arm(s);
}

static struct session *make(const void *ctx, const struct session_env *env,
			    const char *id, const char *user_id,
			    const struct session_events *ev, void *data,
			    bool ahead)
{
	struct session *s = talloc_zero(ctx, struct session);

	s->env = env;
	if (ahead)
		s->ahead = prestart_new(s);
	s->ev = ev;
	s->data = data;
	if (!str_copy(s->id, sizeof(s->id), id) ||
	    !str_copy(s->user_id, sizeof(s->user_id), user_id))
		err_abort("an id too long");
	s->title = talloc_strdup(s, "");
	s->last_line = talloc_strdup(s, "");
	s->folder = talloc_strdup(s, "");
	s->instructions = talloc_strdup(s, "");
	s->model = talloc_strdup(s, "");
	s->effort = talloc_strdup(s, "");
	TAILQ_INIT(&s->requests);
	session_init_timer(s, &s->timer);
	s->process = claude_process_new(s);
	s->start = claude_start_new(s);
	s->token = claude_token_new(s);
	s->log = log_reader_new(s);
	s->recorder = recorder_new(s);
	s->queue = message_queue_new(s);
	s->pictures = sent_pictures_new(s);
	s->queries = queries_new(s);
	s->input = stdin_writer_new(s);
	s->mode = permission_mode_new(s);
	s->shown = shown_status_new(s);
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
