/*
 * lib/bridge/control.c: which request of a page or of the command line does
 * what. What it asks for is noted, not done.
 */
#include "config.h"
#include "bridge/bridge_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "bridge/file_relay.h"
#include "bridge/incoming.h"
#include "core/str.h"
#include "egress/egress_policy.h"
#include "store/conversations.h"

#define KIM "01890a5d-ac96-774b-bcce-b302099a8057"
#define OPEN "11111111-1111-4111-8111-111111111111"
#define OTHER "22222222-2222-4222-8222-222222222222"
#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct exchange {
	const char *method, *path, *said;
	bool root;
	int status;
};

static struct {
	struct bridge *bridge;
	struct presence presence;
	struct room room;		/* of OPEN */
	struct workspace_health health;
	struct err none;
	bool is_run, loaded, bad_list, removed;
	int64_t removing_at;		/* kim's, in the store */
	char log[300];
} w;

static void note(const char *what)
{
	size_t n = strlen(w.log);

	snprintf(w.log + n, sizeof(w.log) - n, "%s ", what);
}

const char *exchange_method(const struct exchange *x)
{
	return x->method;
}

const char *exchange_path(const struct exchange *x)
{
	return x->path;
}

const char *exchange_query(const struct exchange *x, const char *name)
{
	return str_equal(name, "do") || str_equal(name, "to") ? x->said : NULL;
}

bool exchange_of_root(const struct exchange *x)
{
	return x->root;
}

void exchange_answer(struct exchange *x, int status, const char *type,
		     const char *body, const char *extra_name,
		     const char *extra_value)
{
	assert_int_equal(x->status, 0);
	x->status = status;
}

void file_relay_begin(struct bridge *b, struct exchange *x,
		      const struct file_relay_request *rq)
{
	note(rq->method);
	note(rq->path);
	x->status = 200;
}

void file_relay_stream(struct file_relay *r, int status, int64_t size,
		       const struct exchange_row *rows, size_t n)
{
}

/* Done at once. */
void jobs_add(struct jobs *j, job_work *work, job_done *done, void *data)
{
	struct err e = { 0 };

	done(data, work(data, NULL, &e) < 0 ? &e : NULL);
}

size_t jobs_left(const struct jobs *j)
{
	return 0;
}

struct user *user_load(struct db *db, const void *ctx, const char *id,
		       struct err *e)
{
	struct user *u;

	if (!str_equal(id, KIM)) {
		err_set(e, ERR_MISSING, "no such user");
		return NULL;
	}
	u = talloc_zero(ctx, struct user);
	u->removing_at = w.removing_at;
	return u;
}

struct conversation *conversation_load(struct db *db, const void *ctx,
				       const char *id, const char *user_id,
				       struct err *e)
{
	struct conversation *c;

	if (!str_equal(id, OTHER)) {
		err_set(e, ERR_MISSING, "no such conversation");
		return NULL;
	}
	c = talloc_zero(ctx, struct conversation);
	memcpy(c->user_id, KIM, ID_SIZE);
	return c;
}

int conversation_each_open(struct db *db,
			   int (*each)(void *data, const struct conversation *c,
				       struct err *e),
			   void *data, struct err *e)
{
	return 0;
}

struct workspace *workspace_get(struct workspaces *all, const char user_id[ID_SIZE])
{
	return NULL;
}

const struct workspace_health *workspace_health(const struct workspace *workspace)
{
	return &w.health;
}

enum workspace_state workspace_state(const struct workspace *workspace)
{
	return WORKSPACE_READY;
}

const struct err *workspace_error(const struct workspace *workspace)
{
	return &w.none;
}

void workspace_ensure(struct workspace *workspace)
{
	note("ensure");
}

void workspace_stop(struct workspace *workspace)
{
	note("stop");
}

bool workspace_remove(struct workspace *workspace)
{
	note("remove");
	return !w.removed;
}

void token_lifecycle_workspace(struct bridge *b, struct workspace *workspace)
{
	note("token");
}

