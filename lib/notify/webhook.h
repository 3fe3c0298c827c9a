/*
 * A notification as a signed HTTP request; NOTICES.md describes the receiver's
 * side.
 */
#ifndef NOTIFY_WEBHOOK_H
#define NOTIFY_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "notify/send_result.h"

#define WEBHOOK_URL_MAX 1000		/* bytes */

/*
 * An http or https URL with a host, without login, password and fragment:
 * ERR_INPUT "error_notify_url".
 */
int webhook_url_check(const char *url, struct err *e) must_check;

struct webhook {
	const char *url, *secret;
	const char *id, *event;
	const char *body;		/* JSON */
	int64_t at;			/* UTC ms of the attempt */
	bool may_private;		/* the administrator allows private networks */
	int64_t deadline_ms;
};

/* The value of X-Gongbang-Signature: "t=1764025200,v1=<hex>". out: SIGNATURE_SIZE. */
#define SIGNATURE_SIZE 96
void webhook_sign(const char *secret, int64_t seconds, const char *body,
		  char out[SIGNATURE_SIZE]);

/*
 * Sends it and waits, in any thread; requires curl_global_init. Follows no
 * redirect, uses no proxy, reads only the answer's status. Checks the address
 * it connects to, whatever name resolved to it.
 */
void webhook_send(const struct webhook *w, struct sending *out);

#endif
