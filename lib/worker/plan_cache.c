/* Caches recurrences that many agents share, with their last answer. */
#include "config.h"
#include "worker/plan_internal.h"

#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "time/zone.h"

#define BUCKETS 256
#define RULES_MAX 512

struct plan_rule {
	struct plan_rule *next;	/* of its bucket */
	char *name;
	struct recurrence *recurrence;
	int64_t after, then;	/* the last argument and result */
	bool asked;
};

struct plan_cache {
	struct plan_rule *buckets[BUCKETS];
	void *rules;		/* talloc parent of the entries */
	size_t n;
	uint64_t zones;		/* zone_generation() that they were computed with */
};

struct plan_cache *plan_cache_new(const void *ctx)
{
	struct plan_cache *m =
		alloc_checked(talloc_zero(ctx, struct plan_cache));

	m->rules = talloc_new(m);
	return m;
}

void plan_cache_trim(struct plan_cache *cache)
{
	const uint64_t zones = zone_generation();

	if (!cache || (cache->n < RULES_MAX && cache->zones == zones))
		return;
	cache->zones = zones;
	memset(cache->buckets, 0, sizeof(cache->buckets));
	cache->n = 0;
	talloc_free(cache->rules);
	cache->rules = talloc_new(cache);
}

static const char *text(const char *s)
{
	return s ? s : "";
}

static char *name_of(const void *ctx, const struct schedule *s)
{
	char *name = alloc_checked(talloc_asprintf(ctx,
						   "%d\n%s\n%s\n%s\n%s\n%s",
						   (int)s->frequency,
						   text(s->date), text(s->time),
						   text(s->days), text(s->cron),
						   text(s->timezone)));

	return name;
}

static struct plan_rule *make(const void *ctx, const struct schedule *s,
			      struct err *e)
{
	struct plan_rule *r = alloc_checked(talloc_zero(ctx, struct plan_rule));

	r->recurrence = recurrence_new(r, s, e);
	if (!r->recurrence) {
		talloc_free(r);
		return NULL;
	}
	return r;
}

struct plan_rule *plan_rule_find(struct plan_cache *cache, const void *ctx,
				 const struct schedule *s, struct err *e)
{
	struct plan_rule *r, **bucket;
	char *name;

	if (!cache)
		return make(ctx, s, e);
	name = name_of(cache->rules, s);
	bucket = &cache->buckets[plan_spread(name, 0) % BUCKETS];
	for (r = *bucket; r && !str_equal(r->name, name); r = r->next)
		;
	if (!r && (r = make(cache->rules, s, e))) {
		r->name = talloc_steal(r, name);
		r->next = *bucket;
		*bucket = r;
		cache->n++;
		return r;
	}
	talloc_free(name);
	return r;
}

int64_t plan_rule_next(struct plan_rule *r, int64_t after)
{
	if (!r->asked || r->after != after) {
		r->then = recurrence_next(r->recurrence, after);
		r->after = after;
		r->asked = true;
	}
	return r->then;
}
