/* gongbang-bridge: browsers' WebSockets <-> workspaces. */
#include "config.h"

#include <malloc.h>
#include <stdlib.h>

#include "bridge/bridge.h"
#include "core/log.h"
#include "html/renderer.h"
#include "kv/kv_login.h"

#define BIG (256 << 10)	/* bytes: larger blocks return to the system when freed */

int main(int argc, char **argv)
{
	struct settings *s = settings_main(&argc, &argv);
	struct err e = { 0 };
	struct bridge *b = NULL;

	renderer_start();
	/*
	 * Otherwise glibc raises the threshold after long lines and keeps
	 * their memory.
	 */
	mallopt(M_MMAP_THRESHOLD, BIG);
	log_start("gongbang-bridge", settings_flag(s, SET_DEBUG));
	if (kv_login_read(s, "bridge", &e) == 0)
		b = bridge_new(s, &e);
	if (!b) {
		log_failure("start", &e, NULL);
		return EXIT_FAILURE;
	}
	log_event(LOG_INFO, "started", "web", settings_text(s, SET_WEB_SOCKET),
		  "control", settings_text(s, SET_CONTROL_SOCKET), NULL);
	bridge_run(b);
	bridge_free(b);
	settings_free(s);
	return EXIT_SUCCESS;
}
