/*
 * Where a workspace may connect: squid asks the bridge through
 * gongbang-egress. The installation's list (conf/egress-allow.list) and each
 * user's own domains.
 */
#ifndef EGRESS_ALLOW_LIST_H
#define EGRESS_ALLOW_LIST_H

#include <stdbool.h>

#include "core/err.h"
#include "store/domains.h"

struct allow_list;

/*
 * Rows "domain ways reason": ".example.org" is example.org and all below it;
 * ways "https" or "https,http"; a reason may have its Korean behind " | "; "#"
 * starts a comment. ERR_INPUT "FILE:LINE: ..."
 * Gives (child of ctx).
 */
struct allow_list *allow_list_load(const void *ctx, const char *path, struct err *e) must_check;
struct allow_list *allow_list_parse(const void *ctx, const char *name, const char *text, size_t n, struct err *e) must_check;

struct allow_row {
	const char *domain;	/* without its leading dot */
	bool below;		/* and all names below it */
	bool plain;		/* http as well as https */
	const char *reason;
	const char *reason_ko;	/* the same in Korean, or the reason itself */
};

/* In the file's order; texts are borrowed. */
int allow_list_each(const struct allow_list *l,
		    int (*each)(void *data, const struct allow_row *row, struct err *e),
		    void *data, struct err *e) must_check;

/* domain: valid (see egress_host). plain: http, not a CONNECT for TLS. */
bool allow_list_has(const struct allow_list *l, const char *domain, bool plain);

enum egress_verdict {
	EGRESS_ALLOWED,
	EGRESS_NOT_LISTED,
	EGRESS_BAD_PORT,	/* CONNECT to a port other than 443, http to one other than 80 */
	EGRESS_ADDRESS,		/* an IP literal in any spelling */
	EGRESS_BAD_NAME,
};

/*
 * The normal form of a request's host: lower case, no trailing dot; false when
 * it is not a valid name.
 */
bool egress_host(const char *host, char out[DOMAIN_MAX + 1]);

/* Ignores a user's own domains; out is filled unless BAD_NAME or ADDRESS. */
enum egress_verdict egress_check(const struct allow_list *l, const char *method, const char *host,
				 int64_t port, char out[DOMAIN_MAX + 1], bool *plain);

#endif
