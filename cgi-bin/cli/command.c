/* Shared by the commands. */
#include "config.h"
#include "cli/command.h"

#include <pwd.h>
#include <stdio.h>
#include <talloc.h>
#include <unistd.h>

#include "http/http_client.h"
#include "store/db.h"

#define BRIDGE_MS 5000

struct db *command_store(const struct call *c, struct err *e)
{
	return db_open(c->ctx, settings_text(c->settings, SET_DATABASE), e);
}

struct user *command_user(const struct call *c, struct db *db,
			  const char *login, struct err *e)
{
	struct user *u = user_load_by_login(db, c->ctx, login, e);

	if (!u && e->kind == ERR_MISSING)
		err_set(e, ERR_MISSING, "no account %s; see: gongbang user"
			" list", login);
	return u;
}

void command_tell_bridge(const struct call *c, const char *path,
			 const char *else_what)
{
	const struct http_client_call call = {
		.socket = settings_text(c->settings, SET_CONTROL_SOCKET),
		.method = "POST",
		.path = path,
		.deadline_ms = BRIDGE_MS,
	};
	struct err e = { 0 };
	int status = 0;

	if (http_client_run(&call, &status, NULL, &e) == 0 && status / 100 == 2)
		return;
	if (status)
		snprintf(e.text, sizeof(e.text), "it responds %d", status);
	fprintf(stderr, "gongbang: warning: the bridge was not notified (%s):"
			" %s\n",
		e.text, else_what);
}

void command_tell_spending(const struct call *c)
{
	command_tell_bridge(c, "/spending/reload", "saved; open pages show it"
			    " after the next reply");
}

void command_by(char out[40])
{
	struct passwd entry, *found = NULL;
	char room[4096];

	if (getpwuid_r(getuid(), &entry, room, sizeof(room), &found) == 0 &&
	    found)
		snprintf(out, 40, "%.30s (shell)", entry.pw_name);
	else
		snprintf(out, 40, "uid %u (shell)", (unsigned)getuid());
}
