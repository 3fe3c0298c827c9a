/* Caches tokens, accounts and the installation's state for a second. */
#include "config.h"
#include "gateway/admission_internal.h"

#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/hash.h"
#include "core/str.h"
#include "store/users.h"

#define FRESH_MS 1000		/* older values are not used while the ledger answers */
#define AGAIN_MS 500		/* older values are read again, before an ask must wait */
#define PATIENCE_MS 300		/* for a call whose account is cached, but outdated */
#define OLD_MS (60 * 1000)	/* older values may have changed considerably */
#define OLD_PATIENCE_MS 1500
#define STALE_MS (10 * 60 * 1000)	/* older values are not used at all */
#define IDLE_MS (3600 * 1000)

static size_t bucket_of(const char *text)
{
	return hash_text(text) % BUCKETS;
}

/* ---- tokens ---- */

struct cached_token *cached_token_find(struct admission *a, const char *key)
{
	struct cached_token *h;

	LIST_FOREACH(h, &a->hints[bucket_of(key)], next) {
		if (str_equal(h->key, key)) {
			h->used_at = clock_mono_ms();
			return h;
		}
	}
	return NULL;
}

void cached_token_drop(struct admission *a, struct cached_token *h)
{
	if (h->run)
		counter_release(a, h->run);
	LIST_REMOVE(h, next);
	talloc_free(h);
}

struct cached_token *cached_token_put(struct admission *a, const char *key,
				      const char *text)
{
	struct cached_token *h = cached_token_find(a, key);
	struct gateway_token token;
	struct err e = { 0 };

	if (h)
		cached_token_drop(a, h);
	if (gateway_token_parse(text, &token, &e) < 0)
		return NULL;
	h = alloc_checked(talloc_zero(a, struct cached_token));
	if (!str_copy(h->key, sizeof(h->key), key) ||
	    !str_copy(h->text, sizeof(h->text), text))
		err_abort("token's text is too long");
	h->token = token;
	h->used_at = clock_mono_ms();
	if (token.tokens_max || token.cost_max)
		h->run = counter_of_run(a, &token);
	LIST_INSERT_HEAD(&a->hints[bucket_of(key)], h, next);
	return h;
}

/* ---- what the ledger knows ---- */

void task_begin(struct admission *a, struct task *t, job_work *work,
		job_done *done)
{
	t->a = a;
	t->ledger = a->ledger;
	LIST_INSERT_HEAD(&a->tasks, t, next);
	jobs_add(a->jobs, work, done, t);
}

/* This ask stops waiting for the ledger: it does not answer. */
static bool given_up(const struct reading *r, int64_t since, int64_t old_ms)
{
	int64_t now = clock_mono_ms();

	if (now - r->read_at >= old_ms)
		return now - since >= OLD_PATIENCE_MS;
	return r->asking && now - r->asked_at >= PATIENCE_MS;
}

/* *again: read it now. old_ms: a value this old is waited for longer. */
static enum known check(const struct reading *r, int64_t since, int64_t old_ms,
			bool *again, struct err *e)
{
	int64_t now = clock_mono_ms();
	bool failed = r->failed_at && r->failed_at >= since;

	*again = !r->asking && (!r->read_at || now - r->read_at >= AGAIN_MS);
	if (r->read_at && now - r->read_at < FRESH_MS)
		return KNOWN;
	/* The last value that was read. */
	if (r->read_at && now - r->read_at < STALE_MS &&
	    (failed || given_up(r, since, old_ms)))
		return KNOWN;
	if (!failed)
		return KNOWN_LATER;
	*e = r->failure;
	return KNOWN_NOT;
}

static void start_reading(struct reading *r)
{
	r->asking = true;
	r->asked_at = clock_mono_ms();
}

static void answered(struct reading *r, int64_t read_at, const struct err *e)
{
	r->asking = false;
	if (e) {
		r->failed_at = clock_mono_ms();
		r->failure = *e;
	} else {
		r->read_at = read_at;
		r->failed_at = 0;
	}
}

struct installation_task {
	struct task task;
	int64_t read_at;
	struct ledger_installation installation;
};

static int installation_work(void *data, struct db *db, struct err *e)
{
	struct installation_task *t = data;

	t->read_at = clock_mono_ms();
	return ledger_client_installation(t->task.ledger, &t->installation, e);
}

static void tell_stop(struct admission *a)
{
	if (!a->changed || a->told == a->stopped)
		return;
	a->told = a->stopped;
	a->changed(a->changed_data, a->told);
}

