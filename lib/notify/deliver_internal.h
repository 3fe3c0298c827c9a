/* Shared by the loop's side and the store's side of delivery. */
#ifndef NOTIFY_DELIVER_INTERNAL_H
#define NOTIFY_DELIVER_INTERNAL_H

#include "notify/deliver.h"
#include "notify/send_result.h"
#include "store/notices.h"

#define AT_ONCE 4
#define RECENT 64	/* users whose turns are remembered */

/* A delivery in progress: a separate talloc tree. */
struct delivery_job {
	void *owner;			/* its slot; used by the loop alone */
	struct notice_due *due;
	const char *subject, *body;	/* body: of the mail, or the JSON */
	struct sending result;
	int64_t began, ms;
	const char *state;		/* as stored */
	int64_t now;
};

/* Claiming pending rows: a separate talloc tree, used on the store's thread. */
struct claim {
	void *owner;			/* used by the loop alone */
	const struct settings *settings;
	const struct i18n *i18n;
	char busy[AT_ONCE][ID_SIZE];
	char recent[RECENT][ID_SIZE];	/* in order of service, the latest last */
	size_t nbusy, nrecent, room;
	bool prune;
	int64_t now;
	struct delivery_job *delivery_jobs[AT_ONCE];
	size_t n;
};
job_work deliver_claim;
job_work deliver_finish;	/* of a struct delivery_job */

#endif
