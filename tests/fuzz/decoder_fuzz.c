/*
 * The stream-json decoder on any bytes, split in two anywhere; each part it
 * reports is drawn.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "transcript/decoder.h"
#include "transcript/part.h"

struct state {
	const struct templates *templates;
	const struct i18n_locale *text;
	int turns;	/* open ones: 0 or 1 */
	int drawn;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_part(void *data, const struct part *p)
{
	auto_buf out = BUF_INIT(64 << 20);
	struct state *s = data;
	struct err e = { 0 };

	if (!utf8_valid(p->data, strlen(p->data)))
		abort();
	/* Drawing is slow beside decoding: a sample of a long log is enough. */
	if (s->drawn++ < 40 && part_render(s->templates, s->text, "UTC", p, NULL, &out, &e) < 0) {
		fprintf(stderr, "%s: %s\n", p->kind, e.text);
		abort();
	}
}

static const char *on_words(void *data, const char *uuid)
{
	return uuid[0] == 'f' ? NULL : "what was typed";
}

static void on_turn_started(void *data)
{
	if (((struct state *)data)->turns++)
		abort();
}

static void on_turn_ended(void *data, bool ok, const struct turn_usage *usage)
{
	if (--((struct state *)data)->turns)
		abort();
}

static int64_t now(void)
{
	return 1795420000000;
}

static const struct templates *load(const struct i18n_locale **text)
{
	static const struct templates *templates;
	static struct i18n *texts;
	const char *srcdir = getenv("top_srcdir");
	struct err e = { 0 };
	char dir[512];

	if (!templates) {
		snprintf(dir, sizeof(dir), "%s/templates/locale", srcdir ? srcdir : ".");
		texts = i18n_load(NULL, dir, &e);
		snprintf(dir, sizeof(dir), "%s/templates", srcdir ? srcdir : ".");
		templates = texts ? templates_load(NULL, dir, texts, &e) : NULL;
		if (!templates) {
			fprintf(stderr, "%s\n", e.text);
			exit(1);
		}
	}
	*text = i18n_find(texts, "ko");
	return templates;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decoder_events events = {
		.part = on_part, .words = on_words,
		.turn_started = on_turn_started,
		.turn_ended = on_turn_ended,
	};
	size_t cut = size ? data[0] * size / 256 : 0;
	struct state s = { 0 };
	struct decoder *d;

	s.templates = load(&s.text);
	d = decoder_new(NULL, 0, NULL, 0, false, now, &events, &s);
	decoder_feed(d, data, cut);
	decoder_feed(d, data + cut, size - cut);
	if (decoder_safe_offset(d) > decoder_offset(d) || decoder_offset(d) > (int64_t)size)
		abort();
	talloc_free(d);
	return 0;
}