struct presence *presence_get(struct bridge *b, const char *id)
{
	return str_equal(id, KIM) ? &w.presence : NULL;
}

void presence_end(struct presence *p)
{
	note("end");
}

void presence_leave(struct presence *p)
{
	note("leave");
}

void presence_each(struct bridge *b, void (*each)(struct presence *p, void *data),
		   void *data)
{
	each(&w.presence, data);
}

struct room *room_find(struct presence *p, const char *conversation)
{
	return str_equal(conversation, OPEN) ? &w.room : NULL;
}

struct room *room_get(struct presence *p, const char *conversation)
{
	note(conversation);
	return &w.room;
}

void blocked_read(struct presence *p)
{
	note("domains");
}

void budget_status_read(struct presence *p)
{
	note("budget");
}

int egress_policy_reload(struct egress_policy *g, struct err *e)
{
	note("list");
	return w.bad_list ? err_set(e, ERR_INPUT, "line 3") : 0;
}

void terminal_client_end_login(struct bridge *b, const unsigned char key[32])
{
}

void client_end_login(struct bridge *b, const unsigned char key[32])
{
	static const unsigned char want[] = { 0x01, 0x23, 0x45, 0x67 };

	assert_memory_equal(key, want, sizeof(want));
	note("login");
}

bool client_perform(struct room *r, uint64_t asker, const struct incoming *cmd)
{
	assert_int_equal(asker, 0);
	note("perform");
	return cmd->type != INCOMING_PING;
}

void session_refresh(struct session *s)
{
	note("refresh");
}

bool session_is_run(const struct session *s)
{
	return w.is_run;
}

bool session_loaded(const struct session *s)
{
	return w.loaded;
}

static int setup(void **state)
{
	memset(&w, 0, sizeof(w));
	w.bridge = talloc_zero(NULL, struct bridge);
	w.bridge->control = (struct bridge_server *)&w;
	w.loaded = true;
	return 0;
}

static int teardown(void **state)
{
	talloc_free(w.bridge);
	return 0;
}

/* The status; what it did is in w.log. */
static int request(const char *method, const char *path, const char *said,
		   bool root)
{
	struct exchange x = { method, path, said, root, 0 };

	w.log[0] = '\0';
	control_request(w.bridge, &x);
	return x.status;
}

static void each_request_does_its_own(void **state)
{
	static const struct { const char *method, *path; int status; const char *did; } rows[] = {
		{ "GET", "/healthz", 200, "" },
		{ "GET", "/workspaces/" KIM, 200, "" },
		{ "POST", "/workspaces/" KIM "/ensure", 200, "token ensure " },
		{ "POST", "/workspaces/" KIM "/stop", 200, "stop " },
		{ "POST", "/conversations/" OPEN "/refresh", 202, "refresh " },
		{ "POST", "/conversations/" OTHER "/refresh", 202, OTHER " " },
		{ "POST", "/conversations/" KIM "/refresh", 202, "" },
		{ "POST", "/logins/" TOKEN "/ended", 202, "login " },
		{ "POST", "/users/" KIM "/ended", 202, "end " },
		{ "POST", "/users/" KIM "/logged-out", 202, "leave " },
		{ "POST", "/egress/reload", 202, "list domains " },
		{ "POST", "/spending/reload", 202, "budget " },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (request(rows[i].method, rows[i].path, NULL, false) != rows[i].status ||
		    !str_equal(w.log, rows[i].did))
			fail_msg("%s: %s", rows[i].path, w.log);
	}
}

