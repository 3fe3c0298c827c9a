/* Operating system commands: title, folder, links. All others are ignored. */
#include "config.h"
#include "emulator/emulator_internal.h"

#include <stdlib.h>
#include <string.h>

#include "core/percent.h"
#include "core/str.h"

/* Valid UTF-8 without control characters, cut at a character. */
static void keep_text(char out[EMULATOR_TEXT_MAX], const char *text, size_t n)
{
	auto_buf clean = BUF_INIT(4 * OSC_MAX);
	struct err e = { 0 };
	size_t i, len;

	if (utf8_scrub(&clean, text, n, true, &e) < 0)
		return;
	len = utf8_prefix(buf_text(&clean), clean.len, EMULATOR_TEXT_MAX - 1);
	memcpy(out, buf_text(&clean), len);
	out[len] = '\0';
	for (i = 0; i < len; i++) {
		if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
			out[i] = ' ';
	}
}

/* file://host/path */
static void keep_folder(struct emulator *t, const char *url)
{
	char path[OSC_MAX + 1];
	ptrdiff_t n;

	if (!str_starts(url, "file://"))
		return;
	url = strchr(url + 7, '/');
	if (!url || strlen(url) >= sizeof(path))
		return;
	n = percent_decode(path, url, strlen(url), false);
	if (n > 0)
		keep_text(t->folder, path, (size_t)n);
}

/* ---- links ---- */

static void mark(const struct emulator *t, const struct grid *g, bool *used)
{
	int x, y;

	for (y = 0; y < t->nrows; y++) {
		for (x = 0; x < t->ncols; x++) {
			if (g->rows[y]->cells[x].pen.link)
				used[g->rows[y]->cells[x].pen.link - 1] = true;
		}
	}
}

static void release_unused(struct emulator *t)
{
	bool used[LINKS_MAX] = { false };
	size_t i;

	mark(t, &t->main, used);
	mark(t, &t->alt, used);
	if (t->main.saved.pen.link)
		used[t->main.saved.pen.link - 1] = true;
	if (t->alt.saved.pen.link)
		used[t->alt.saved.pen.link - 1] = true;
	for (i = 0; i < LINKS_MAX; i++) {
		if (!used[i]) {
			free(t->links[i]);
			t->links[i] = NULL;
		}
	}
}

void osc_release_links(struct emulator *t)
{
	size_t i;

	for (i = 0; i < LINKS_MAX; i++) {
		free(t->links[i]);
		t->links[i] = NULL;
	}
}

static bool printable(const char *url)
{
	const char *at;

	for (at = url; *at; at++) {
		if ((unsigned char)*at <= 0x20 || (unsigned char)*at >= 0x7f)
			return false;
	}
	return at - url <= LINK_BYTES;
}

/* 0: none, or the screen is full of others. */
static uint16_t find_link(struct emulator *t, const char *url)
{
	size_t i, round;

	for (i = 0; i < LINKS_MAX; i++) {
		if (t->links[i] && str_equal(t->links[i], url))
			return (uint16_t)(i + 1);
	}
	for (round = 0; round < 2; round++) {
		for (i = 0; i < LINKS_MAX; i++) {
			if (t->links[i])
				continue;
			t->links[i] = alloc_checked(strdup(url));
			return (uint16_t)(i + 1);
		}
		release_unused(t);
	}
	return 0;
}

/* 8;parameters;URL */
static void set_link(struct emulator *t, const char *text)
{
	const char *url = strchr(text, ';');

	t->pen.link = 0;
	if (url && url[1] && printable(url + 1))
		t->pen.link = find_link(t, url + 1);
}

void osc_run(struct emulator *t)
{
	const char *text = buf_text(&t->parser.osc);
	const char *rest = strchr(text, ';');
	size_t n = rest ? (size_t)(rest - text) : 0;

	if (!rest)
		return;
	rest++;
	if (n == 1 && (text[0] == '0' || text[0] == '2'))
		keep_text(t->title, rest, strlen(rest));
	else if (n == 1 && text[0] == '7')
		keep_folder(t, rest);
	else if (n == 1 && text[0] == '8')
		set_link(t, rest);
}
