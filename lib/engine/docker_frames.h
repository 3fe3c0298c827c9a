/*
 * The frames of an attached stream without a terminal (Docker Engine API,
 * ContainerAttach): stream number, three zero bytes, length (32 bits, big
 * endian), then that many bytes of the stream.
 */
#ifndef ENGINE_DOCKER_FRAMES_H
#define ENGINE_DOCKER_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* In the caller's storage; zero it. Buffers at most a partial header. */
struct docker_frames {
	unsigned char head[8];
	size_t have;		/* bytes of head */
	uint32_t left;		/* bytes of the frame's body still to come */
};

/* stream: 1 stdout, 2 stderr. Returning false stops the feed. */
typedef bool docker_frame(void *data, int stream, const void *bytes, size_t n);

/* ERR_UNAVAILABLE for anything else; each() may have been called. */
int docker_frames_feed(struct docker_frames *f, const void *bytes, size_t n,
		       docker_frame *each, void *data, struct err *e) must_check;

/* True between frames: only there may the stream end. */
bool docker_frames_whole(const struct docker_frames *f);

#endif
