/* The result of one attempt to send a notification. */
#ifndef NOTIFY_SEND_RESULT_H
#define NOTIFY_SEND_RESULT_H

#define SEND_ERROR_SIZE 64

enum send_result {
	SEND_DONE,
	SEND_AGAIN,	/* a later attempt may succeed */
	SEND_LATER,	/* our fault or the mail server's, not the receiver's: kept for days */
	SEND_NEVER,
};

struct sending {
	enum send_result result;
	char error[SEND_ERROR_SIZE];	/* "" when done; otherwise the word in notify_error_<word>,
					 * and perhaps a number: "status 503" */
};

#endif
