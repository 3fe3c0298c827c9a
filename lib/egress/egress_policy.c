#include "config.h"
#include "egress/egress_policy.h"

#include <string.h>
#include <sys/queue.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/str.h"

#define BUCKETS 64
#define RECENT 16
#define FORGET_MS 60000		/* without a request from the account */
#define LOG_MAX 20		/* logged refusals per second */

struct question {
	STAILQ_ENTRY(question) next;
	struct egress_policy *policy;
	char address[46], domain[DOMAIN_MAX + 1];
	bool plain;
	egress_policy_done *done;
	void *data;
};

/* An account that made requests. */
struct member {
	LIST_ENTRY(member) next;
	char user_id[ID_SIZE];
	char **granted;			/* talloc child; "domain" or "+domain": http too */
	size_t n;
	int64_t loaded_at;		/* clock_mono_ms; 0: not yet */
	uint64_t age;			/* generation when they were requested */
	bool loading;
	STAILQ_HEAD(, question) waiting;
	int64_t asked_at, window_at;	/* clock_mono_ms */
	int refused;			/* in the interval */
	struct {
		char domain[DOMAIN_MAX + 1];
		int64_t at;
	} recent[RECENT];
	size_t next_recent;
};

struct egress_policy {
	const struct egress_policy_env *env;
	struct allow_list *list;
	LIST_HEAD(, member) members[BUCKETS];
	uint64_t age;			/* incremented by each reload */
	int64_t log_second;
	int logged;
};

static void say(struct egress_policy *g, const struct egress_question *q,
		const char *user_id, enum egress_reason why)
{
	int64_t second = clock_mono_ms() / 1000;

	if (second != g->log_second)
		g->logged = 0;
	g->log_second = second;
	if (g->logged++ < LOG_MAX)
		log_event(LOG_INFO, "egress_refused", "reason", egress_reason(why),
			  "address", q->address, "method", q->method, "host",
			  q->host, "user", user_id, NULL);
}

static void finish(struct question *q, const char *user_id,
		   enum egress_reason why)
{
	const struct egress_question said = {
		.address = q->address, .host = q->domain,
		.method = q->plain ? "GET" : "CONNECT",
	};

	if (why != EGRESS_NONE)
		say(q->policy, &said, user_id, why);
	q->done(q->data, why);
	talloc_free(q);
}

static unsigned bucket(const char *id)
{
	return hash_text(id) % BUCKETS;
}

static void forget_old(struct egress_policy *g, unsigned b, int64_t now)
{
	struct member *m, *next;

	for (m = LIST_FIRST(&g->members[b]); m; m = next) {
		next = LIST_NEXT(m, next);
		if (m->loading || now - m->asked_at < FORGET_MS)
			continue;
		LIST_REMOVE(m, next);
		talloc_free(m);
	}
}

static struct member *member_get(struct egress_policy *g, const char *user_id)
{
	unsigned b = bucket(user_id);
	int64_t now = clock_mono_ms();
	struct member *m;

	LIST_FOREACH(m, &g->members[b], next) {
		if (str_equal(m->user_id, user_id))
			break;
	}
	if (!m) {
		forget_old(g, b, now);
		m = talloc_zero(g, struct member);
		if (!str_copy(m->user_id, sizeof(m->user_id), user_id))
			err_abort("an id too long");
		STAILQ_INIT(&m->waiting);
		LIST_INSERT_HEAD(&g->members[b], m, next);
	}
	m->asked_at = now;
	return m;
}

/* A domain that was reported recently, or too many of them: not reported again. */
static bool first_refusal(struct member *m, const char *domain)
{
	int64_t now = clock_mono_ms();
	size_t i;

	for (i = 0; i < RECENT; i++) {
		if (str_equal(m->recent[i].domain, domain) &&
		    now - m->recent[i].at < REFUSED_MS)
			return false;
	}
	if (now - m->window_at >= REFUSED_MS) {
		m->window_at = now;
		m->refused = 0;
	}
	if (m->refused++ >= REFUSED_MAX)
		return false;
	i = m->next_recent++ % RECENT;
	memcpy(m->recent[i].domain, domain, strlen(domain) + 1);
	m->recent[i].at = now;
	return true;
}

static bool granted(const struct member *m, const struct question *q)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		const char *row = m->granted[i];

		if (row[0] == '+' ? str_equal(row + 1, q->domain) :
				    !q->plain && str_equal(row, q->domain))
			return true;
	}
	return false;
}

static void decide(struct egress_policy *g, struct member *m,
		   struct question *q)
{
	if (granted(m, q)) {
		finish(q, m->user_id, EGRESS_NONE);
		return;
	}
	if (first_refusal(m, q->domain))
		g->env->refused(g->env->data, m->user_id, q->domain, q->plain);
	finish(q, m->user_id, EGRESS_REASON_LISTED);
}

