/* Docker stream frames: however they are split, the streams are the same. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/docker_frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
	uint64_t hash[3];
	size_t bytes;
};

static bool add(void *data, int stream, const void *bytes, size_t n)
{
	struct sum *s = data;
	const uint8_t *b = bytes;

	if (stream < 1 || stream > 2 || !n)
		abort();
	s->bytes += n;
	while (n--)
		s->hash[stream] = (s->hash[stream] ^ *b++) * 1099511628211u;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct docker_frames whole = { 0 }, cut = { 0 };
	struct sum a = { 0 }, b = { 0 };
	struct err e = { 0 };
	int bad_a, bad_b = 0;
	size_t i;

	bad_a = docker_frames_feed(&whole, data, size, add, &a, &e);
	for (i = 0; i < size && !bad_b; i++)
		bad_b = docker_frames_feed(&cut, data + i, 1, add, &b, &e);
	if (bad_a != bad_b || memcmp(&a, &b, sizeof(a)) != 0 || a.bytes > size ||
	    (!bad_a && docker_frames_whole(&whole) != docker_frames_whole(&cut)))
		abort();
	return 0;
}
