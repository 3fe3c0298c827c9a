#include "config.h"
#include "egress/address_map.h"

#include <string.h>
#include <sys/queue.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"

struct place {
	char address[46], user_id[ID_SIZE];
};

struct asker {
	STAILQ_ENTRY(asker) next;
	char address[46];
	address_map_found *found;
	void *data;
};

/* A pending listing; a child of the engine that outlives neither. */
struct look {
	struct address_map *all;
	uint64_t age;		/* when it was requested */
};

struct address_map {
	struct engine *engine;
	char *instance;
	uv_timer_t *timer;
	struct place *rows;
	size_t n;
	bool known;
	int64_t known_at;	/* clock_mono_ms */
	uint64_t age;		/* incremented whenever a container moves */
	struct look *look;
	STAILQ_HEAD(askers, asker) askers;
};

static const char *find_user(const struct address_map *p, const char *address)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (str_equal(p->rows[i].address, address))
			return p->rows[i].user_id;
	}
	return NULL;
}

/* Answers all waiting look-ups; a look-up made from inside starts a new listing. */
static void answer_askers(struct address_map *p, const struct err *e)
{
	struct askers now = STAILQ_HEAD_INITIALIZER(now);
	struct asker *a;

	STAILQ_CONCAT(&now, &p->askers);
	while ((a = STAILQ_FIRST(&now))) {
		STAILQ_REMOVE_HEAD(&now, next);
		if (a->found)
			a->found(a->data, e ? NULL : find_user(p, a->address), e);
		talloc_free(a);
	}
}

static void look(struct address_map *p);

static void replace_rows(struct address_map *p, const struct container_place *rows,
			 size_t n)
{
	size_t i;

	TALLOC_FREE(p->rows);
	p->rows = talloc_zero_array(p, struct place, (unsigned)n + 1);
	p->n = 0;
	for (i = 0; i < n; i++) {
		struct place *row = &p->rows[p->n];

		/* An engine assigns no address twice; the first counts. */
		if (rows[i].address[0] && id_valid(rows[i].user_id) &&
		    str_copy(row->address, sizeof(row->address),
			     rows[i].address) &&
		    str_copy(row->user_id, sizeof(row->user_id),
			     rows[i].user_id) && !find_user(p, row->address))
			p->n++;
	}
	p->known = true;
	p->known_at = clock_mono_ms();
}

static void listed(void *data, const struct container_place *rows, size_t n,
		   const struct err *e)
{
	struct look *l = data;
	struct address_map *p = l->all;
	bool old = p && l->age != p->age;

	talloc_free(l);
	if (!p)
		return;
	if (!e && !old)
		replace_rows(p, rows, n);
	if (!e && old)
		look(p);
	else
		answer_askers(p, e);
}

static int forget_look(struct look *l)
{
	if (l->all)
		l->all->look = NULL;
	return 0;
}

static void look(struct address_map *p)
{
	uv_timer_stop(p->timer);
	if (p->look)
		return;
	p->look = talloc_zero(p->engine, struct look);
	p->look->all = p;
	p->look->age = p->age;
	talloc_set_destructor(p->look, forget_look);
	engine_places(p->engine, p->instance, listed, p->look);
}

static void on_timer(uv_timer_t *t)
{
	look(t->data);
}

struct address_map *address_map_new(const void *ctx, uv_loop_t *loop,
				    struct engine *eng,
				    const char *instance)
{
	struct address_map *p = talloc_zero(ctx, struct address_map);

	p->engine = eng;
	p->instance = talloc_strdup(p, instance);
	STAILQ_INIT(&p->askers);
	p->timer = talloc_zero(NULL, uv_timer_t);
	uv_timer_init(loop, p->timer);
	p->timer->data = p;
	return p;
}

static void free_timer(uv_handle_t *h)
{
	talloc_free(h);
}

void address_map_close(struct address_map *p)
{
	if (p->look)
		p->look->all = NULL;
	p->look = NULL;
	uv_close((uv_handle_t *)p->timer, free_timer);
}

void address_map_forget(struct address_map *p)
{
	p->age++;
	p->known = false;
}

/* An unknown address is looked up again, but not at once for each attempt. */
void address_map_find(struct address_map *p, const char *address,
		      address_map_found *found,
		      void *data)
{
	int64_t age = clock_mono_ms() - p->known_at;
	const char *user_id;
	struct asker *a;

	if (p->known && age < ADDRESS_MAP_MS && (user_id = find_user(p, address))) {
		found(data, user_id, NULL);
		return;
	}
	a = talloc_zero(p, struct asker);
	a->found = found;
	a->data = data;
	if (!str_copy(a->address, sizeof(a->address), address)) {
		found(data, NULL, NULL);
		talloc_free(a);
		return;
	}
	STAILQ_INSERT_TAIL(&p->askers, a, next);
	if (p->known && age < ADDRESS_MAP_AGAIN_MS && !p->look)
		uv_timer_start(p->timer, on_timer,
			       (uint64_t)(ADDRESS_MAP_AGAIN_MS - age), 0);
	else
		look(p);
}
