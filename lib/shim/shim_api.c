#include "config.h"
#include "shim/shim_api.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/id.h"
#include "core/str.h"
#include "shim/cgroup.h"
#include "shim/log_file.h"
#include "shim/paths.h"
#include "shim/shim_changes.h"
#include "shim/shim_session.h"
#include "shim/shim_written.h"
#include "shim/terminal_api.h"
#include "shim/workspace_files.h"
#include "shim/write_notifier.h"

#define GRACE_PRESET 5		/* seconds */
#define GRACE_MAX 60

/* A session that is running, or an error answer. */
static struct shim_session *running(struct exchange *x, const char *id)
{
	struct shim_session *s;

	if (!id_valid(id)) {
		exchange_answer(x, 400, "a session's id is a UUID");
		return NULL;
	}
	s = shim_session_find(id);
	if (!s)
		exchange_answer(x, 409, "the session does not run");
	return s;
}

static void start(struct exchange *x, const char *id)
{
	struct shim_session *s = shim_session_find(id);
	struct err e = { 0 };
	struct start_request parsed;

	if (!id_valid(id)) {
		exchange_answer(x, 400, "a session's id is a UUID");
		return;
	}
	if (s) {
		if (shim_session_is_open(s))
			exchange_answer(x, 200, "running");
		else
			exchange_answer(x, 409, "the session is ending");
		return;
	}
	if (!x->body.len) {
		exchange_answer(x, 400, "no program in arg=");
		return;
	}
	if (start_request_parse(&parsed, x->body.data, x->body.len, &e) < 0 ||
	    shim_session_start(id, &parsed, &e) < 0)
		exchange_fail(x, &e);
	else
		exchange_answer(x, 201, "started");
}

struct log_reader {
	struct log_file_reader reader;
	struct exchange *x;
};

static void wake_reader(struct log_file_reader *r)
{
	exchange_wake(((struct log_reader *)(void *)r)->x);
}

static int read_log(struct exchange *x, void *out, size_t size)
{
	struct log_reader *r = x->work;

	return log_file_read(&r->reader, out, size);
}

static void end_reader(struct exchange *x)
{
	struct log_reader *r = x->work;

	log_file_detach(&r->reader);
	free(r);
}

static void attach(struct exchange *x, struct log_file *j, int64_t from)
{
	struct log_reader *r = alloc_checked(calloc(1, sizeof(*r)));
	struct err e = { 0 };

	r->reader.woken = wake_reader;
	r->x = x;
	if (log_file_attach(j, &r->reader, from, &e) < 0) {
		free(r);
		exchange_answer(x, e.kind == ERR_LIMIT ? 410 : 416, "%s", e.text);
		return;
	}
	x->work = r;
	x->gone = end_reader;
	exchange_stream(x, 200, read_log);
}

static void follow(struct exchange *x, const char *id)
{
	struct log_file *j = NULL;
	struct err e = { 0 };
	int64_t from;

	if (link_server_query_number(x->query, "from", 0, INT64_MAX, &from, &e) == 0)
		j = log_file_open(id, false, &e);
	if (!j) {
		exchange_fail(x, &e);
		return;
	}
	attach(x, j, from);
	log_file_close(j);
}

static void input(struct exchange *x, const char *id)
{
	struct shim_session *s = running(x, id);

	if (!s)
		return;
	if (!x->body.len || x->body.data[x->body.len - 1] != '\n')
		exchange_answer(x, 400, "input must be complete lines");
	else
		shim_session_input(s, x);
}

static void send_signal(struct exchange *x, const char *id)
{
	struct shim_session *s = running(x, id);
	struct err e = { 0 };
	char name[8] = "";

	if (!s)
		return;
	link_server_query(x->query, "name", name, sizeof(name));
	if (shim_session_signal(s, name, &e) < 0)
		exchange_fail(x, &e);
	else
		exchange_answer(x, 200, "sent");
}

