/* What became of one try to send a notice. */
#ifndef NOTIFY_SEND_RESULT_H
#define NOTIFY_SEND_RESULT_H

#define SEND_ERROR_SIZE 64

enum send_result {
	SEND_DONE,
	SEND_AGAIN,	/* a later try may help */
	SEND_LATER,	/* not the receiver's fault, but ours or the mail server's: kept for days */
	SEND_NEVER,
};

struct sending {
	enum send_result result;
	char error[SEND_ERROR_SIZE];	/* "" when done; else the word of notify_error_<word>, and perhaps a number: "status 503" */
};

#endif
