/*
 * gongbang doctor: compares the price table with the prices that the image's
 * Claude Code reports.
 */
#include "config.h"
#include "cli/doctor/doctor.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "core/clock.h"
#include "http/http_client.h"
#include "json/field.h"
#include "json/strict_json.h"
#include "spending/cli_prices.h"

#define ANSWER_MS 18000		/* in total: within PATIENCE_MS of doctor.c */
#define LOG_MAX (4 << 20)

/*
 * Sends the request to stdin, like a session. Its stdout is a pipe; the
 * container's is a terminal, so that the engine returns the log without
 * frames.
 */
static const char asks[] =
	"printf '%s\\n' '{\"type\":\"control_request\",\"request_id\":\""
	CLI_PRICES_REQUEST "\",\"request\":{\"subtype\":\"list_models\"}}' |"
	" timeout -s KILL 15 claude -p --verbose --input-format stream-json"
	" --output-format stream-json 2>/dev/null | cat";

struct asked {
	const struct call *c;
	int64_t end;		/* clock_mono_ms */
	char name[80];		/* the container's */
};

/* 0 and *status, answer NULL: it is dropped. */
static int engine_call(const struct asked *a, const char *method,
		       const char *what, const char *body, int *status,
		       struct buf *answer, struct err *e)
{
	int64_t left = a->end - clock_mono_ms();
	char path[256];
	struct http_client_call call = {
		.socket = settings_text(a->c->settings, SET_ENGINE_SOCKET),
		.method = method,
		.path = path,
		.body = body,
		.deadline_ms = left > 1 ? left : 1,
	};

	snprintf(path, sizeof(path), "/v1.41/containers/%s", what);
	return http_client_run(&call, status, answer, e);
}

static int act(const struct asked *a, const char *method, const char *tail,
	       int *status, struct buf *answer, struct err *e)
{
	char what[160];

	snprintf(what, sizeof(what), "%s%s", a->name, tail);
	return engine_call(a, method, what, NULL, status, answer, e);
}

static json_object *words(const char *const *list, size_t n)
{
	json_object *a = json_object_new_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_object_array_add(a, json_object_new_string(list[i]));
	return a;
}

/* No network, volume or privilege: it only answers the request. */
static json_object *spec(const struct call *c)
{
	static const char *const entry[] = { "/bin/sh", "-c", asks };
	static const char *const env[] = { "HOME=/tmp" };
	static const char *const all[] = { "ALL" };
	static const char *const safe[] = { "no-new-privileges" };
	json_object *o = json_object_new_object();
	json_object *host = json_object_new_object();
	json_object *log = json_object_new_object();
	json_object *tmp = json_object_new_object();

	field_put_string(o, "Image", settings_text(c->settings, SET_IMAGE));
	field_put_string(o, "WorkingDir", "/tmp");
	json_object_object_add(o, "Entrypoint", words(entry, 3));
	json_object_object_add(o, "Env", words(env, 1));
	field_put_flag(o, "Tty", true);
	json_object_object_add(o, "HostConfig", host);
	field_put_string(host, "NetworkMode", "none");
	field_put_flag(host, "ReadonlyRootfs", true);
	json_object_object_add(host, "CapDrop", words(all, 1));
	json_object_object_add(host, "SecurityOpt", words(safe, 1));
	field_put_number(host, "Memory", 1 << 30);
	field_put_number(host, "PidsLimit", 256);
	json_object_object_add(host, "Tmpfs", tmp);
	field_put_string(tmp, "/tmp", "rw,size=64m,mode=1777");
	json_object_object_add(host, "LogConfig", log);
	field_put_string(log, "Type", "json-file");
	return o;
}

static int create(const struct asked *a, struct err *e)
{
	json_object *o = spec(a->c);
	char what[120];
	int status = 0, rc;

	snprintf(what, sizeof(what), "create?name=%s", a->name);
	rc = engine_call(a, "POST", what, json_object_to_json_string(o),
			 &status, NULL, e);
	json_object_put(o);
	if (rc == 0 && status == 404)
		return err_set(e, ERR_MISSING, "the image is missing");
	if (rc == 0 && status != 201)
		return err_set(e, ERR_INTERNAL, "the engine responds %d", status);
	return rc;
}

/*
 * The container's output. Removes it, as well as one that an earlier doctor
 * left.
 */