static void end_tools(struct exchange *x, const char *id)
{
	struct shim_session *s = running(x, id);

	if (s)
		shim_session_end_tools(s, x);
}

static void trim(struct exchange *x, const char *id)
{
	struct err e = { 0 };
	struct log_file *j;
	int64_t to;

	if (link_server_query_number(x->query, "to", 0, INT64_MAX, &to, &e) < 0) {
		exchange_fail(x, &e);
		return;
	}
	j = log_file_open(id, false, &e);
	if (!j || log_file_trim(j, to, &e) < 0) {
		if (j && e.kind == ERR_INPUT)
			exchange_answer(x, 416, "%s", e.text);
		else
			exchange_fail(x, &e);
	} else {
		exchange_answer(x, 200, "first %" PRId64, log_file_first(j));
	}
	log_file_close(j);
}

static void purge_ended(struct exchange *x, const char *id)
{
	struct err e = { 0 };
	struct log_file *j = log_file_open(id, false, &e);

	if (j)
		log_file_drop(j);
	log_file_close(j);
	if (path_purge(id, &e) < 0)
		exchange_fail(x, &e);
	else
		exchange_answer(x, 200, "removed");
}

static void end_session(struct exchange *x, const char *id)
{
	struct err e = { 0 };
	char purge[4] = "";
	struct shim_session *s;
	int64_t grace;

	if (!id_valid(id)) {
		exchange_answer(x, 400, "a session's id is a UUID");
		return;
	}
	if (link_server_query_number(x->query, "grace", GRACE_PRESET, GRACE_MAX, &grace, &e) < 0) {
		exchange_fail(x, &e);
		return;
	}
	link_server_query(x->query, "purge", purge, sizeof(purge));
	s = shim_session_find(id);
	if (s)
		shim_session_end(s, grace * 1000, str_equal(purge, "1"), x);
	else if (str_equal(purge, "1"))
		purge_ended(x, id);
	else
		exchange_answer(x, 200, "ended");
}

static void list_one(void *data, const char *id, bool marked, int64_t size)
{
	struct exchange *x = data;
	struct err e = { 0 };

	/* The list is truncated at the cap; no workspace has that many. */
	(void)!buf_addf(&x->answer, &e, "%s %s %" PRId64 "\n", id,
			shim_session_find(id) ? "running" : "ended", size);
}

static void list(struct exchange *x, const char *arg)
{
	struct err e = { 0 };

	if (log_file_list(list_one, x, &e) < 0)
		exchange_fail(x, &e);
	else
		exchange_answer_text(x);
}

static void health(struct exchange *x, const char *arg)
{
	unsigned sessions, blocked;
	struct err e = { 0 };

	shim_session_count(&sessions, &blocked);
	if (cgroup_format(&x->answer, sessions, blocked, &e) < 0)
		exchange_fail(x, &e);
	else
		exchange_answer_text(x);
}

static void changes(struct exchange *x, const char *arg)
{
	char session[ID_SIZE] = "";
	struct err e = { 0 };
	int64_t since;

	link_server_query(x->query, "session", session, sizeof(session));
	if (link_server_query_number(x->query, "since", 0, INT64_MAX, &since, &e) < 0)
		exchange_fail(x, &e);
	else if (*session && !id_valid(session))
		exchange_answer(x, 400, "a session's id is a UUID");
	else
		shim_changes_begin(x, session, since);
}

/* since= and until=, of a session that need not run any more. */
static int query_span(struct exchange *x, const char *id, int64_t *since,
		      int64_t *until, struct err *e)
{
	if (!id_valid(id))
		return err_set(e, ERR_INPUT, "a session's id is a UUID");
	if (link_server_query_number(x->query, "since", 0, INT64_MAX, since, e) < 0)
		return -1;
	return link_server_query_number(x->query, "until", INT64_MAX / 2, INT64_MAX / 2, until, e);
}

