#include "config.h"
#include "worker/plan.h"
#include "core/hash.h"
#include "worker/plan_internal.h"

#include <endian.h>
#include <string.h>

#include "core/host.h"

/*
 * FNV-1a, then MurmurHash3's finalizer, so that consecutive times are spread
 * far apart.
 */
uint64_t plan_spread(const char *text, int64_t number)
{
	uint64_t h = hash_64(HASH_64_OFFSET, text, strlen(text));
	uint64_t little = htole64((uint64_t)number);

	h = hash_64(h, &little, sizeof(little));
	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

int plan_next(struct planner *p, int64_t *at, struct err *e)
{
	return due_next(p->db, at, e);
}

bool plan_memory_short(const struct settings *s)
{
	return host_memory_left() < settings_number(s, SET_RUN_MEMORY_RESERVE);
}

bool plan_disk_short(const struct settings *s)
{
	int64_t reserve = settings_number(s, SET_DISK_RESERVE);

	return host_disk_left(settings_text(s, SET_DATABASE)) < reserve ||
	       host_disk_left(settings_text(s, SET_GATEWAY_JOURNAL)) < reserve;
}

static const char *why_waits(struct planner *p, const struct queue_place *q,
			     int64_t now)
{
	if (!q->position)
		return "";
	if (q->not_before > now)
		return "later";
	if (q->running_agent)
		return "agent";
	if (q->running_user >= settings_number(p->settings, SET_RUNS_PER_USER))
		return "user";
	if (q->running >= settings_number(p->settings, SET_RUNS_MAX))
		return "host";
	if (plan_disk_short(p->settings))
		return "disk";
	return plan_memory_short(p->settings) ? "memory" : "";
}

int plan_position(struct planner *p, const char *execution_id, int64_t now,
		  int64_t *position, const char **why, struct err *e)
{
	struct queue_place q;

	if (queue_place(p->db, execution_id, now, &q, e) < 0)
		return -1;
	*position = q.position;
	*why = why_waits(p, &q, now);
	return 0;
}
