/*
 * The lines between gongbang-egress and the bridge on egress_socket. This is
 * the one place where they are described.
 *
 * A question: "NUMBER ADDRESS METHOD HOST PORT\n": NUMBER (decimal, chosen by
 * who asks; answers come in any order), the workspace's address, and what it
 * asked of the proxy. Fields are parted by one blank; squid has encoded what
 * would be one. At most HELPER_LINE_MAX bytes with the newline; who sends more
 * is cut off.
 * An answer: "NUMBER OK\n" or "NUMBER ERR REASON\n"; REASON is one of
 * egress_reason's words. What is no question is answered "NUMBER ERR
 * malformed" when its number can be read, else the connection is closed.
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
#define EGRESS_ASK_MAX 1024	/* questions without an answer on one connection */

struct egress_question {
	uint64_t number;
	const char *address, *method, *host;	/* in the line */
	int64_t port;
};

/* What follows a line's number and blank; NULL when it begins with none. */
const char *helper_line_number(const char *line, uint64_t *number);

/* Cuts line (without its newline) into q. False when it is no question; number is set when it has one. */
bool helper_line_parse(char *line, struct egress_question *q);

enum egress_reason {
	EGRESS_NONE,
	EGRESS_REASON_LISTED,	/* not allowed for that user */
	EGRESS_REASON_PORT,
	EGRESS_REASON_ADDRESS,
	EGRESS_REASON_NAME,
	EGRESS_REASON_SOURCE,	/* no workspace has that address */
	EGRESS_REASON_AWAY,	/* the bridge, the engine or the store */
	EGRESS_REASON_BUSY,	/* too many questions at once */
	EGRESS_REASON_MALFORMED,
};

/* "not-listed", "bad-port", "address", "bad-name", "unknown-source", "away", "busy", "malformed". */
const char *egress_reason(enum egress_reason r);

#endif
