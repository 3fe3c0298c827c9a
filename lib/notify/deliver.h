/*
 * Sends notifications by email and webhook (rows of the table notices in state
 * pending). Several programs may do so: a row is claimed by compare-and-set
 * for longer than one attempt may take. A program that dies between sending
 * and storing the result sends again later, with the same id
 * (X-Gongbang-Delivery, Message-ID).
 *
 * Four at once, one per user, the longest waiting user first; so a receiver
 * that hangs delays its own user only, and others by one deadline.
 */
#ifndef NOTIFY_DELIVER_H
#define NOTIFY_DELIVER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "core/settings.h"
#include "i18n/i18n.h"
#include "store/jobs.h"

#define DELIVER_TRIES 5			/* after 10 s, 1 min, 5 min, 30 min */
#define DELIVER_DAYS 3			/* for mail that the receiver did not refuse; then every 6
					 * hours */
#define DELIVER_SECONDS 10		/* per attempt */
#define DELIVER_MAILS_PER_HOUR 60	/* per user; later ones wait */
#define DELIVER_PER_HOUR 600		/* mails and webhooks per user */

struct deliver;

/* For the log, one line per attempt. Borrowed. */
struct delivery {
	const char *id, *user_id, *agent_id;
	const char *channel, *event;
	const char *state;	/* sent, pending (will be retried), failed */
	const char *error;	/* "" or the word in notify_error_<word>, with a detail */
	int64_t tries, ms;
};

/*
 * Borrows everything but ctx for its life. Gives (child of ctx); free it when
 * idle.
 */
struct deliver *deliver_new(const void *ctx, uv_loop_t *loop, struct jobs *jobs,
			    const struct settings *settings, const struct i18n *i18n);

/*
 * told: called after each attempt, on the loop. failed: the store did not
 * accept the result; the next deliver_due retries. NULL: not needed.
 */
void deliver_listen(struct deliver *d,
		    void (*told)(void *data, const struct delivery *x),
		    void (*failed)(void *data, const struct err *e), void *data);

/*
 * Sends pending notifications, and continues while there are any: call it
 * every second, or after raising one. Cheap when it is already working.
 */
void deliver_due(struct deliver *d);

/*
 * Claims no more; idle is called once, from the loop, when no delivery is in
 * progress (at most DELIVER_SECONDS).
 */
void deliver_stop(struct deliver *d, void (*idle)(void *data), void *data);

#endif