static void installation_done(void *data, const struct err *e)
{
	struct installation_task *t = data;
	struct admission *a = t->task.a;

	if (a) {
		LIST_REMOVE(&t->task, next);
		answered(&a->installation_reading, t->read_at, e);
		if (!e) {
			a->stopped = t->installation.stopped;
			a->budget = t->installation.budget;
			redis_mirror_stop(a);
		}
	}
	talloc_free(t);
	if (!a)
		return;
	admission_wake(a);
	tell_stop(a);
}

enum known installation_check(struct admission *a, int64_t since, struct err *e)
{
	struct installation_task *t;
	bool again;
	enum known k = check(&a->installation_reading, since, INT64_MAX, &again,
			     e);

	if (!again)
		return k;
	t = alloc_checked(talloc_zero(NULL, struct installation_task));
	start_reading(&a->installation_reading);
	task_begin(a, &t->task, installation_work, installation_done);
	return k;
}

struct account_task {
	struct task task;
	char user_id[ID_SIZE];
	int64_t read_at;
	bool disabled;
	char locale[LOCALE_SIZE], preset[ZONE_SIZE];
	struct budget_zone zone;
	struct budget budget;
};

static int account_work(void *data, struct db *db, struct err *e)
{
	struct account_task *t = data;
	struct ledger_account found;

	t->read_at = clock_mono_ms();
	if (ledger_client_account(t->task.ledger, t->user_id, &found, e) < 0) {
		t->disabled = e->kind == ERR_MISSING;
		return t->disabled ? 0 : -1;
	}
	t->disabled = found.disabled;
	if (!str_copy(t->locale, sizeof(t->locale), found.locale))
		t->locale[0] = '\0';
	budget_zone_of(&(struct user){
			.timezone = found.timezone,
			.budget_timezone = found.budget_timezone,
			.budget_timezone_until = found.budget_timezone_until,
		}, t->preset, &t->zone);
	t->budget = found.budget;
	return 0;
}

struct account *account_find(struct admission *a, const char *user_id)
{
	struct account *c;

	LIST_FOREACH(c, &a->accounts[bucket_of(user_id)], next) {
		if (str_equal(c->user_id, user_id))
			return c;
	}
	return NULL;
}

static void account_done(void *data, const struct err *e)
{
	struct account_task *t = data;
	struct admission *a = t->task.a;
	struct account *c = a ? account_find(a, t->user_id) : NULL;

	if (a)
		LIST_REMOVE(&t->task, next);
	if (c)
		answered(&c->reading, t->read_at, e);
	if (c && !e) {
		c->disabled = t->disabled;
		memcpy(c->locale, t->locale, sizeof(c->locale));
		c->zone = t->zone;
		c->budget = t->budget;
	}
	talloc_free(t);
	if (a)
		admission_wake(a);
}

struct account *account_get(struct admission *a, const char *user_id)
{
	struct account *c = account_find(a, user_id);

	if (!c) {
		c = alloc_checked(talloc_zero(a, struct account));
		memcpy(c->user_id, user_id, ID_SIZE);
		LIST_INSERT_HEAD(&a->accounts[bucket_of(user_id)], c, next);
	}
	c->used_at = clock_mono_ms();
	return c;
}

enum known account_check(struct admission *a, struct account *c, int64_t since,
			 struct err *e)
{
	struct account_task *t;
	bool again;
	enum known k = check(&c->reading, since, OLD_MS, &again, e);

	if (!again)
		return k;
	t = alloc_checked(talloc_zero(NULL, struct account_task));
	memcpy(t->user_id, c->user_id, ID_SIZE);
	memcpy(t->preset, a->zone, sizeof(t->preset));
	start_reading(&c->reading);
	task_begin(a, &t->task, account_work, account_done);
	return k;
}

void known_clean(struct admission *a)
{
	int64_t before = clock_mono_ms() - IDLE_MS;
	struct account *c, *next_account;
	struct cached_token *h, *next_hint;
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		for (h = LIST_FIRST(&a->hints[i]); h; h = next_hint) {
			next_hint = LIST_NEXT(h, next);
			if (h->used_at < before)
				cached_token_drop(a, h);
		}
		for (c = LIST_FIRST(&a->accounts[i]); c; c = next_account) {
			next_account = LIST_NEXT(c, next);
			if (c->used_at >= before)
				continue;
			scope_release(a, &c->scope);
			LIST_REMOVE(c, next);
			talloc_free(c);
		}
	}
}
