/*
 * Domains that the egress policy refused a workspace: stored, and shown at
 * once on its user's pages.
 */
#include "config.h"

#include <string.h>

#include <talloc.h>

#include "bridge/bridge_internal.h"
#include "core/log.h"
#include "core/str.h"
#include "store/domains.h"
#include "store/executions.h"

#define ROWS_MAX 100		/* domains read from the store, latest first */

struct reading {
	struct bridge *bridge;
	char user_id[ID_SIZE];
	struct block *blocks;
	size_t n;
};

static int add_row(void *data, const struct domain *d, struct err *e)
{
	struct reading *r = data;
	struct block *b;

	r->blocks = talloc_realloc(r, r->blocks, struct block, r->n + 1);
	b = &r->blocks[r->n++];
	b->domain = talloc_strdup(r->blocks, d->domain);
	b->state = talloc_strdup(r->blocks, d->state);
	return 0;
}

static int read_work(void *data, struct db *db, struct err *e)
{
	struct reading *r = data;

	return domain_each(db, r->user_id, NULL, ROWS_MAX, add_row, r, e);
}

static void send_blocks(struct presence *p)
{
	struct client *c;
	char *text;

	TAILQ_FOREACH(c, &p->clients, in_person) {
		if (!c->live)
			continue;
		text = outgoing_blocked(p, p, c->locale);
		client_send(c, text);
		talloc_free(text);
	}
}

static void read_done(void *data, const struct err *e)
{
	struct reading *r = data;
	struct presence *p = presence_find(r->bridge, r->user_id);

	if (e)
		log_failure("read_blocked_domains", e, "user", r->user_id, NULL);
	if (p)
		p->reading_blocks = false;
	if (p && !e && !r->bridge->stopping) {
		talloc_free(p->blocks);
		p->blocks = talloc_steal(p, r->blocks);
		p->nblocks = r->n;
		send_blocks(p);
		if (p->blocks_again)
			blocked_read(p);
	}
	talloc_free(r);
}

static struct reading *reading_new(struct bridge *b, const char *user_id)
{
	struct reading *r = talloc_zero(NULL, struct reading);

	r->bridge = b;
	if (!str_copy(r->user_id, sizeof(r->user_id), user_id))
		err_abort("an id too long");
	return r;
}

void blocked_read(struct presence *p)
{
	if (!p->nclients)
		return;		/* the next page reads them */
	p->blocks_again = p->reading_blocks;
	if (p->reading_blocks)
		return;
	p->reading_blocks = true;
	jobs_add(p->bridge->jobs, read_work, read_done,
		 reading_new(p->bridge, p->id));
}

/* ---- refusals, and requests for access ---- */

struct noting {
	struct bridge *bridge;
	char user_id[ID_SIZE], domain[DOMAIN_MAX + 1];
	bool plain;
	char *reason;		/* NULL: records a refusal */
	uint64_t serial;	/* of the requesting client */
	char (*sessions)[ID_SIZE];	/* conversations whose tools may have made the request */
	size_t nsessions;
};

static int note_work(void *data, struct db *db, struct err *e)
{
	struct noting *n = data;
	size_t i;

	if (n->reason)
		return domain_ask(db, n->user_id, n->domain, n->reason, e);
	for (i = 0; i < n->nsessions; i++) {
		if (attempt_block_note(db, n->sessions[i], n->domain, e) < 0)
			return -1;
	}
	return domain_note_blocked(db, n->user_id, n->domain, n->plain, e);
}

static void refuse(struct presence *p, uint64_t serial, const struct err *e)
{
	struct client *c;

	TAILQ_FOREACH(c, &p->clients, in_person) {
		if (c->serial == serial)
			client_say(c, e);
	}
}

static void noted(void *data, const struct err *e)
{
	struct noting *n = data;
	struct presence *p = presence_find(n->bridge, n->user_id);

	if (e && (!n->reason || e->kind == ERR_INTERNAL))
		log_failure("domain_not_stored", e, "user", n->user_id, NULL);
	if (p && !n->bridge->stopping) {
		if (e && n->reason)
			refuse(p, n->serial, e);
		blocked_read(p);
	}
	talloc_free(n);
}

static void note(struct bridge *b, const char *user_id, const char *domain,
		 struct noting *n)
{
	n->bridge = b;
	if (!str_copy(n->user_id, sizeof(n->user_id), user_id) ||
	    !str_copy(n->domain, sizeof(n->domain), domain))
		err_abort("a domain too long");
	jobs_add(b->jobs, note_work, noted, n);
}

/*
 * Any tool in the container may have made the connection: take those whose
 * call names the domain or, if none does, all that are running.
 */
static void find_sessions(struct noting *n, const struct presence *p,
			  enum session_tool least)
{
	struct room *r;

	LIST_FOREACH(r, &p->rooms, in_person) {
		if (session_tool(r->session, n->domain) < least)
			continue;
		n->sessions = talloc_realloc_size(n, n->sessions,
			(n->nsessions + 1) * sizeof(*n->sessions));
		memcpy(n->sessions[n->nsessions++],
		       session_id(r->session), ID_SIZE);
		session_blocked(r->session, n->domain);
	}
}

void blocked_note(void *data, const char *user_id, const char *domain, bool plain)
{
	struct bridge *b = data;
	struct presence *p = presence_find(b, user_id);
	struct noting *n;

	if (b->stopping)
		return;
	n = talloc_zero(NULL, struct noting);
	n->plain = plain;
	if (!str_copy(n->domain, sizeof(n->domain), domain))
		err_abort("a domain too long");
	if (p)
		find_sessions(n, p, SESSION_TOOL_NAMES);
	if (p && !n->nsessions)
		find_sessions(n, p, SESSION_TOOL_RUNS);
	note(b, user_id, domain, n);
}

void blocked_ask(struct client *c, const char *domain, const char *reason)
{
	struct noting *n;
	struct err e = { 0 };

	if (strlen(domain) > DOMAIN_MAX) {
		err_tell(&e, ERR_INPUT, "error_domain", "too long");
		client_say(c, &e);
		return;
	}
	n = talloc_zero(NULL, struct noting);
	n->reason = talloc_strdup(n, reason);
	n->serial = c->serial;
	note(c->bridge, c->presence->id, domain, n);
}
