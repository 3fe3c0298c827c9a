/* gongbang.fcgi run as plain CGI, with a store and a Redis of the test's own. */
#ifndef TESTS_CGI_H
#define TESTS_CGI_H

#include <stdbool.h>

#include "../kv/redis_server.h"
#include "core/id.h"
#include "store/db.h"

#define PASSWORD "correct horse battery"
#define ENV_MAX 8

struct site_under_test {
	struct redis_server redis;
	char folder[64];
	struct db *db;
	char kim[ID_SIZE], lee[ID_SIZE];	/* two accounts */
	char settings[128];
};

/* Makes folder, settings, accounts kim and lee; more: further settings lines. */
void site_init(struct site_under_test *s, const char *more);
void site_release(struct site_under_test *s);

/* One browser: what its cookies are. */
struct browser {
	struct site_under_test *site;
	char session[128], before[128], device[128], other[256];
	char csrf[130];		/* of the last page that had a form */
	const char *env[ENV_MAX][2];	/* more, or over what is set; value NULL unsets */
};

struct answer {
	int status;
	int exit;		/* of the process; -signal */
	char *head, *body;	/* talloc children */
	size_t body_len;
};

/* Each gives a talloc object. A form is "a=b&c=d", already encoded; "CSRF" in it becomes the token. */
struct answer *get(struct browser *b, const char *address);
struct answer *post(struct browser *b, const char *address, const char *form);
struct answer *ask(struct browser *b, const char *method, const char *address,
		   const char *body, size_t n);

/* A header's value, or NULL. */
const char *header(const struct answer *a, const char *name);

/* Fresh cookies, the login form, its answer. */
struct answer *log_in(struct browser *b, struct site_under_test *s,
		      const char *login, const char *password);

/* Fails the test with the whole answer when the status is another. */
void expect(struct answer *a, int status);
/*
 * What a page shows: "@key" is the English sentence of that key as HTML has it,
 * up to its first {n}; all else is itself. Valid until the fourth call from here.
 */
const char *shown(const char *words);
/* Each frees the answer. A 303 to that place; a page of that status with those words. */
void expect_to(struct answer *a, const char *location);
void expect_error(struct answer *a, int status, const char *words);

/* Logs in as kim and looks at the workspace, so that there is a CSRF token. */
void be_kim(struct browser *b, struct site_under_test *s);

#endif
