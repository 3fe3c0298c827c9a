/* An agent's trigger URL: its page, and the calls to it. */
#include "config.h"
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/log.h"
#include "core/str.h"
#include "json/strict_json.h"
#include "pages/agents/page_agent.h"
#include "pages/pages.h"
#include "store/executions.h"

/* ---- the page ---- */

static int show(struct request *r, struct response *out, const struct agent *a,
		const char *secret, struct err *e)
{
	const struct context *v = context_of(r);
	struct view *view = page_view(r, "hook_title");
	view_text(view, "id", a->id);
	agent_head(r, view, a, "/hook");
	view_flag(view, "hook", a->hook);
	view_flag(view, "active", str_equal(a->status, "active"));
	view_text(view, "address", *secret ? talloc_asprintf(r, "%s/hooks/%s",
			page_site_url(r), secret) : "");
	view_text(view, "about", i18n_fill(r, v->text, "hook_about",
					   "{{payload}}", NULL));
	view_text(view, "often", i18n_count(r, v->text, "hook_often",
		settings_number(v->app->settings, SET_HOOKS_PER_MINUTE)));
	view_flag(view, "revoked", str_equal(form_text(r->args, "done"),
					     "revoked"));
	return page_render(r, out, "pages/hook", view, e);
}

int page_hook(struct request *r, struct response *out, struct err *e)
{
	struct agent *a = agent_here(r, e);

	return a ? show(r, out, a, "", e) : -1;
}

/* POST /agents/{id}/hook -- a new URL, shown this once; the old one ends. */
int page_hook_make(struct request *r, struct response *out, struct err *e)
{
	struct agent *a = agent_here(r, e);
	char secret[TOKEN_SIZE], hash[DIGEST_SIZE];

	if (!a)
		return -1;
	token_new(secret);
	digest_hex(secret, strlen(secret), hash);
	if (agent_set_hook(context_of(r)->db, a->id, hash, e) < 0)
		return -1;
	log_event(LOG_INFO, "hook_created", "agent", a->id, "request", r->id,
		  NULL);
	a->hook = true;
	return show(r, out, a, secret, e);
}

int page_hook_revoke(struct request *r, struct response *out, struct err *e)
{
	struct agent *a = agent_here(r, e);

	if (!a || agent_set_hook(context_of(r)->db, a->id, "", e) < 0)
		return -1;
	log_event(LOG_INFO, "hook_revoked", "agent", a->id, "request", r->id,
		  NULL);
	return response_redirect(out, e, "/agents/%s/hook?done=revoked", a->id);
}

/* ---- calls ---- */

static bool is_json_type(const char *type)
{
	size_t n = strcspn(type, "; \t");

	return n == 16 && strncasecmp(type, "application/json", n) == 0;
}

static const struct strict_json_limits limits = {
	.bytes = 1 << 20, .depth = 32, .containers = 4000, .elements = 40000,
};

/* Passed on unchanged; readers decide whether it is JSON. */
static int check_payload(const struct request *r, struct err *e)
{
	if (!r->body_len)
		return 0;
	if (!is_json_type(r->body_type))
		return err_tell(e, ERR_INPUT, "error_hook_type",
				"payload is not application/json");
	if (!strict_json_valid(r->body, r->body_len, &limits))
		return err_tell(e, ERR_INPUT, "error_hook_json",
				"payload is not JSON");
	return 0;
}

static int queue(struct request *r, struct response *out, char run[ID_SIZE],
		 struct err *e)
{
	struct context *v = context_of(r);
	const char *secret = request_arg(r, "secret");
	char hash[DIGEST_SIZE];
	struct agent *a;

	v->db = page_worker_db(v->worker, e);
	if (!v->db)
		return -1;
	digest_hex(secret, strlen(secret), hash);
	a = agent_load_by_hook(v->db, r, hash, e);
	/* While Redis is away the cap on queued runs still applies. */
	if (!a || page_check_rate(r, out, talloc_asprintf(r, "hook:%s", hash),
				  settings_number(v->app->settings,
						  SET_HOOKS_PER_MINUTE),
				  "error_hook_often", e) < 0 ||
	    check_payload(r, e) < 0)
		return -1;
	if (!str_equal(a->status, "active"))
		return err_tell(e, ERR_CONFLICT, "error_hook_paused",
				"the agent is paused");
	if (execution_add(v->db, a, "hook", r->body_len ? r->body : "", NULL,
			  clock_now_ms(), run, e) < 0)
		return -1;
	page_run_tell(r, run);
	log_event(LOG_INFO, "run_queued", "execution", run, "agent", a->id,
		  "trigger", "hook", "request", r->id, NULL);
	return 0;
}

static int say(struct response *out, const char *key, const char *value,
	       const char *more, struct err *e)
{
	auto_strict_json *o = json_object_new_object();

	json_object_object_add(o, key, json_object_new_string(value));
	if (more)
		json_object_object_add(o, "message",
				       json_object_new_string(more));
	out->type = "application/json";
	return buf_addf(&out->body, e, "%s\n", json_object_to_json_string_ext(o,
			JSON_C_TO_STRING_PLAIN |
			JSON_C_TO_STRING_NOSLASHESCAPE));
}

/*
 * POST /hooks/{secret} -- starts a run. For programs: no login, cookie or
 * page; the secret is the credential. The URL is never logged.
 */
int page_hook_call(struct request *r, struct response *out, struct err *e)
{
	struct err why = { 0 };
	char run[ID_SIZE];
	const char *address;

	if (queue(r, out, run, &why) == 0) {
		address = talloc_asprintf(r, "%s/executions/%s",
					  page_site_url(r), run);
		out->status = 202;
		if (response_header(out, "Location", address, e) < 0)
			return -1;
		return say(out, "execution", address, NULL, e);
	}
	log_failure("hook_refused", &why, "request", r->id, NULL);
	out->status = response_status(&why);
	return say(out, "error", err_kind_name(why.kind),
		   page_sentence(r, &why), e);
}
