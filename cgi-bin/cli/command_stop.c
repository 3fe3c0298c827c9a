/* gongbang stop-all, resume-all: the kill switch of the model gateway. */
#include "config.h"
#include "cli/command.h"

#include <stdio.h>

#include "store/budgets.h"

static int set(const struct call *c, bool on, struct err *e)
{
	struct db *db = command_store(c, e);
	char by[40];

	command_by(by);
	if (!db)
		return -1;
	if (stop_all_set(db, on, by, e) < 0)
		return -1;
	command_tell_spending(c);
	return 0;
}

int command_stop_all(const struct call *c, struct err *e)
{
	if (set(c, true, e) < 0)
		return -1;
	fputs("gongbang: all model calls stop within a second; resume with:"
	      " gongbang resume-all\n", stderr);
	return 0;
}

int command_resume_all(const struct call *c, struct err *e)
{
	if (set(c, false, e) < 0)
		return -1;
	fputs("gongbang: model calls are resumed\n", stderr);
	return 0;
}
