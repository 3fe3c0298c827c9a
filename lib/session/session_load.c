/* Loads a conversation from the store, and again when it was changed there. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "session/agent_run.h"
#include "session/claude_start.h"
#include "session/claude_token.h"
#include "session/log_reader.h"
#include "session/message_queue.h"
#include "session/recorder.h"
#include "session/session_internal.h"
#include "store/composer.h"
#include "store/conversation_tokens.h"
#include "store/projects.h"
#include "store/users.h"

#define PLACED_LOOK 64		/* last messages whose echo may be read again */
#define OPEN_LOOK 1000		/* last parts among which open ones are searched */

struct loading {
	struct session *s;
	const struct session_env *env;
	char id[ID_SIZE];
	struct conversation *c;
	struct project *project;	/* NULL: none */
	char token_hash[TOKEN_SIZE];
	struct part *open;	/* open parts, and the last one */
	size_t nopen;
	struct message *unplaced;
	size_t nunplaced;
	char placed[PLACED_LOOK][ID_SIZE];
	size_t nplaced;
	struct message pictured[PLACED_LOOK];	/* newest first */
	size_t npictured;
	bool suggests;
	struct session_rules *rules;	/* of an attempt in progress */
	struct err bad_rules;
	int64_t denials;
	bool disabled;		/* the run's account */
	int64_t deleted_at;	/* UTC ms; 0: it has no row */
	bool again;
};

static int add_open(void *data, const struct part *p, struct err *e)
{
	struct loading *l = data;

	/* Denials that are decoded again are counted then. */
	l->denials += str_equal(p->kind, "permission") &&
		      str_equal(p->state, "denied") &&
		      p->changed_at <= l->c->recorded_offset;
	/* The last part is always loaded: the next one replaces it. */
	if (!l->nopen || part_open(&l->open[l->nopen - 1]))
		l->open = talloc_realloc(l, l->open, struct part, ++l->nopen);
	l->open[l->nopen - 1] = *part_copy(l, p);
	return 0;
}

static int add_unplaced(void *data, const struct message *m, struct err *e)
{
	struct loading *l = data;

	l->unplaced = talloc_realloc(l, l->unplaced, struct message,
				     l->nunplaced + 1);
	l->unplaced[l->nunplaced] = *m;
	l->unplaced[l->nunplaced].text = talloc_strdup(l, m->text);
	l->unplaced[l->nunplaced].state = talloc_strdup(l, m->state);
	l->unplaced[l->nunplaced].held = talloc_strdup(l, m->held);
	l->unplaced[l->nunplaced].pictures = talloc_strdup(l, m->pictures);
	l->nunplaced++;
	return 0;
}

static int add_placed(void *data, const struct message *m, struct err *e)
{
	struct loading *l = data;

	memcpy(l->placed[l->nplaced++], m->id, ID_SIZE);
	return 0;
}

static int add_pictured(void *data, const struct message *m, struct err *e)
{
	struct loading *l = data;

	l->pictured[l->npictured] = *m;
	l->pictured[l->npictured++].pictures = talloc_strdup(l, m->pictures);
	return 0;
}

/* What the user chose for all conversations. */
static int load_choice(struct loading *l, struct db *db, struct err *e)
{
	struct composer_choice *c =
		composer_choice_load(db, l, l->c->user_id, e);

	if (!c)
		return -1;
	l->suggests = c->suggestions;
	return 0;
}

static int load_rules(struct loading *l, struct db *db, struct err *e)
{
	struct run_rules *stored = run_rules_load(db, l, l->id, e);
	struct user *user;

	if (!stored)
		return e->kind == ERR_MISSING ? 0 : -1;
	user = user_load(db, l, l->c->user_id, e);
	if (!user)
		return -1;
	l->disabled = user->disabled_at != 0;
	l->rules = l->env->rules(l, stored, &l->bad_rules);
	if (l->rules)
		return 0;
	l->rules = talloc_zero(l, struct session_rules);
	memcpy(l->rules->execution_id, stored->execution_id, ID_SIZE);
	l->rules->deadline_at = stored->deadline_at;
	l->rules->cancel_reason = "";
	return 0;
}

/* Leaves the error as it is, unless another is worse. */
static void load_deleted(struct loading *l, struct db *db, struct err *e)
{
	struct conversation *c;
	struct err none = { 0 };

	if (e->kind != ERR_MISSING)
		return;
	c = conversation_load_deleted(db, l, l->id, NULL, &none);
	if (c)
		l->deleted_at = c->deleted_at;
	else if (none.kind != ERR_MISSING)
		*e = none;
}

/* One that was deleted has no more to say. */
static int load_project(struct loading *l, struct db *db, struct err *e)
{
	if (!*l->c->project_id)
		return 0;
	l->project = project_load(db, l, l->c->project_id, l->c->user_id, false,
				  e);
	return l->project || e->kind == ERR_MISSING ? 0 : -1;
}

