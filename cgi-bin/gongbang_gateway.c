/* gongbang-gateway: the workspaces <-> the model service. */
#include "config.h"

#include <malloc.h>
#include <stdlib.h>

#include "core/log.h"
#include "gateway/gateway.h"
#include "kv/kv_login.h"

#define BIG (48 << 10)	/* bytes: larger blocks return to the system when freed */

int main(int argc, char **argv)
{
	struct settings *s = settings_main(&argc, &argv);
	struct err e = { 0 };
	struct gateway *g = NULL;

	mallopt(M_MMAP_THRESHOLD, BIG);
	log_start("gongbang-gateway", settings_flag(s, SET_DEBUG));
	if (kv_login_read(s, "gateway", &e) == 0)
		g = gateway_new(s, &e);
	if (!g) {
		log_failure("start", &e, NULL);
		settings_free(s);
		return EXIT_FAILURE;
	}
	gateway_run(g);
	gateway_free(g);
	settings_free(s);
	return EXIT_SUCCESS;
}
