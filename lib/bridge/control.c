/* The control socket: requests from gongbang.fcgi and the command line. */
#include "config.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "bridge/bridge_internal.h"
#include "bridge/file_relay.h"
#include "bridge/incoming.h"
#include "core/log.h"
#include "core/str.h"

/* Copies what the pattern's single * matches. */
typedef void control_do(struct bridge *b, struct exchange *x, const char *name);

static void answer(struct exchange *x, int status, const char *text)
{
	exchange_answer(x, status, "application/json", text, NULL, NULL);
}

static void done(struct exchange *x)
{
	answer(x, 202, "{}\n");
}

static void show(struct bridge *b, struct exchange *x, const char *user)
{
	struct workspace *w = workspace_get(b->workspaces, user);
	const struct workspace_health *h = workspace_health(w);
	static const char *const names[] = {
		[WORKSPACE_STOPPED] = "stopped",
		[WORKSPACE_CREATING] = "creating",
		[WORKSPACE_STARTING] = "starting",
		[WORKSPACE_LINKING] = "linking",
		[WORKSPACE_READY] = "ready",
		[WORKSPACE_STOPPING] = "stopping",
		[WORKSPACE_FAILED] = "failed",
		[WORKSPACE_REMOVED] = "removed",
	};
	char text[400];

	snprintf(text, sizeof(text), "{\"state\":\"%s\",\"error\":\"%s\","
		 "\"memory\":%lld,\"memory_max\":%lld,\"cpu_percent\":%d,"
		 "\"oom_kills\":%lld,\"disk_free\":%lld,"
		 "\"disk_used\":%lld,\"disk_max\":%lld}\n",
		 names[workspace_state(w)], workspace_error(w)->key,
		 (long long)h->memory, (long long)h->memory_max, h->cpu_percent,
		 (long long)h->oom_kills, (long long)h->disk_free,
		 (long long)h->disk_used, (long long)h->disk_max);
	answer(x, 200, text);
}

/*
 * Called at each login: before the first one, and after Redis lost its tokens,
 * a running container's token is refused.
 */
static void ensure(struct bridge *b, struct exchange *x, const char *user)
{
	struct workspace *w = workspace_get(b->workspaces, user);

	token_lifecycle_workspace(b, w);
	workspace_ensure(w);
	show(b, x, user);
}

static void stop(struct bridge *b, struct exchange *x, const char *user)
{
	workspace_stop(workspace_get(b->workspaces, user));
	show(b, x, user);
}

static void end_user(struct bridge *b, struct exchange *x, const char *user)
{
	presence_end(presence_get(b, user));
	done(x);
}

/*
 * ---- removal of an account: requested by root once it is marked in the store
 * ----
 */

struct removing {
	struct bridge *bridge;
	struct exchange *x;
	char id[ID_SIZE];
};

static int marked_work(void *data, struct db *db, struct err *e)
{
	struct removing *r = data;
	struct user *u = user_load(db, r, r->id, e);

	if (!u)
		return -1;
	return u->removing_at > 0 ? 0 :
	       err_set(e, ERR_CONFLICT, "the account is not being removed");
}

static void marked(void *data, const struct err *e)
{
	struct removing *r = data;
	struct bridge *b = r->bridge;

	if (!b->control) {
		/* closing: it was answered */
	} else if (e) {
		log_failure("remove_user", e, "user", r->id, NULL);
		answer(r->x, e->kind == ERR_MISSING ? 404 :
		       e->kind == ERR_CONFLICT ? 409 : 503, "{}\n");
	} else {
		if (workspace_remove(workspace_get(b->workspaces, r->id)))
			presence_end(presence_get(b, r->id));
		show(b, r->x, r->id);
	}
	talloc_free(r);
}

/* The client repeats the request until the state is "removed". */
static void remove_user(struct bridge *b, struct exchange *x, const char *user)
{
	struct removing *r;

	if (!exchange_of_root(x)) {
		answer(x, 403, "{}\n");
		return;
	}
	r = talloc_zero(NULL, struct removing);
	*r = (struct removing){ .bridge = b, .x = x };
	memcpy(r->id, user, ID_SIZE);
	jobs_add(b->jobs, marked_work, marked, r);
}

