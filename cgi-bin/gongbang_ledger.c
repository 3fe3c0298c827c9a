/* gongbang-ledger: what the gateway may read and add in the store, and nothing else of it. */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <talloc.h>

#include "core/log.h"
#include "core/settings.h"
#include "ledger/server.h"

static void end(uv_signal_t *signal, int number)
{
	uv_stop(signal->loop);
}

int main(int argc, char **argv)
{
	struct settings *s = settings_main(&argc, &argv);
	const char *path = settings_text(s, SET_LEDGER_SOCKET);
	struct ledger_server *server;
	struct err e = { 0 };
	uv_signal_t ends[2];
	struct db *db;
	uv_loop_t loop;

	log_start("gongbang-ledger", settings_flag(s, SET_DEBUG));
	signal(SIGPIPE, SIG_IGN);
	uv_loop_init(&loop);
	db = db_open(NULL, settings_text(s, SET_DATABASE), &e);
	server = db ? ledger_server_new(&loop, path, db, &e) : NULL;
	if (!server) {
		log_failure("start", &e, NULL);
		return EXIT_FAILURE;
	}
	uv_signal_init(&loop, &ends[0]);
	uv_signal_init(&loop, &ends[1]);
	uv_signal_start(&ends[0], end, SIGTERM);
	uv_signal_start(&ends[1], end, SIGINT);
	log_event(LOG_INFO, "started", "socket", path, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	ledger_server_free(server);
	uv_run(&loop, UV_RUN_NOWAIT);
	talloc_free(db);
	settings_free(s);
	return EXIT_SUCCESS;
}
