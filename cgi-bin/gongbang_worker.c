/* gongbang-worker: starts runs of agents that are due. */
#include "config.h"

#include <malloc.h>
#include <stdlib.h>

#include "core/log.h"
#include "kv/kv_login.h"
#include "worker/worker.h"

#define BIG (64 << 10)	/* bytes: larger blocks return to the system when freed */

int main(int argc, char **argv)
{
	struct settings *s = settings_main(&argc, &argv);
	struct err e = { 0 };
	struct worker *w = NULL;

	mallopt(M_MMAP_THRESHOLD, BIG);
	mallopt(M_ARENA_MAX, 2);	/* the loop, and one job at a time */
	log_start("gongbang-worker", settings_flag(s, SET_DEBUG));
	if (kv_login_read(s, "worker", &e) == 0)
		w = worker_new(s, &e);
	if (!w) {
		log_failure("start", &e, NULL);
		settings_free(s);
		return EXIT_FAILURE;
	}
	log_event(LOG_INFO, "started", NULL);
	worker_run(w);
	worker_free(w);
	settings_free(s);
	return EXIT_SUCCESS;
}
