/*
 * gongbang user remove: removes an account and all its data. The intent is
 * stored first; each step, and the command, may be repeated after a crash.
 */
#include "config.h"
#include "cli/command.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"
#include "guard/removing.h"
#include "http/http_client.h"
#include "store/removal.h"

#define LOGIN_LINE 256
#define WORKSPACE_MS 180000	/* a container, and a volume full of files */
#define ASK_MS 5000
#define ASK_AGAIN_US 200000
#define ROWS_TRIES 5		/* an open page may write one last row */
#define REMOVED "\"state\":\"removed\""

static int confirm(const struct call *c, const struct user *u, struct err *e)
{
	char line[LOGIN_LINE] = "";

	if (c->options[OPTION_YES])
		return 0;
	fprintf(stderr, "This removes %s (%s) with all files, conversations"
		" and agents. It can't be undone.\nType the username to"
		" confirm: ", u->login,
		u->display_name);
	if (!fgets(line, sizeof(line), stdin))
		line[0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	return str_equal(line, u->login) ? 0 :
	       err_set(e, ERR_INPUT, "this is not the username; nothing"
				     " changed");
}

/* Without it the guard removes no volume. */
static int mark(const struct call *c, const struct user *u, struct err *e)
{
	if (geteuid() != 0)
		return err_set(e, ERR_DENIED, "only root may remove an account; nothing changed");
	return *settings_text(c->settings, SET_ENGINE_GUARD) ?
	       removing_mark(settings_text(c->settings, SET_GUARD_STATE), u->id, e) : 0;
}

static int unmark(const struct call *c, const struct user *u, struct err *e)
{
	return removing_unmark(settings_text(c->settings, SET_GUARD_STATE), u->id, e);
}

/* The bridge's answer: the workspace's state as JSON. */
static int ask_bridge(const struct call *c, const struct user *u,
		      struct buf *answer, struct err *e)
{
	const struct http_client_call call = {
		.socket = settings_text(c->settings, SET_CONTROL_SOCKET),
		.method = "POST",
		.path = talloc_asprintf(c->ctx, "/users/%s/remove", u->id),
		.deadline_ms = ASK_MS,
	};
	int status = 0;

	buf_clear(answer);
	if (http_client_run(&call, &status, answer, e) < 0)
		return -1;
	return status == 200 ? 0 :
	       err_set(e, ERR_UNAVAILABLE, "the bridge responds %d", status);
}

/* The bridge owns the account's sessions, and only it starts containers. */
static int remove_workspace(const struct call *c, const struct user *u,
			    struct err *e)
{
	auto_buf answer = BUF_INIT(4096);
	int64_t until = clock_mono_ms() + WORKSPACE_MS;

	for (;;) {
		if (ask_bridge(c, u, &answer, e) < 0)
			return err_wrap(e, "%s is disabled, but the bridge is"
					" not removing the workspace; start"
					" it and run this again", u->login);
		if (strstr(buf_text(&answer), REMOVED))
			return 0;
		if (clock_mono_ms() >= until)
			break;
		usleep(ASK_AGAIN_US);
	}
	return err_set(e, ERR_UNAVAILABLE, "%s is disabled, but its workspace"
		       " was not removed (%.120s): see the logs of the bridge"
		       " and the guard, then run this again", u->login,
		       buf_text(&answer));
}

static int remove_rows(struct db *db, const struct user *u, struct err *e)
{
	int tries;

	for (tries = 1; removal_rows(db, u->id, e) < 0; tries++) {
		if (e->kind != ERR_CONFLICT || tries == ROWS_TRIES)
			return err_wrap(e, "%s is disabled, but some of its"
					" data remains; run this again", u->login);
		*e = (struct err){ 0 };
	}
	return 0;
}

int command_user_remove(const struct call *c, struct err *e)
{
	struct db *db = command_store(c, e);
	struct user *u;

	if (!db || !(u = command_user(c, db, c->words[0], e)) ||
	    confirm(c, u, e) < 0 || mark(c, u, e) < 0 || removal_begin(db, u->id, e) < 0 ||
	    command_end_logins(c, db, u, "the account was disabled", e) < 0 ||
	    remove_workspace(c, u, e) < 0 || unmark(c, u, e) < 0 ||
	    remove_rows(db, u, e) < 0)
		return -1;
	fprintf(stderr, "gongbang: %s removed\n", u->login);
	return 0;
}
