/* Keeps gateway tokens valid for running containers and live Claude processes. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "bridge/bridge_internal.h"
#include "core/log.h"
#include "core/str.h"
#include "store/conversation_tokens.h"

#define SURVEY_MS 30000
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
		return;		/* of an older version: it is recreated when it rests */
	copy(what.user_id, sizeof(what.user_id), user_id);
	copy(what.subject_id, sizeof(what.subject_id), user_id);
	copy(what.address, sizeof(what.address), address);
	token_registry_put(b->tokens, hash, &what, NULL, NULL);
}

void token_lifecycle_workspace(struct bridge *b, struct workspace *w)
{
	put_workspace(b, workspace_user(w), workspace_token_hash(w),
		      workspace_address(w));
}

/* ---- revocations left by pages, commands or an earlier bridge ---- */

struct leftovers {
	struct bridge *bridge;
	struct token_ending *rows;
	unsigned n;
};

static int take_ending(void *data, const struct token_ending *t, struct err *e)
{
	struct leftovers *l = data;

	l->rows = talloc_realloc(l, l->rows, struct token_ending, l->n + 1);
	l->rows[l->n++] = *t;
	return 0;
}

static int leftovers_work(void *data, struct db *db, struct err *e)
{
	return token_ending_each(db, take_ending, data, e);
}

static void finish_leftovers(struct bridge *b);

static void leftovers_read(void *data, const struct err *e)
{
	struct leftovers *l = data;
	struct bridge *b = l->bridge;
	unsigned i;

	if (e)
		log_failure("read_revocations", e, NULL);
	for (i = 0; i < l->n && !b->stopping; i++)
		token_registry_end(b->tokens, l->rows[i].id, l->rows[i].hash,
				   l->rows[i].user_id);
	talloc_free(l);
	b->reading_leftovers = false;
	if (b->leftovers_again && !b->stopping)
		finish_leftovers(b);
}

/* Revocations stored during a reading may be missing from it: one more reading finds them all. */
static void finish_leftovers(struct bridge *b)
{
	struct leftovers *l;

	b->leftovers_again = b->reading_leftovers;
	if (b->reading_leftovers)
		return;
	b->reading_leftovers = true;
	l = talloc_zero(NULL, struct leftovers);
	l->bridge = b;
	jobs_add(b->jobs, leftovers_work, leftovers_read, l);
}

/* ---- revocation ---- */

/* Stored before the revocation is tried, so that a later bridge can finish it. */
struct ending {
	struct bridge *bridge;
	char conversation[ID_SIZE];	/* whose token it is; "": row says it */
	struct token_ending row;
};

static struct ending *ending_new(struct bridge *b, const char *user_id,
				 const char *hash)
{
	struct ending *d = talloc_zero(NULL, struct ending);

	d->bridge = b;
	copy(d->row.user_id, sizeof(d->row.user_id), user_id);
	copy(d->row.hash, sizeof(d->row.hash), hash);
	return d;
}

static int write_work(void *data, struct db *db, struct err *e)
{
	struct ending *d = data;

	if (d->conversation[0]) {
		if (conversation_token_load(db, d->conversation, d->row.hash,
					    e) < 0)
			return -1;
		if (!d->row.hash[0])
			return 0;
	}
	return token_ending_add(db, &d->row, e);
}

/* Revoke it even if the store write failed. */
static void written(void *data, const struct err *e)
{
	struct ending *d = data;
	const struct token_ending *row = &d->row;

	if (e)
		log_failure("revocation_not_stored", e, "user", row->user_id, NULL);
	if (!d->bridge->stopping && (row->hash[0] || !d->conversation[0])) {
		if (d->conversation[0])
			token_registry_drop(d->bridge->tokens, row->hash);
		token_registry_end(d->bridge->tokens, row->id, row->hash,
				   row->user_id);
	}
	/* A command or a page that was killed may have left the account's. */
	if (!d->bridge->stopping && !row->hash[0] && !d->conversation[0])
		finish_leftovers(d->bridge);
	talloc_free(d);
}

