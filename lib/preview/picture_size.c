#include "config.h"
#include "preview/picture_size.h"

#include <string.h>

static uint32_t big16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t little16(const uint8_t *p)
{
	return (uint32_t)p[1] << 8 | p[0];
}

static uint32_t little24(const uint8_t *p)
{
	return (uint32_t)p[2] << 16 | little16(p);
}

static bool read_png(const uint8_t *p, size_t n, struct picture_size *out)
{
	if (n < 24 || memcmp(p + 12, "IHDR", 4) != 0)
		return false;
	out->width = big16(p + 16) << 16 | big16(p + 18);
	out->height = big16(p + 20) << 16 | big16(p + 22);
	return true;
}

static bool read_gif(const uint8_t *p, size_t n, struct picture_size *out)
{
	if (n < 10)
		return false;
	out->width = little16(p + 6);
	out->height = little16(p + 8);
	return true;
}

/* A frame header: SOF0 to SOF15 but the tables DHT, JPG and DAC. */
static bool begins_frame(uint8_t marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 &&
	       marker != 0xc8 && marker != 0xcc;
}

static bool read_jpeg(const uint8_t *p, size_t n, struct picture_size *out)
{
	size_t at = 2;

	while (at + 9 <= n) {
		if (p[at] != 0xff)
			return false;
		if (p[at + 1] == 0xff) {	/* a fill byte */
			at++;
			continue;
		}
		if (begins_frame(p[at + 1])) {
			out->height = big16(p + at + 5);
			out->width = big16(p + at + 7);
			return true;
		}
		at += 2;
		if ((p[at - 1] >= 0xd0 && p[at - 1] <= 0xd8) || p[at - 1] == 1)
			continue;		/* has no length */
		at += big16(p + at);
	}
	return false;
}

static bool read_webp(const uint8_t *p, size_t n, struct picture_size *out)
{
	uint32_t bits;

	if (n < 30)
		return false;
	if (memcmp(p + 12, "VP8X", 4) == 0) {
		out->width = little24(p + 24) + 1;
		out->height = little24(p + 27) + 1;
		return true;
	}
	if (memcmp(p + 12, "VP8L", 4) == 0 && p[20] == 0x2f) {
		bits = little16(p + 21) | little16(p + 23) << 16;
		out->width = (bits & 0x3fff) + 1;
		out->height = (bits >> 14 & 0x3fff) + 1;
		return true;
	}
	if (memcmp(p + 12, "VP8 ", 4) == 0 &&
	    memcmp(p + 23, "\x9d\x01\x2a", 3) == 0) {
		out->width = little16(p + 26) & 0x3fff;
		out->height = little16(p + 28) & 0x3fff;
		return true;
	}
	return false;
}

bool picture_size_read(const void *head, size_t n, struct picture_size *out)
{
	static const struct {
		const char *magic;
		size_t n;
		bool (*read)(const uint8_t *p, size_t n, struct picture_size *out);
	} rows[] = {
		{ "\x89PNG\r\n\x1a\n", 8, read_png },
		{ "\xff\xd8\xff", 3, read_jpeg },
		{ "GIF8", 4, read_gif },
		{ "RIFF", 4, read_webp },
	};
	struct picture_size size = { 0, 0 };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (n < rows[i].n || memcmp(head, rows[i].magic, rows[i].n) != 0)
			continue;
		if (!rows[i].read(head, n, &size))
			return false;
		*out = size;
		return true;
	}
	return false;
}

void picture_size_fit(struct picture_size *size, uint32_t width,
		      uint32_t height)
{
	const uint64_t w = size->width, h = size->height;

	if (w <= width && h <= height)
		return;		/* also when unknown */
	if (w * height > h * width) {
		size->width = width;
		size->height = (uint32_t)(h * width / w);
	} else {
		size->width = (uint32_t)(w * height / h);
		size->height = height;
	}
	size->width += !size->width;
	size->height += !size->height;
}

bool picture_size_shown(const struct picture_size *size)
{
	return size->width > 0 && size->height > 0 &&
	       size->width <= PICTURE_SIDE_MAX &&
	       size->height <= PICTURE_SIDE_MAX &&
	       (uint64_t)size->width * size->height <= PICTURE_PIXELS_MAX;
}