static void nothing_else_does_anything(void **state)
{
	static const struct { const char *method, *path; int status; } rows[] = {
		{ "POST", "/healthz", 405 }, { "GET", "/users/" KIM "/ended", 405 },
		{ "DELETE", "/workspaces/" KIM, 405 },
		{ "GET", "/", 404 }, { "POST", "/users/", 404 },
		{ "POST", "/users//ended", 404 }, { "POST", "/users/ended", 404 },
		{ "POST", "/users/x/ended", 404 }, { "POST", "/users/" KIM "/ended/", 404 },
		{ "POST", "/users/" KIM KIM "/ended", 404 },
		{ "POST", "/users/" TOKEN TOKEN "/ended", 404 },
		{ "POST", "/users/../" KIM "/ended", 404 },
		{ "POST", "/logins/" KIM "/ended", 404 },
		{ "GET", "/workspaces/" KIM "?x", 404 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (request(rows[i].method, rows[i].path, NULL, true) != rows[i].status ||
		    w.log[0])
			fail_msg("%s: %s", rows[i].path, w.log);
	}
}

/* Root's alone, and only of an account that is marked in the store. */
static void a_removal_has_to_be_meant(void **state)
{
	static const char path[] = "/users/" KIM "/remove";

	w.removing_at = 5;
	assert_int_equal(request("POST", path, NULL, false), 403);
	assert_string_equal(w.log, "");
	w.removing_at = 0;
	assert_int_equal(request("POST", path, NULL, true), 409);
	assert_string_equal(w.log, "");
	assert_int_equal(request("POST", "/users/" OTHER "/remove", NULL, true), 404);
	assert_string_equal(w.log, "");
	w.removing_at = 5;
	assert_int_equal(request("POST", path, NULL, true), 200);
	assert_string_equal(w.log, "remove end ");
	w.removed = true;	/* asked again, it is only shown */
	assert_int_equal(request("POST", path, NULL, true), 200);
	assert_string_equal(w.log, "remove ");
}

static void a_page_without_script_speaks_to_what_is_open(void **state)
{
	static const char path[] = "/conversations/" OPEN "/command";
	static const char stop[] = "{\"type\":\"interrupt\"}";

	assert_int_equal(request("POST", path, stop, false), 202);
	assert_string_equal(w.log, "perform ");
	assert_int_equal(request("POST", path, NULL, false), 422);
	assert_int_equal(request("POST", path, "{\"type\":1}", false), 422);
	assert_string_equal(w.log, "");
	assert_int_equal(request("POST", path, "{\"type\":\"ping\"}", false), 422);
	assert_int_equal(request("POST", "/conversations/" OTHER "/command", stop,
				 false), 409);
	w.is_run = true;
	assert_int_equal(request("POST", path, stop, false), 409);
	w.is_run = w.loaded = false;
	assert_int_equal(request("POST", path, stop, false), 409);
	assert_string_equal(w.log, "");
}

/* Pages reach the shim's requests for files and no others. */
static void pages_reach_files_only(void **state)
{
	static const struct { const char *method, *to; int status; } rows[] = {
		{ "GET", "/list/a%2Fb?from=3", 200 }, { "GET", "/files/a", 200 },
		{ "POST", "/save/a?size=1&version=x", 200 },
		{ "DELETE", "/files/a", 200 }, { "POST", "/trash/1/restore", 200 },
		{ "GET", "/sessions", 422 }, { "DELETE", "/sessions/" OPEN, 422 },
		{ "GET", "/health", 422 }, { "GET", "/changes", 422 },
		{ "GET", "http://x/list", 422 }, { "GET", NULL, 422 },
		{ "PUT", "/files/a", 405 },
	};
	char log[100];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct exchange x = {
			.method = rows[i].method, .said = rows[i].to,
			.path = "/users/" KIM "/files",
		};

		w.log[0] = '\0';
		control_request(w.bridge, &x);
		if (x.status != rows[i].status)
			fail_msg("%s: %d", rows[i].to, x.status);
		snprintf(log, sizeof(log), "%s %s ", rows[i].method, rows[i].to);
		assert_string_equal(w.log, x.status == 200 ? log : "");
	}
}

static void a_broken_list_is_said(void **state)
{
	w.bad_list = true;
	assert_int_equal(request("POST", "/egress/reload", NULL, false), 422);
	assert_string_equal(w.log, "list domains ");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_request_does_its_own),
		CASE(nothing_else_does_anything),
		CASE(a_removal_has_to_be_meant),
		CASE(a_page_without_script_speaks_to_what_is_open),
		CASE(pages_reach_files_only),
		CASE(a_broken_list_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
