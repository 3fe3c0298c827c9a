/*
 * Notifications about an agent for its user: always in the page, and by email
 * (SMTP) or webhook (signed JSON) where a rule says so. Stored in the event's
 * transaction, delivered later by the worker.
 */
#ifndef NOTIFY_NOTICE_H
#define NOTIFY_NOTICE_H

#include "store/notices.h"

/*
 * Call within the caller's transaction. execution_id "": about the agent
 * itself. Created once per execution and event. Shown in the page except for
 * success.
 */
int notice_raise(struct db *db, const char *user_id, const char *agent_id,
		 const char *execution_id, const char *event, int64_t now, struct err *e) must_check;

#endif
