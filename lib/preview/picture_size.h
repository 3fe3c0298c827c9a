/*
 * A picture's size by its header alone: PNG (RFC 2083, 4.1.1), JPEG (ITU T.81,
 * B.2.2), GIF (89a, 18) and WebP (RFC 9649). Nothing is decoded, so a picture
 * that would need gigabytes to be shown is known before anyone decodes it.
 */
#ifndef PREVIEW_PICTURE_SIZE_H
#define PREVIEW_PICTURE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PICTURE_SIDE_MAX 16384
#define PICTURE_PIXELS_MAX (64 << 20)
#define PICTURE_SHOWN_WIDTH 640	/* CSS pixels, in a conversation or a run */
#define PICTURE_SHOWN_HEIGHT 420

struct picture_size {
	uint32_t width, height;	/* pixels */
};

/* False when the first bytes do not say the size. */
bool picture_size_read(const void *head, size_t n, struct picture_size *out);

/* Makes it smaller, if it must be, so that it fits; its shape stays. */
void picture_size_fit(struct picture_size *size, uint32_t width,
		      uint32_t height);

/* Whether a browser may be asked to draw it. */
bool picture_size_shown(const struct picture_size *size);

#endif
