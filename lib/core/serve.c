#include "config.h"
#include "core/serve.h"

#include <signal.h>
#include <stddef.h>

static void stop_loop(uv_signal_t *signal, int number)
{
	uv_stop(signal->loop);
}

void serve_until_stopped(uv_loop_t *loop)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	static uv_signal_t signals[2];	/* they do not end the loop */
	size_t i;

	for (i = 0; i < 2; i++) {
		uv_signal_init(loop, &signals[i]);
		uv_signal_start(&signals[i], stop_loop, numbers[i]);
	}
	uv_run(loop, UV_RUN_DEFAULT);
}