struct loading {
	struct egress_policy *policy;
	char user_id[ID_SIZE];
	char **rows;
	size_t n;
	uint64_t age;
};

static int add_row(void *data, const struct domain *d, struct err *e)
{
	struct loading *l = data;

	l->rows = talloc_realloc(l, l->rows, char *, l->n + 1);
	l->rows[l->n++] = talloc_asprintf(l->rows, "%s%s", d->plain ? "+" : "",
					  d->domain);
	return 0;
}

static int load_work(void *data, struct db *db, struct err *e)
{
	struct loading *l = data;

	return domain_each(db, l->user_id, "granted", 0, add_row, l, e);
}

static void load(struct egress_policy *g, struct member *m);

static void loaded(void *data, const struct err *e)
{
	struct loading *l = data;
	struct egress_policy *g = l->policy;
	struct member *m = member_get(g, l->user_id);
	struct question *q;

	m->loading = false;
	if (e) {
		log_failure("egress_grants", e, "user", m->user_id, NULL);
	} else {
		talloc_free(m->granted);
		m->granted = talloc_steal(m, l->rows);
		m->n = l->n;
		m->loaded_at = clock_mono_ms();
		m->age = l->age;
	}
	talloc_free(l);
	if (!e && m->age != g->age) {
		load(g, m);
		return;
	}
	while ((q = STAILQ_FIRST(&m->waiting))) {
		STAILQ_REMOVE_HEAD(&m->waiting, next);
		if (e)
			finish(q, m->user_id, EGRESS_REASON_AWAY);
		else
			decide(g, m, q);
	}
}

static void load(struct egress_policy *g, struct member *m)
{
	struct loading *l = talloc_zero(NULL, struct loading);

	l->policy = g;
	l->age = g->age;
	memcpy(l->user_id, m->user_id, ID_SIZE);
	m->loading = true;
	jobs_add(g->env->jobs, load_work, loaded, l);
}

static void found(void *data, const char *user_id, const struct err *e)
{
	struct question *q = data;
	struct egress_policy *g = q->policy;
	struct member *m;

	if (e) {
		finish(q, NULL, EGRESS_REASON_AWAY);
		return;
	}
	if (!user_id) {
		finish(q, NULL, EGRESS_REASON_SOURCE);
		return;
	}
	if (allow_list_has(g->list, q->domain, q->plain)) {
		finish(q, user_id, EGRESS_NONE);
		return;
	}
	m = member_get(g, user_id);
	if (m->loaded_at && m->age == g->age && !m->loading &&
	    clock_mono_ms() - m->loaded_at < GRANTS_MS) {
		decide(g, m, q);
		return;
	}
	STAILQ_INSERT_TAIL(&m->waiting, q, next);
	if (!m->loading)
		load(g, m);
}

void egress_policy_ask(struct egress_policy *g,
		       const struct egress_question *asked,
		       egress_policy_done *done, void *data)
{
	static const enum egress_reason reasons[] = {
		[EGRESS_BAD_PORT] = EGRESS_REASON_PORT,
		[EGRESS_ADDRESS] = EGRESS_REASON_ADDRESS,
		[EGRESS_BAD_NAME] = EGRESS_REASON_NAME,
	};
	struct question *q = talloc_zero(g, struct question);
	enum egress_verdict v;

	v = egress_check(g->list, asked->method, asked->host, asked->port,
			 q->domain, &q->plain);
	if (v == EGRESS_ALLOWED || v == EGRESS_NOT_LISTED) {
		q->policy = g;
		q->done = done;
		q->data = data;
		if (str_copy(q->address, sizeof(q->address), asked->address)) {
			address_map_find(g->env->address_map, q->address, found,
					 q);
			return;
		}
		say(g, asked, NULL, EGRESS_REASON_SOURCE);
		done(data, EGRESS_REASON_SOURCE);
	} else {
		say(g, asked, NULL, reasons[v]);
		done(data, reasons[v]);
	}
	talloc_free(q);
}

struct egress_policy *egress_policy_new(const void *ctx,
					const struct egress_policy_env *env, struct err *e)
{
	struct egress_policy *g = talloc_zero(ctx, struct egress_policy);
	size_t i;

	g->env = env;
	g->list = allow_list_load(g, env->list, e);
	if (!g->list) {
		talloc_free(g);
		return NULL;
	}
	for (i = 0; i < BUCKETS; i++)
		LIST_INIT(&g->members[i]);
	return g;
}

int egress_policy_reload(struct egress_policy *g, struct err *e)
{
	struct allow_list *list = allow_list_load(g, g->env->list, e);

	g->age++;
	if (!list)
		return -1;
	talloc_free(g->list);
	g->list = list;
	return 0;
}