static int ask_cli(struct asked *a, struct buf *out, struct err *e)
{
	struct err dropped = { 0 };
	int status = 0, rc;

	if (act(a, "DELETE", "?force=1", &status, NULL, e) < 0 ||
	    create(a, e) < 0)
		return -1;
	rc = act(a, "POST", "/start", &status, NULL, e);
	if (rc == 0 && status / 100 == 2)
		rc = act(a, "POST", "/wait", &status, NULL, e);
	if (rc == 0 && status / 100 == 2)
		rc = act(a, "GET", "/logs?stdout=1", &status, out, e);
	if (rc == 0 && status != 200)
		rc = err_set(e, ERR_INTERNAL, "the engine responds %d", status);
	a->end = clock_mono_ms() + 2000;
	if (act(a, "DELETE", "?force=1", &status, NULL, &dropped) < 0)
		return rc;	/* it ends by itself, and the next doctor removes it */
	return rc;
}

struct compared {
	struct buf missing, differing;	/* models, separated by blanks */
	struct buf rows;
};

/* -1: lists as many models as fit. */
static int compare(const struct cli_prices *l, const struct prices *p,
		   struct compared *out, struct err *e)
{
	enum cli_prices_verdict verdict;
	size_t i, whole;

	for (i = 0; i < l->n; i++) {
		whole = out->rows.len;
		if (cli_prices_compare(&l->rows[i], p, clock_now_ms(), &verdict,
				       &out->rows, e) < 0) {
			out->rows.len = whole;
			return -1;
		}
		if (verdict != CLI_PRICES_SAME &&
		    buf_addf(verdict == CLI_PRICES_MISSING ? &out->missing :
			     &out->differing, e, " %s", l->rows[i].model) < 0)
			return -1;
	}
	return 0;
}

static void judge(const struct cli_prices *l, const struct prices *p,
		  const char *path, struct finding *f)
{
	struct compared found = { BUF_INIT(DOCTOR_TEXT), BUF_INIT(DOCTOR_TEXT),
				  BUF_INIT(DOCTOR_TEXT / 2) };
	const char *missing, *differing;
	struct err e = { 0 };
	char mend[DOCTOR_TEXT];
	int rc = compare(l, p, &found, &e);

	missing = buf_text(&found.missing);
	differing = buf_text(&found.differing);
	snprintf(mend, sizeof(mend), "add these rows to conf/prices.list (or"
		 " to your own %s) in place of rows of the same day, then run"
		 " scripts/up%s:\n%.*s", path, rc < 0 ?
		 " and doctor again" : "",
		 (int)(found.rows.len ? found.rows.len - 1 : 0),
		 buf_text(&found.rows));
	if (*missing || *differing)
		finding_warn(f, mend, "Claude Code lists other"
			     " prices:%s%s%s%s%s", *missing ? " missing here:" : "",
			     missing, *missing && *differing ? ";" : "",
			     *differing ? " different here:" : "",
			     differing);
	else if (l->unread)
		finding_warn(f, "compare them with /model in a conversation",
			     "%zu models match Claude Code, %zu prices"
			     " couldn't be read", l->n, l->unread);
	else
		finding_ok(f, "%zu models match Claude Code's prices", l->n);
	buf_release(&found.missing);
	buf_release(&found.differing);
	buf_release(&found.rows);
}

void doctor_prices(const struct call *c, struct finding *f)
{
	static struct cli_prices list;
	const char *path = settings_text(c->settings, SET_PRICES);
	struct asked a = { .c = c, .end = clock_mono_ms() + ANSWER_MS };
	auto_buf said = BUF_INIT(LOG_MAX);
	struct err e = { 0 };
	struct prices *p = prices_load(c->ctx, path, &e);

	snprintf(a.name, sizeof(a.name), "gongbang-doctor-%.40s",
		 settings_text(c->settings, SET_INSTANCE));
	if (!p)
		finding_fail(f, "fix that line", "%s", e.text);
	else if (ask_cli(&a, &said, &e) < 0)
		finding_warn(f, "fix the engine and image checks first", "not"
			     " compared: Claude Code couldn't be started: %s", e.text);
	else if (cli_prices_parse(buf_text(&said), said.len, &list, &e) < 0)
		finding_warn(f, "scripts/image builds the image with this"
			     " version's Claude Code", "not compared: the"
			     " image's Claude Code lists %s", e.text);
	else
		judge(&list, p, path, f);
}
