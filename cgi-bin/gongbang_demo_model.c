/* gongbang-demo-model: a scripted Messages API, to try Gongbang without a key. */
#include "config.h"

#include <signal.h>
#include <stdio.h>

#include "core/log.h"
#include "core/settings.h"
#include "demo/demo_server.h"

int main(int argc, char **argv)
{
	struct settings *s = settings_main(&argc, &argv);
	const char *listen = settings_text(s, SET_MODEL_LISTEN);
	struct demo_server *server;
	struct err e = { 0 };
	sigset_t stop;
	int which;

	log_start("gongbang-demo-model", settings_flag(s, SET_DEBUG));
	if (argc > 0) {
		fprintf(stderr, "gongbang-demo-model: takes no arguments\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	server = demo_server_new(listen, &e);
	if (!server) {
		log_failure("start", &e, NULL);
		settings_free(s);
		return 1;
	}
	log_event(LOG_INFO, "ready", "listen", listen, NULL);
	sigwait(&stop, &which);
	log_event(LOG_INFO, "stopping", NULL);
	demo_server_free(server);
	settings_free(s);
	return 0;
}
