#include "config.h"
#include "bridge/yield.h"

struct holder yield_holder(const struct holder_facts *f)
{
	struct holder h = { .does = HOLDER_WORKS, .watched = f->watched };

	if (f->run)
		return h;
	if (f->rests) {
		h.does = HOLDER_IDLE;
		h.since = f->idle_since;
	} else if (f->waiting_since) {
		h.does = HOLDER_WAITS;
		h.since = f->waiting_since;
	}
	return h;
}

static bool may_yield(const struct holder *h, int64_t now, int64_t patience_ms)
{
	return h->does == HOLDER_IDLE ||
	       (h->does == HOLDER_WAITS && patience_ms >= 0 &&
		now - h->since >= patience_ms);
}

static bool sooner(const struct holder *a, const struct holder *b)
{
	if (a->does != b->does)
		return a->does == HOLDER_IDLE;
	if (a->does == HOLDER_WAITS && a->watched != b->watched)
		return b->watched;
	return a->since < b->since;
}

int yield_choose(const struct holder *h, int n, int64_t now, int64_t patience_ms)
{
	int i, found = -1;

	for (i = 0; i < n; i++) {
		if (may_yield(&h[i], now, patience_ms) &&
		    (found < 0 || sooner(&h[i], &h[found])))
			found = i;
	}
	return found;
}
