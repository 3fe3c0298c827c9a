/*
 * A notification as a mail: RFC 5322, 2045 and 2047, sent by SMTP (RFC 5321,
 * 3207).
 */
#ifndef NOTIFY_MAIL_H
#define NOTIFY_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/settings.h"
#include "notify/send_result.h"

#define MAIL_ADDRESS_MAX 254	/* bytes: RFC 5321, 4.5.3.1.3 with its brackets */

/*
 * "name@host", without anything that could end a header or command: ERR_INPUT
 * "error_notify_address".
 */
int mail_address_check(const char *address, struct err *e) must_check;

/* Whether the administrator has set a server and a sender's address. */
bool mail_ready(const struct settings *s);

struct mail {
	const char *from, *to;
	const char *subject, *body;	/* UTF-8; LF ends a line */
	const char *id;			/* left part of the Message-ID */
	int64_t at;			/* UTC ms: the Date */
};

/* The whole message, CRLF, short lines, ASCII. ERR_INPUT for an invalid address. */
int mail_format(const struct mail *m, struct buf *out, struct err *e) must_check;

/*
 * Sends it through the configured server and waits, in any thread; requires
 * curl_global_init. TLS with a verified certificate is required unless the
 * server is named as loopback.
 */
void mail_send(const struct settings *s, const struct mail *m,
	       int64_t deadline_ms, struct sending *out);

#endif
