/* Runs the pages in the test's own process: no program is started per request. */
#ifndef IN_PROCESS_H
#define IN_PROCESS_H

#include "tests/cgi-bin/pages/runs/run_rows.h"
#include "web/web.h"

extern struct app *pages_site;
extern struct page_worker *pages_worker;
extern struct kv *pages_kv;
extern char *pages_text;	/* the last answer, headers included */

/* The setup and teardown of run_rows.h, and the site loaded. */
int pages_begin(void **state);
int pages_end(void **state);

/* The status of one request. token: of the login, "" for none; with_csrf: its token is in the form. */
int pages_ask(struct page_worker *w, const char *token, enum method method,
	      const char *uri, const char *fields, bool with_csrf);

#endif
