/*
 * Creates runs in the store like the worker and the bridge do, for the tests
 * of their pages.
 */
#ifndef RUN_ROWS_H
#define RUN_ROWS_H

#include "tests/cgi-bin/cgi.h"

#define HOSTILE "<script>alert(1)</script>\"'<img src=x>"
#define MINUTE INT64_C(60000)

extern struct site_under_test site;
extern char agent[ID_SIZE];	/* kim's, with a hostile name */

int setup(void **state);
int teardown(void **state);

/* Fails the test with the error's text. */
void must(int bad, const struct err *e);

/* Words of a page that are there, are not, are there so often. */
void has(const struct answer *a, const char *words);
void has_not(const struct answer *a, const char *words);
int count(const struct answer *a, const char *what);

void new_agent(const char *user, const char *name, char id[ID_SIZE]);

/* What is not told is "", 0 or the usual. */
struct row {
	const char *agent, *trigger, *status, *reason, *detail, *result;
	int64_t planned;
	bool began;
};
void add_row(const struct row *row, char id[ID_SIZE]);

/* An attempt with its session: a text and a denial before its end, a text after it. */
void add_attempt(const char *run, int number, const char *outcome,
		 char conversation[ID_SIZE]);

/* "/executions/<id><rest>"; good until the next but one. */
const char *address(const char *id, const char *rest);

#endif
