#include "config.h"
#include "engine/docker_frames.h"

#include <string.h>

/* 0 is stdin's echo, which an exec never sends; 3 is the engine's own error. */
enum { STREAM_OUT = 1, STREAM_ERR = 2, STREAM_SYSTEM = 3 };

static int read_head(struct docker_frames *f, struct err *e)
{
	const unsigned char *h = f->head;

	if (h[0] < STREAM_OUT || h[0] > STREAM_SYSTEM || h[1] || h[2] || h[3])
		return err_set(e, ERR_UNAVAILABLE,
			       "no frame of the engine: %02x%02x%02x%02x",
			       h[0], h[1], h[2], h[3]);
	f->left = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 |
		  (uint32_t)h[6] << 8 | h[7];
	if (!f->left)
		f->have = 0;
	return 0;
}

int docker_frames_feed(struct docker_frames *f, const void *bytes, size_t n,
		       docker_frame *each, void *data, struct err *e)
{
	const unsigned char *b = bytes;
	size_t part;

	while (n) {
		if (f->have < sizeof(f->head)) {
			part = sizeof(f->head) - f->have;
			part = n < part ? n : part;
			memcpy(f->head + f->have, b, part);
			f->have += part;
			if (f->have == sizeof(f->head) && read_head(f, e) < 0)
				return -1;
		} else {
			int stream = f->head[0] == STREAM_OUT ? 1 : 2;

			part = n < f->left ? n : f->left;
			f->left -= (uint32_t)part;
			if (!f->left)
				f->have = 0;
			if (!each(data, stream, b, part))
				return 0;
		}
		b += part;
		n -= part;
	}
	return 0;
}

bool docker_frames_whole(const struct docker_frames *f)
{
	return f->have == 0;
}
