/*
 * gongbang-ledger: the gateway's restricted access to the store: a few reads,
 * and adding calls.
 */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <talloc.h>

#include "core/log.h"
#include "core/serve.h"
#include "core/settings.h"
#include "ledger/server.h"

int main(int argc, char **argv)
{
	struct settings *s = settings_main(&argc, &argv);
	const char *path = settings_text(s, SET_LEDGER_SOCKET);
	struct ledger_server *server;
	struct err e = { 0 };
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
	log_event(LOG_INFO, "started", "socket", path, NULL);
	serve_until_stopped(&loop);
	ledger_server_free(server);
	uv_run(&loop, UV_RUN_NOWAIT);
	talloc_free(db);
	settings_free(s);
	return EXIT_SUCCESS;
}