static int load_work(void *data, struct db *db, struct err *e)
{
	struct loading *l = data;

	if (!l->again &&
	    conversation_token_load(db, l->id, l->token_hash, e) < 0)
		return -1;
	l->c = conversation_load(db, l, l->id, NULL, e);
	if (!l->c) {
		load_deleted(l, db, e);
		return -1;
	}
	if ((str_equal(l->c->kind, "run") && load_rules(l, db, e) < 0) ||
	    load_choice(l, db, e) < 0 || load_project(l, db, e) < 0)
		return -1;
	if (!l->again &&
	    (part_each(db, l->id, -1, 0, OPEN_LOOK, add_open, l, e) < 0 ||
	     message_each_placed(db, l->id, l->c->recorded_offset, PLACED_LOOK,
				 add_placed, l, e) < 0 ||
	     message_each_with_pictures(db, l->id, PLACED_LOOK, add_pictured,
					l, e) < 0))
		return -1;
	return message_each_unplaced(db, l->id, add_unplaced, l, e);
}

static void take_names(struct session *s, const struct conversation *c,
		       const struct project *project)
{
	talloc_free(s->folder);
	talloc_free(s->instructions);
	s->folder = talloc_strdup(s, c->folder);
	s->instructions = talloc_strdup(s, project ? project->instructions : "");
	s->pinned = c->pinned;
	s->archived = c->archived;
	if (!s->line_changed) {
		talloc_free(s->last_line);
		s->last_line = talloc_strdup(s, c->last_line);
	}
	talloc_free(s->title);
	talloc_free(s->model);
	talloc_free(s->effort);
	s->title = talloc_strdup(s, c->title);
	s->model = talloc_strdup(s, c->model);
	s->effort = talloc_strdup(s, c->effort);
	s->updated_at = c->updated_at;
	if (!s->run && mode_stored(s))
		mode_ask(s, c->mode);
}

static void take_run(struct session *s, struct loading *l)
{
	agent_run_load(s, l->c->kind, talloc_steal(s, l->rules), l->disabled,
		       l->denials, l->bad_rules.kind ? &l->bad_rules : NULL);
}

static void apply_loaded(struct session *s, struct loading *l)
{
	size_t i;

	take_names(s, l->c, l->project);
	s->suggests = l->suggests;
	while (l->npictured) {
		l->npictured--;
		sent_pictures_keep(s, l->pictured[l->npictured].id,
				   l->pictured[l->npictured].pictures);
	}
	for (i = 0; i < l->nunplaced; i++)
		message_queue_load(s, &l->unplaced[i]);
	if (l->again) {
		take_run(s, l);
		return;
	}
	s->spoken = l->c->spoken;
	if (s->spoken)
		claude_start_resume(s);
	recorder_resume(s, l->c->recorded_offset, l->c->state);
	log_reader_resume(s, l->c->recorded_offset);
	for (i = 0; i < l->nopen; i++)
		recorder_load(s, &l->open[i]);
	recorder_asked(s);
	session_decode(s, l->c->recorded_offset, l->open, l->nopen,
	       !str_equal(l->c->state, "idle"));
	while (l->nplaced)
		decoder_know(s->decoder, l->placed[--l->nplaced]);
	take_run(s, l);
	if (!str_equal(l->c->state, "idle") && (!s->run || agent_run_open(s)))
		s->want_workspace = true;
}

/* A conversation that was already deleted at the first read was never loaded. */
static bool known(const struct session *s)
{
	return s->loaded && (s->decoder || !s->deleted);
}

static void loaded(void *data, const struct err *e)
{
	struct loading *l = data;
	struct session *s = l->s;
	bool was_deleted = s->deleted;

	/* Requested again before the first reply: the live state stays. */
	l->again = l->again || known(s);
	if (s->closed) {
		;
	} else if (s->ahead && e && e->kind == ERR_MISSING) {
		if (!l->again)
			prestart_loaded(s);
	} else if (e && e->kind != ERR_MISSING) {
		if (!l->again)
			s->load_error = *e;
		session_trouble(s, "load", e);
		if (!l->again)
			s->ev->loaded(s->data, e);
	} else {
		if (e)
			session_deleted(s, l->deleted_at);
		else
			session_restored(s);
		s->deleted = e != NULL;
		s->loaded = true;
		prestart_taken(s);
		if (!l->again)
			claude_token_load(s, l->token_hash);
		if (!e)
			apply_loaded(s, l);
		if (s->deleted && !was_deleted)
			s->ev->gone(s->data);
		else if (!l->again)
			s->ev->loaded(s->data, NULL);
		s->ev->queue(s->data);
		s->ev->changed(s->data);
		session_step(s);
	}
	talloc_free(l);
	session_job_over(s);
}

void session_load(struct session *s, bool again)
{
	struct loading *l = talloc_zero(NULL, struct loading);

	l->s = s;
	l->env = s->env;
	l->again = again;
	memcpy(l->id, s->id, ID_SIZE);
	session_job(s, load_work, loaded, l);
}

void session_refresh(struct session *s)
{
	session_load(s, known(s));
}
