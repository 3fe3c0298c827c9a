/*
 * The engine's HTTP answers: the first byte's bit 0 asks for an upgrade; bit 1
 * splits it into bytes.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "engine/docker_http.h"
#include "engine/docker_response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct docker_response r;
	struct err e = { 0 };
	size_t at, step;
	ssize_t used = 0;

	if (!size)
		return 0;
	docker_response_init(&r, data[0] & 1, 4096);
	step = data[0] & 2 ? 1 : size - 1;
	for (at = 1; at < size && !r.done && !r.raw; at += step) {
		used = docker_response_feed(&r, (const char *)data + at, step, &e);
		if (used < 0)
			break;
		if ((size_t)used > step)
			abort();
	}
	if (used >= 0 && docker_response_end(&r, &e) == 0 && r.done &&
	    r.status < 100)
		abort();
	if (r.body.len > 4096 || (r.raw && r.body.len))
		abort();
	if (r.done && docker_status(r.status, &r.body, &e) < 0 && !e.kind)
		abort();
	docker_response_release(&r);
	return 0;
}
