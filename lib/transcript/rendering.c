#include "config.h"
#include "transcript/rendering.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/digest.h"
#include "html/markdown.h"
#include "store/renderings.h"

#define PRUNE_EACH 64		/* attempts to store a rendering */
#define FRESH_MAX (4u << 20)	/* bytes */

struct fresh_rendering {
	STAILQ_ENTRY(fresh_rendering) next;
	int64_t at;
	char hash[DIGEST_SIZE];
	char html[];
};

void rendering_init(struct rendering *r, struct db *db,
		    struct renderer *renderer, const char *subject, int wait_ms)
{
	*r = (struct rendering){
		.db = db, .renderer = renderer, .subject = subject,
		.wait_ms = wait_ms, .html = BUF_INIT(MARKDOWN_HTML_MAX),
	};
	STAILQ_INIT(&r->fresh);
}

static int keep_all(const struct rendering *r, struct err *e)
{
	const struct fresh_rendering *f;

	STAILQ_FOREACH(f, &r->fresh, next) {
		if (rendering_save(r->db, r->subject, f->at, f->hash, f->html,
				   e) < 0)
			return -1;
	}
	return 0;
}

static void store_fresh(const struct rendering *r)
{
	static atomic_uint times;
	struct err e = { 0 };

	if (STAILQ_EMPTY(&r->fresh) || db_begin_relaxed(r->db, &e) < 0)
		return;
	if (keep_all(r, &e) < 0)
		db_rollback(r->db);
	else if (db_commit(r->db, &e) == 0 &&
		 atomic_fetch_add(&times, 1) % PRUNE_EACH == 0)
		(void)!renderings_prune(r->db, RENDERINGS_MAX, &e);
}

void rendering_release(struct rendering *r)
{
	struct fresh_rendering *f;

	store_fresh(r);
	while ((f = STAILQ_FIRST(&r->fresh))) {
		STAILQ_REMOVE_HEAD(&r->fresh, next);
		free(f);
	}
	buf_release(&r->html);
}

/* The version and the text's digest, so that no text has to be copied. */
static void name(const char *text, size_t n, char hash[DIGEST_SIZE])
{
	char of[DIGEST_SIZE + 24];
	int len;

	digest_hex(text, n, hash);
	len = snprintf(of, sizeof(of), "%d %s", MARKDOWN_VERSION, hash);
	digest_hex(of, (size_t)len, hash);
}

static void add_fresh(struct rendering *r, int64_t at, const char *hash)
{
	struct fresh_rendering *f;

	if (!r->db || r->fresh_bytes + r->html.len > FRESH_MAX)
		return;
	f = alloc_checked(malloc(sizeof(*f) + r->html.len + 1));
	f->at = at;
	memcpy(f->hash, hash, DIGEST_SIZE);
	memcpy(f->html, buf_text(&r->html), r->html.len + 1);
	r->fresh_bytes += r->html.len;
	STAILQ_INSERT_TAIL(&r->fresh, f, next);
}

const char *rendering_html(struct rendering *r, int64_t at, const char *text,
			   size_t n)
{
	int64_t began;
	char hash[DIGEST_SIZE];
	struct err e = { 0 };
	enum rendered how;

	buf_clear(&r->html);
	name(text, n, hash);
	if (r->db && rendering_load(r->db, r->subject, at, hash, &r->html, &e) == 0)
		return buf_text(&r->html);
	buf_clear(&r->html);
	if (r->wait_ms <= 0)
		return "";
	began = clock_mono_ms();
	how = renderer_markdown(r->renderer, text, n, r->wait_ms, &r->html);
	r->wait_ms -= (int)(clock_mono_ms() - began);
	if (how == RENDERED_HTML || how == RENDERED_PLAIN)
		add_fresh(r, at, hash);
	return buf_text(&r->html);
}
