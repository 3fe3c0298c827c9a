/*
 * What of the Messages API is forwarded: a table of methods and paths. A
 * request's target (RFC 9112, section 3.2) is compared as it came: nothing is
 * decoded, so nothing can hide.
 */
#ifndef GATEWAY_API_ROUTES_H
#define GATEWAY_API_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#define TARGET_QUERY_MAX 1024	/* bytes */
#define TARGET_MODEL_MAX 128

struct target {
	const char *name;	/* of its row, for the log */
	bool local;		/* answered here, not forwarded; needs no token */
	bool metered;		/* counts against budgets */
	bool body;		/* the method has one */
};

enum target_verdict { TARGET_GOOD, TARGET_NO_PATH, TARGET_NO_METHOD };

/* *out is a row of the table. */
enum target_verdict target_find(const char *method, const char *raw,
				const struct target **out);

#endif
