/*
 * The lines between gongbang-egress and the bridge on egress_socket.
 *
 * A question: "NUMBER ADDRESS METHOD HOST PORT\n": NUMBER (decimal, chosen by
 * the client; answers come in any order), the workspace's address, and its
 * request to the proxy. Fields are separated by one blank; squid has encoded
 * blanks within them. At most HELPER_LINE_MAX bytes with the newline; a client
 * that sends more is disconnected.
 * An answer: "NUMBER OK\n" or "NUMBER ERR REASON\n"; REASON is one of
 * egress_reason's words. Anything else is answered "NUMBER ERR malformed" if
 * its number can be read, otherwise the connection is closed.
 *
 * To squid (external_acl_type with concurrency=, %SRC %METHOD %DST %PORT) the
 * helper says "CHANNEL OK" or "CHANNEL ERR message=REASON".
 */
#ifndef EGRESS_HELPER_PROTOCOL_H
#define EGRESS_HELPER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HELPER_LINE_MAX 1024
#define EGRESS_ASK_MAX 1024	/* unanswered questions per connection */

struct egress_question {
	uint64_t number;
	const char *address, *method, *host;	/* of a line */
	int64_t port;
};

/* The part behind a line's number and blank; NULL without a number. */
const char *helper_line_number(const char *line, uint64_t *number);

/*
 * Parses line (without its newline) into q, modifying it. False when it is not
 * a question; number is set when it has one.
 */
bool helper_line_parse(char *line, struct egress_question *q);

enum egress_reason {
	EGRESS_NONE,
	EGRESS_REASON_LISTED,	/* not allowed for that user */
	EGRESS_REASON_PORT,
	EGRESS_REASON_ADDRESS,
	EGRESS_REASON_NAME,
	EGRESS_REASON_SOURCE,	/* no workspace has that address */
	EGRESS_REASON_AWAY,	/* the bridge, the engine or the store is away */
	EGRESS_REASON_BUSY,	/* too many concurrent questions */
	EGRESS_REASON_MALFORMED,
};

/* "not-listed", "bad-port", "address", "bad-name", "unknown-source", "away", "busy", "malformed". */
const char *egress_reason(enum egress_reason r);

#endif