static void written(struct exchange *x, const char *id)
{
	struct err e = { 0 };
	int64_t since, until, most;

	if (query_span(x, id, &since, &until, &e) < 0 ||
	    link_server_query_number(x->query, "most", SHIM_CHANGES_MAX, SHIM_CHANGES_MAX, &most,
			 &e) < 0)
		exchange_fail(x, &e);
	else
		shim_written_list(x, id, since, until, (size_t)most);
}

static void wrote(struct exchange *x, const char *id)
{
	char name[LINK_SERVER_PATH_MAX] = "", path[WRITE_NOTIFIER_PATH_MAX + 1];
	struct err e = { 0 };
	int64_t since, until;

	link_server_query(x->query, "path", name, sizeof(name));
	if (query_span(x, id, &since, &until, &e) < 0 ||
	    workspace_files_path(name, path, sizeof(path), &e) < 0) {
		exchange_fail(x, &e);
		return;
	}
	shim_written_note(id, path, since, until);
	exchange_answer(x, 200, "noted");
}

const struct link_server_route api_routes[] = {
	{ "POST", "/sessions/*", START_REQUEST_BODY_MAX, start, false },
	{ "DELETE", "/sessions/*", 0, end_session, false },
	{ "GET", "/sessions/*/log", 0, follow, false },
	{ "POST", "/sessions/*/input", SHIM_SESSION_INPUT_MAX, input, false },
	{ "POST", "/sessions/*/signal", 0, send_signal, false },
	{ "POST", "/sessions/*/tools/end", 0, end_tools, false },
	{ "POST", "/sessions/*/trim", 0, trim, false },
	{ "GET", "/sessions/*/written", 0, written, false },
	{ "POST", "/sessions/*/wrote", 0, wrote, false },
	{ "GET", "/sessions", 0, list, false },
	{ "GET", "/changes", 0, changes, false },
	{ "GET", "/stat", 0, workspace_files_stat, false },
	{ "GET", "/stat/*", 0, workspace_files_stat, false },
	{ "GET", "/list", 0, workspace_files_list, false },
	{ "GET", "/list/*", 0, workspace_files_list, false },
	{ "GET", "/files/*", 0, workspace_files_send, false },
	{ "DELETE", "/files/*", 0, workspace_files_delete, false },
	{ "POST", "/save/*", 0, workspace_files_save, true },
	{ "POST", "/folders/*", 0, workspace_files_folder, false },
	{ "POST", "/move/*", 0, workspace_files_move, false },
	{ "GET", "/trash", 0, workspace_files_trash, false },
	{ "DELETE", "/trash", 0, workspace_files_erase, false },
	{ "DELETE", "/trash/*", 0, workspace_files_erase, false },
	{ "POST", "/trash/*/restore", 0, workspace_files_restore, false },
	{ "GET", "/uploads/*", 0, workspace_files_upload_status, false },
	{ "POST", "/uploads/*", 0, workspace_files_upload_append, true },
	{ "POST", "/uploads/*/finish", 0, workspace_files_upload_finish, false },
	{ "DELETE", "/uploads/*", 0, workspace_files_upload_drop, false },
	{ "GET", "/archive", 0, workspace_files_archive, false },
	{ "GET", "/archive/*", 0, workspace_files_archive, false },
	{ "GET", "/terminals", 0, terminal_api_list, false },
	{ "POST", "/terminals/*", 0, terminal_api_start, false },
	{ "DELETE", "/terminals/*", 0, terminal_api_end, false },
	{ "GET", "/terminals/*/io", 0, terminal_api_view, false },
	{ "POST", "/terminals/*/input", TERMINAL_INPUT_MAX, terminal_api_input, false },
	{ "POST", "/terminals/*/resize", 0, terminal_api_resize, false },
	{ "POST", "/terminals/*/name", 0, terminal_api_rename, false },
	{ "GET", "/health", 0, health, false },
	{ NULL, NULL, 0, NULL, false },
};
