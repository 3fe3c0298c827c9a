/*
 * Which account's workspace has an address. The engine knows; what it said is
 * believed until a container is started or stopped, and no longer than
 * ADDRESS_MAP_MS: an address is never taken for its former owner's.
 */
#ifndef EGRESS_ADDRESS_MAP_H
#define EGRESS_ADDRESS_MAP_H

#include "core/id.h"
#include "engine/engine.h"

#define ADDRESS_MAP_MS 10000
#define ADDRESS_MAP_AGAIN_MS 500	/* between two looks for an unknown address */

struct address_map;

/* Keeps loop and eng; instance is copied. Gives (child of ctx). */
struct address_map *address_map_new(const void *ctx, uv_loop_t *loop,
				    struct engine *eng,
				    const char *instance);
/* Before the engine is freed; who still waits hears nothing. The loop must run once more. */
void address_map_close(struct address_map *p);

/* A container moves: nothing that was known, or is being asked, holds. */
void address_map_forget(struct address_map *p);

/*
 * user_id: NULL when no workspace has it. e: the engine does not say. Once, at
 * the latest when the engine's deadline is over; may come from inside.
 */
typedef void address_map_found(void *data, const char *user_id,
			       const struct err *e);
void address_map_find(struct address_map *p, const char *address,
		      address_map_found *found, void *data);

#endif
