/*
 * What happened to an agent, told to its user: in the page always, by e-mail
 * (SMTP) or webhook (signed JSON) where a rule says so. Written in the
 * transaction of the event, delivered by the worker later.
 */
#ifndef NOTIFY_NOTICE_H
#define NOTIFY_NOTICE_H

#include "store/notices.h"

/*
 * Within the caller's transaction. execution_id "": of the agent itself. One of
 * the same execution and event is made once. In the page: all but success.
 */
int notice_raise(struct db *db, const char *user_id, const char *agent_id,
		 const char *execution_id, const char *event, int64_t now, struct err *e) must_check;

#endif