void token_lifecycle_end(struct bridge *b, const char *user_id)
{
	token_registry_drop_user(b->tokens, user_id);
	jobs_add(b->jobs, write_work, written, ending_new(b, user_id, ""));
}

void token_lifecycle_token_over(struct room *r, const char *hash)
{
	token_registry_drop(r->bridge->tokens, hash);
	jobs_add(r->bridge->jobs, write_work, written,
		 ending_new(r->bridge, r->presence->id, hash));
}

void token_lifecycle_end_conversation(struct bridge *b, const char *id,
				      const char *user_id)
{
	struct ending *d = ending_new(b, user_id, "");

	copy(d->conversation, sizeof(d->conversation), id);
	jobs_add(b->jobs, write_work, written, d);
}

static int done_work(void *data, struct db *db, struct err *e)
{
	return token_ending_done(db, data, e);
}

static void done_written(void *data, const struct err *e)
{
	if (e)
		log_failure("revocation_not_cleared", e, NULL);
	talloc_free(data);
}

static void on_ended(void *data, const char *id)
{
	struct bridge *b = data;

	jobs_add(b->jobs, done_work, done_written, talloc_strdup(NULL, id));
}

/* ---- tokens of sessions ---- */

static void on_put(void *data, const struct err *e)
{
	struct room *r = data;

	session_token_good(r->session, e);
}

void token_lifecycle_token(struct room *r, const char *hash,
			   const char *address,
			   bool wanted)
{
	const struct session_rules *rules = session_run_rules(r->session);
	struct gateway_token what = { .kind = GATEWAY_TOKEN_CONVERSATION };
	struct err e = { 0 };

	if (!*address) {
		err_tell(&e, ERR_UNAVAILABLE, "error_engine",
			 "the container has no address");
		if (wanted)
			session_token_good(r->session, &e);
		return;
	}
	copy(what.user_id, sizeof(what.user_id), r->presence->id);
	copy(what.subject_id, sizeof(what.subject_id), session_id(r->session));
	if (rules) {
		what.kind = GATEWAY_TOKEN_RUN;
		what.tokens_max = rules->tokens_max;
		copy(what.subject_id, sizeof(what.subject_id),
		     rules->execution_id);
	}
	copy(what.address, sizeof(what.address), address);
	token_registry_put(r->bridge->tokens, hash, &what,
			   wanted ? on_put : NULL, r);
}

/* ---- tokens of containers ---- */

static void on_move(void *data, struct workspace *w, enum workspace_move move)
{
	struct bridge *b = data;

	if (b->stopping)
		return;
	address_map_forget(b->address_map);
	if (move == WORKSPACE_UP)
		token_lifecycle_workspace(b, w);
	else if (move == WORKSPACE_DOWN)
		token_lifecycle_end(b, workspace_user(w));
}

/* token_registry.c checks for a login. */
static void put_found(struct bridge *b, const struct container_place *place)
{
	if (id_valid(place->user_id) && token_valid(place->token_hash) &&
	    !token_registry_has(b->tokens, place->token_hash))
		put_workspace(b, place->user_id, place->token_hash,
			      place->address);
}

static void survey(uv_timer_t *t);

static void surveyed(void *data, const struct container_place *address_map,
		     size_t n,
		     const struct err *e)
{
	struct bridge *b = data;
	size_t i;

	if (b->stopping)
		return;
	for (i = 0; !e && i < n; i++)
		put_found(b, &address_map[i]);
	if (e) {
		log_failure("survey", e, NULL);
		uv_timer_start(&b->survey_timer, survey,
			       SURVEY_AGAIN_MS, SURVEY_MS);
	}
}

/* Containers without a page, as left by an earlier bridge. */
static void survey(uv_timer_t *t)
{
	struct bridge *b = t->data;

	finish_leftovers(b);
	engine_places(b->engine, settings_text(b->settings, SET_INSTANCE),
		      surveyed, b);
}

void token_lifecycle_open(struct bridge *b)
{
	token_registry_on_ended(b->tokens, on_ended, b);
	workspaces_on_move(b->workspaces, on_move, b);
	uv_timer_start(&b->survey_timer, survey, 0, SURVEY_MS);
}
