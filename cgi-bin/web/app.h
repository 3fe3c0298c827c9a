/* What gongbang.fcgi loads once, and what each of its threads holds. */
#ifndef APP_H
#define APP_H

#include <stdbool.h>

#include "core/settings.h"
#include "html/fragments.h"
#include "html/renderer.h"
#include "html/template.h"
#include "http/request.h"
#include "http/response.h"
#include "kv/kv.h"
#include "store/db.h"

/* Read-only after app_load: threads share it. */
struct app {
	const struct settings *settings;
	const struct templates *templates;
	const struct i18n *i18n;
	const char *base_path;
};

/* Templates and catalogues, once. Gives (child of ctx); borrows the settings for good. */
struct app *app_load(const void *ctx, const struct settings *s,
		     struct err *e) must_check;

/* One thread's connections; both are opened again when they broke. */
struct page_worker {
	const struct app *app;
	struct db *db;	/* NULL until the store answered */
	struct kv *kv;
	struct fragments *rows;	/* of the list of conversations */
	struct renderer *renderer;
	void *pool;	/* where requests live; empty between them */
};

/* Gives (child of ctx). Nothing is connected yet. */
struct page_worker *page_worker_new(const void *ctx, const struct app *app);

/* The thread's store, opened on first use: ERR_UNAVAILABLE when it is away. */
struct db *page_worker_db(struct page_worker *w, struct err *e) must_check;

/* What becomes of a request that proves or sets a password (ROUTE_PASSWORD). */
enum app_passwords {
	PASSWORDS_NOW,
	PASSWORDS_LATER,	/* nothing is read or answered: false */
	PASSWORDS_REFUSED,	/* 503: too many wait */
};

/*
 * Answers one request: routes it, proves login, Origin and CSRF token, reads
 * the body, runs the handler, turns a failure into its page. Appends the whole
 * CGI output to bytes; never fails (the last resort is a plain 500). False:
 * see PASSWORDS_LATER.
 */
bool app_answer(struct page_worker *w, const struct request_source *src,
		enum app_passwords passwords, struct buf *bytes);

#define APP_OUTPUT_MAX (61u << 20)	/* cap of bytes above: an export and its headers */

#endif
