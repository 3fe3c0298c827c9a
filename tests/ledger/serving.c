#include "config.h"
#include "serving.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <talloc.h>

static void end(uv_async_t *stop)
{
	struct serving *s = stop->data;

	ledger_server_free(s->server);
	uv_close((uv_handle_t *)stop, NULL);
}

static void *run(void *data)
{
	uv_run(data, UV_RUN_DEFAULT);
	return NULL;
}

void serving_restart(struct serving *s, const char *store)
{
	struct err e = { 0 };

	signal(SIGPIPE, SIG_IGN);
	s->db = db_open(NULL, store, &e);
	if (!s->db)
		fail_msg("%s", e.text);
	uv_loop_init(&s->loop);
	uv_async_init(&s->loop, &s->stop, end);
	s->stop.data = s;
	s->server = ledger_server_new(&s->loop, s->socket, s->db, &e);
	if (!s->server)
		fail_msg("%s", e.text);
	assert_int_equal(pthread_create(&s->thread, NULL, run, &s->loop), 0);
}

void serving_start(struct serving *s, const char *store)
{
	static int number;

	snprintf(s->socket, sizeof(s->socket), "%s.ledger%d", store, number++);
	serving_restart(s, store);
}

void serving_stop(struct serving *s)
{
	uv_async_send(&s->stop);
	pthread_join(s->thread, NULL);
	assert_int_equal(uv_loop_close(&s->loop), 0);
	talloc_free(s->db);
}