static void leave(struct bridge *b, struct exchange *x, const char *user)
{
	presence_leave(presence_get(b, user));
	done(x);
}

static void read_again(struct presence *p, void *data)
{
	blocked_read(p);
}

/*
 * Reloads the list and the grants. A broken list is reported, and the previous
 * one stays.
 */
static void reload_egress(struct bridge *b, struct exchange *x, const char *name)
{
	struct err e = { 0 };

	if (egress_policy_reload(b->policy, &e) < 0)
		log_failure("egress_list", &e, NULL);
	presence_each(b, read_again, NULL);
	answer(x, e.kind ? 422 : 202, "{}\n");
}

static void spend_again(struct presence *p, void *data)
{
	budget_status_read(p);
}

/* Budgets, or the kill switch. */
static void reload_spending(struct bridge *b, struct exchange *x, const char *name)
{
	b->all_read_at = 0;
	presence_each(b, spend_again, NULL);
	done(x);
}

static void end_login(struct bridge *b, struct exchange *x, const char *hex)
{
	unsigned char key[32];

	sodium_hex2bin(key, sizeof(key), hex, 2 * sizeof(key), NULL, NULL, NULL);
	client_end_login(b, key);
	terminal_client_end_login(b, key);
	done(x);
}

/* Finds a conversation by its id alone; deleted ones may have an open room. */
struct refreshing {
	struct bridge *bridge;
	char id[ID_SIZE], user_id[ID_SIZE];
};

static int match(void *data, const struct conversation *c, struct err *e)
{
	struct refreshing *r = data;

	if (str_equal(c->id, r->id))
		memcpy(r->user_id, c->user_id, ID_SIZE);
	return 0;
}

static int refresh_work(void *data, struct db *db, struct err *e)
{
	struct refreshing *r = data;
	struct conversation *c = conversation_load(db, r, r->id, NULL, e);

	if (c) {
		memcpy(r->user_id, c->user_id, ID_SIZE);
		return 0;
	}
	if (e->kind != ERR_MISSING)
		return -1;
	return conversation_each_open(db, match, r, e);
}

static void refreshed(void *data, const struct err *e)
{
	struct refreshing *r = data;
	struct bridge *b = r->bridge;

	if (e)
		log_failure("refresh", e, "conversation", r->id, NULL);
	else if (r->user_id[0] && !b->stopping)
		room_get(presence_get(b, r->user_id), r->id);
	talloc_free(r);
}

struct finding {
	const char *id;
	struct room *room;
};

static void find_room(struct presence *p, void *data)
{
	struct finding *f = data;

	if (!f->room)
		f->room = room_find(p, f->id);
}

static void refresh(struct bridge *b, struct exchange *x, const char *id)
{
	struct finding f = { .id = id };
	struct refreshing *r;

	presence_each(b, find_room, &f);
	if (f.room) {
		session_refresh(f.room->session);
	} else {
		r = talloc_zero(NULL, struct refreshing);
		r->bridge = b;
		memcpy(r->id, id, ID_SIZE);
		jobs_add(b->jobs, refresh_work, refreshed, r);
	}
	done(x);
}

static void health(struct bridge *b, struct exchange *x, const char *name)
{
	char text[120];

	snprintf(text, sizeof(text), "{\"ok\":true,\"sockets\":%lld,\"jobs\":%zu}\n",
		 (long long)b->nclients, jobs_left(b->jobs));
	answer(x, 200, text);
}

/* ---- a page without script: what its forms say, as a socket would ---- */

/* ?do=: the JSON object of a WebSocket's frame. 409: nothing of it is live, or it is a run's. */
static void command(struct bridge *b, struct exchange *x, const char *id)
{
	const char *text = exchange_query(x, "do");
	struct finding f = { .id = id };
	struct incoming *cmd;
	struct err e = { 0 };

	presence_each(b, find_room, &f);
	cmd = incoming_parse(b, text ? text : "", text ? strlen(text) : 0, &e);
	if (!cmd)
		answer(x, 422, "{}\n");
	else if (!f.room || session_is_run(f.room->session) ||
		 !session_loaded(f.room->session))
		answer(x, 409, "{}\n");
	else if (!client_perform(f.room, 0, cmd))
		answer(x, 422, "{}\n");
	else
		done(x);
	talloc_free(cmd);
}

