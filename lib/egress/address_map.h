/*
 * Maps an address to the account whose workspace has it. The engine's listing
 * is cached until a container is started or stopped, and at most
 * ADDRESS_MAP_MS: an address is never attributed to its former owner.
 */
#ifndef EGRESS_ADDRESS_MAP_H
#define EGRESS_ADDRESS_MAP_H

#include "core/id.h"
#include "engine/engine.h"

#define ADDRESS_MAP_MS 10000
#define ADDRESS_MAP_AGAIN_MS 500	/* between two look-ups of an unknown address */

struct address_map;

/* Keeps loop and eng; instance is copied. Gives (child of ctx). */
struct address_map *address_map_new(const void *ctx, uv_loop_t *loop,
				    struct engine *eng,
				    const char *instance);
/*
 * Call before the engine is freed; waiting look-ups get no answer. The loop
 * must run once more.
 */
void address_map_close(struct address_map *p);

/* A container moves: invalidates the cache and pending listings. */
void address_map_forget(struct address_map *p);

/*
 * user_id: NULL when no workspace has it. e: the engine does not answer.
 * Called once, at the latest at the engine's deadline; may come from inside.
 */
typedef void address_map_found(void *data, const char *user_id,
			       const struct err *e);
void address_map_find(struct address_map *p, const char *address,
		      address_map_found *found, void *data);

#endif
