/*
 * A workspace in a scripted engine with a scripted shim; time runs 20 times
 * as fast, and the host is as busy and full as a test says (link with
 * --wrap=uv_timer_start,--wrap=clock_mono_ms,--wrap=host_load,--wrap=host_memory_left).
 */
#ifndef WORKSPACE_WORLD_H
#define WORKSPACE_WORLD_H

#include "../engine/fake.h"
#include "fake_link.h"
#include "workspace/workspace_internal.h"

#define USER "01890a5d-ac96-774b-bcce-b302099a8057"
#define CONTAINER "gongbang-87bd6ad8b1f005da"	/* of SHA-256 of USER */

#define IDLE_S "10"			/* the least; usually no test waits for it */
#define FASTER 20			/* timers of the loop run so many times faster */
#define USUAL 128			/* shares of a container */
#define BOOSTED 65536

struct world {
	uv_loop_t loop;
	void *ctx;
	struct fake *fake;
	struct engine *engine;
	struct settings *settings;
	struct workspaces *all;
	struct workspace *w;
	/* The engine's world. */
	bool exists, running, image, network, other_bridge, deaf, slow_create, volume_in_use;
	char hash[65], token_hash[65], image_id[16];
	int64_t shares;			/* the container's */
	int unweighed;			/* updates that the engine is still to refuse */
	const char *greeting;		/* NULL: the exec ends with 126 */
	const char *listed;
	/* C create, S start, T stop, R remove, X exec, + - boost, V remove volume (v: refused) */
	char log[4096];
	char created[8192];
	struct fake_client *exec, *pending;
	char moves[64];			/* m moves, U up, D down */
	char states[256];		/* a letter a change */
	enum workspace_state last;
	bool link_seen;
};

extern int64_t skipped;			/* added to clock_mono_ms */
extern double load;			/* host_load */
extern int64_t memory_left;		/* host_memory_left, MiB */

int world_set_up(void **state);
int world_tear_down(void **state);
/* As a new bridge begins. */
void world_open_all(struct world *w);
/* The container of the last create is there. */
void world_made(struct world *w);
void world_set(struct world *w, const char *name, const char *value);
/* Runs the loop until the state, at most 10 s. */
bool world_reach(struct world *w, enum workspace_state wanted);
/* Held and ready; its logs are empty again. */
void world_bring_up(struct world *w);
/* As a new bridge meets what another one left. */
void world_reopen(struct world *w);

#endif