/* ---- files of a workspace, for pages ---- */

/* The shim's head as headers: X-Version, X-Size, X-Mtime, X-Type. */
static void head_of_files(void *data, struct file_relay *r,
			  const struct file_head *head)
{
	char size[24], mtime[24];
	const struct exchange_row rows[] = {
		{ "X-Version", *head->version ? head->version : NULL },
		{ "X-Type", *head->type ? head->type : NULL },
		{ "X-Size", head->size < 0 ? NULL : size },
		{ "X-Mtime", head->mtime < 0 ? NULL : mtime },
	};

	snprintf(size, sizeof(size), "%lld", (long long)head->size);
	snprintf(mtime, sizeof(mtime), "%lld", (long long)head->mtime);
	file_relay_stream(r, head->status, -1, rows,
			  sizeof(rows) / sizeof(rows[0]));
}

/* ?to=: the shim's path with its query, "/list/a%2Fb?from=0"; only its requests for files and terminals. */
static void files(struct bridge *b, struct exchange *x, const char *user)
{
	static const char *const prefixes[] = {
		"/stat", "/list", "/files/", "/save/", "/folders/", "/move/",
		"/trash", "/archive", "/uploads/", "/terminals",
	};
	struct file_relay_request rq = {
		.user_id = user,
		.method = exchange_method(x),
		.path = exchange_query(x, "to"),
		.head = head_of_files,
	};
	size_t i;

	for (i = 0; rq.path && i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (str_starts(rq.path, prefixes[i])) {
			file_relay_begin(b, x, &rq);
			return;
		}
	}
	answer(x, 422, "{}\n");
}

static const struct row {
	const char *method, *before, *after;
	bool (*valid)(const char *name);
	control_do *perform;
} rows[] = {
	{ "GET", "/healthz", "", NULL, health },
	{ "GET", "/workspaces/", "", id_valid, show },
	{ "POST", "/workspaces/", "/ensure", id_valid, ensure },
	{ "POST", "/workspaces/", "/stop", id_valid, stop },
	{ "POST", "/conversations/", "/refresh", id_valid, refresh },
	{ "POST", "/conversations/", "/command", id_valid, command },
	{ "POST", "/logins/", "/ended", token_valid, end_login },
	{ "POST", "/users/", "/ended", id_valid, end_user },
	{ "POST", "/users/", "/remove", id_valid, remove_user },
	{ "POST", "/users/", "/logged-out", id_valid, leave },
	{ "GET", "/users/", "/files", id_valid, files },
	{ "POST", "/users/", "/files", id_valid, files },
	{ "DELETE", "/users/", "/files", id_valid, files },
	{ "POST", "/egress/reload", "", NULL, reload_egress },
	{ "POST", "/spending/reload", "", NULL, reload_spending },
};

/* name: the part between the row's two texts; false when it does not fit. */
static bool fits(const struct row *row, const char *path, char name[TOKEN_SIZE])
{
	size_t before = strlen(row->before), after = strlen(row->after);
	size_t n = strlen(path);

	if (!row->valid)
		return str_equal(path, row->before);
	if (n < before + after || n - before - after >= TOKEN_SIZE ||
	    !str_starts(path, row->before) ||
	    !str_equal(path + n - after, row->after))
		return false;
	memcpy(name, path + before, n - before - after);
	name[n - before - after] = '\0';
	return row->valid(name);
}

void control_request(void *data, struct exchange *x)
{
	struct bridge *b = data;
	char name[TOKEN_SIZE] = "";
	bool other_method = false;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!fits(&rows[i], exchange_path(x), name))
			continue;
		if (str_equal(rows[i].method, exchange_method(x))) {
			rows[i].perform(b, x, name);
			return;
		}
		other_method = true;
	}
	answer(x, other_method ? 405 : 404, "{}\n");
}
