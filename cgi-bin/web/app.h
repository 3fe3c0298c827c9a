/* State that gongbang.fcgi loads once, and each thread's own. */
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

/* Read-only after app_load: shared by the threads. */
struct app {
	const struct settings *settings;
	const struct templates *templates;
	const struct i18n *i18n;
	const char *base_path;
};

/*
 * Loads templates and catalogues, once. Gives (child of ctx); borrows the
 * settings for good.
 */
struct app *app_load(const void *ctx, const struct settings *s,
		     struct err *e) must_check;

/* One thread's connections; both are reopened after a failure. */
struct page_worker {
	const struct app *app;
	struct db *db;	/* NULL until the store has answered */
	struct kv *kv;
	struct fragments *rows;	/* rendered rows of the list of conversations */
	struct renderer *renderer;
	void *pool;	/* parent of requests; empty between them */
};

/* Gives (child of ctx). Connects to nothing yet. */
struct page_worker *page_worker_new(const void *ctx, const struct app *app);

/* The thread's store, opened on first use: ERR_UNAVAILABLE when it is away. */
struct db *page_worker_db(struct page_worker *w, struct err *e) must_check;

/* How to handle a request that checks or sets a password (ROUTE_PASSWORD). */
enum app_passwords {
	PASSWORDS_NOW,
	PASSWORDS_LATER,	/* read and answer nothing: return false */
	PASSWORDS_REFUSED,	/* 503: too many wait */
};

/*
 * Answers one request: routes it, checks login, Origin and CSRF token, reads
 * the body, runs the handler, turns a failure into its page. Appends the whole
 * CGI output to bytes; never fails (the last resort is a plain 500). False:
 * see PASSWORDS_LATER.
 */
bool app_answer(struct page_worker *w, const struct request_source *src,
		enum app_passwords passwords, struct buf *bytes);

#define APP_OUTPUT_MAX (61u << 20)	/* cap of bytes above: an export and its headers */

#endif
