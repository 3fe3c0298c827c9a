/* Which gateway tokens are good: of running containers and of live Claudes. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "bridge/inside.h"
#include "core/log.h"
#include "core/str.h"
#include "store/conversation_tokens.h"

#define SURVEY_MS 3600000
#define SURVEY_AGAIN_MS 30000

static void copy(char *to, size_t size, const char *from)
{
	if (!str_copy(to, size, from))
		err_abort("a text of the engine's too long");
}

static void put_workspace(struct bridge *b, const char *user_id,
			  const char *hash, const char *address)
{
	struct gateway_token what = { .kind = GATEWAY_TOKEN_WORKSPACE };

	if (!token_valid(hash) || !*address)
		return;		/* of an older version: it is made anew when it rests */
	copy(what.user_id, sizeof(what.user_id), user_id);
	copy(what.subject_id, sizeof(what.subject_id), user_id);
	copy(what.address, sizeof(what.address), address);
	tokens_put(b->tokens, hash, &what, NULL, NULL);
}

void access_workspace(struct person *p)
{
	put_workspace(p->bridge, p->id, workspace_token_hash(p->workspace),
		      workspace_address(p->workspace));
}

/* ---- ends ---- */

struct ending {
	struct bridge *bridge;
	char id[ID_SIZE], user_id[ID_SIZE], hash[TOKEN_SIZE];
};

static struct ending *ending_new(struct bridge *b, const char *id,
				 const char *user_id)
{
	struct ending *d = talloc_zero(NULL, struct ending);

	d->bridge = b;
	copy(d->id, sizeof(d->id), id);
	copy(d->user_id, sizeof(d->user_id), user_id);
	return d;
}

static int clear_work(void *data, struct db *db, struct err *e)
{
	struct ending *d = data;

	return conversation_tokens_clear(db, d->user_id, e);
}

static void cleared(void *data, const struct err *e)
{
	struct ending *d = data;

	if (e)
		log_failure("tokens_not_cleared", e, "user", d->user_id, NULL);
	talloc_free(d);
}

void access_end(struct bridge *b, const char *user_id)
{
	tokens_end_user(b->tokens, user_id);
	jobs_add(b->jobs, clear_work, cleared, ending_new(b, "", user_id));
}

static int end_one_work(void *data, struct db *db, struct err *e)
{
	struct ending *d = data;

	if (conversation_token_load(db, d->id, d->hash, e) < 0)
		return -1;
	return conversation_token_clear(db, d->id, d->hash, e);
}

static void ended_one(void *data, const struct err *e)
{
	struct ending *d = data;

	if (d->hash[0] && !d->bridge->stopping)
		tokens_end(d->bridge->tokens, d->hash, d->user_id);
	cleared(d, e);
}

void access_end_conversation(struct bridge *b, const char *id,
			     const char *user_id)
{
	jobs_add(b->jobs, end_one_work, ended_one, ending_new(b, id, user_id));
}

/* ---- a session's ---- */

static void on_put(void *data, const struct err *e)
{
	struct room *r = data;

	session_token_good(r->session, e);
}

void access_token(struct room *r, const char *hash, const char *address,
		  bool wanted)
{
	struct gateway_token what = { .kind = GATEWAY_TOKEN_CONVERSATION };
	struct err e = { 0 };

	if (!*address) {
		err_tell(&e, ERR_UNAVAILABLE, "error_engine",
			 "the container has no address");
		if (wanted)
			session_token_good(r->session, &e);
		return;
	}
	copy(what.user_id, sizeof(what.user_id), r->person->id);
	copy(what.subject_id, sizeof(what.subject_id), session_id(r->session));
	copy(what.address, sizeof(what.address), address);
	tokens_put(r->bridge->tokens, hash, &what, wanted ? on_put : NULL, r);
}

/* ---- containers ---- */

static void on_move(void *data, struct workspace *w, enum workspace_move move)
{
	struct bridge *b = data;

	if (b->stopping)
		return;
	places_forget(b->places);
	if (move == WORKSPACE_UP)
		put_workspace(b, workspace_user(w), workspace_token_hash(w),
			      workspace_address(w));
	else if (move == WORKSPACE_DOWN)
		access_end(b, workspace_user(w));
}

/* Whoever logged out has no workspace token until they come again. */
struct found {
	struct bridge *bridge;
	char user_id[ID_SIZE], hash[TOKEN_SIZE], address[46];
};

static void login_looked(void *data, const char *value, const struct err *e)
{
	struct found *f = data;

	if (!e && value && str_equal(value, "1") && !f->bridge->stopping)
		put_workspace(f->bridge, f->user_id, f->hash, f->address);
	talloc_free(f);
}

static void look_for_login(struct bridge *b, const struct container_place *place)
{
	char key[16 + ID_SIZE];
	const char *const args[] = { "EXISTS", key };
	struct found *f;

	if (!id_valid(place->user_id) || !token_valid(place->token_hash) ||
	    tokens_has(b->tokens, place->token_hash))
		return;
	snprintf(key, sizeof(key), "logins:%s", place->user_id);
	f = talloc_zero(NULL, struct found);
	f->bridge = b;
	copy(f->user_id, sizeof(f->user_id), place->user_id);
	copy(f->hash, sizeof(f->hash), place->token_hash);
	copy(f->address, sizeof(f->address), place->address);
	kv_async_run(b->kv, login_looked, f, 2, args);
}

static void survey(uv_timer_t *t);

static void surveyed(void *data, const struct container_place *places, size_t n,
		     const struct err *e)
{
	struct bridge *b = data;
	size_t i;

	if (b->stopping)
		return;
	for (i = 0; !e && i < n; i++)
		look_for_login(b, &places[i]);
	if (e) {
		log_failure("survey", e, NULL);
		uv_timer_start(&b->survey_timer, survey,
			       SURVEY_AGAIN_MS, SURVEY_MS);
	}
}

/* Containers that run while nobody looks, as an earlier bridge left them. */
static void survey(uv_timer_t *t)
{
	struct bridge *b = t->data;

	engine_places(b->engine, settings_text(b->settings, SET_INSTANCE),
		      surveyed, b);
}

void access_open(struct bridge *b)
{
	workspaces_on_move(b->workspaces, on_move, b);
	uv_timer_start(&b->survey_timer, survey, 0, SURVEY_MS);
}
