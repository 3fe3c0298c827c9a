/* Exports and imports agents as JSON (lib/agent/DEFINITION.md). */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "agent/definition.h"
#include "core/log.h"
#include "core/str.h"
#include "pages/agents/agent_view.h"
#include "pages/pages.h"

/* Letters, digits and hyphens of a name, for a file name. */
static const char *file_name(const struct request *r, const char *name)
{
	char *out = talloc_array(r, char, 64);
	size_t n = 0;

	for (; *name && n < 40; name++) {
		bool plain = (*name >= 'a' && *name <= 'z') ||
			     (*name >= 'A' && *name <= 'Z') ||
			     (*name >= '0' && *name <= '9');

		if (plain)
			out[n++] = *name;
		else if (n && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n && out[n - 1] == '-')
		n--;
	strcpy(out + n, n ? ".json" : "agent.json");
	return out;
}

/*
 * GET /agents/{id}/export.json -- its definition, which contains no URL or
 * secret.
 */
int page_agent_export(struct request *r, struct response *out, struct err *e)
{
	struct agent *a = agent_here(r, e);
	const char *how;

	if (!a)
		return -1;
	how = talloc_asprintf(r, "attachment; filename=\"%s\"",
			      file_name(r, a->name));
	out->type = "application/json; charset=utf-8";
	if (response_header(out, "Content-Disposition", how, e) < 0)
		return -1;
	return buf_add_text(&out->body, a->definition, e);
}

static int show(struct request *r, struct response *out, const char *json,
		const struct err *why, struct err *e)
{
	struct view *view = page_view(r, "import_title");
	size_t n = why ? strcspn(why->text, ":") : 0;

	view_text(view, "json", json);
	view_text(view, "problem", why ? page_sentence(r, why) : "");
	/* "schedule.time: ..." names the member; the rest is for the log. */
	view_text(view, "member", n && why->text[0] != '(' ?
		  talloc_strndup(r, why->text, n) : "");
	return page_render(r, out, "pages/import", view, e);
}

int page_agent_import(struct request *r, struct response *out, struct err *e)
{
	return show(r, out, "", NULL, e);
}

static int make(struct request *r, const char *json, char id[ID_SIZE],
		struct err *e)
{
	auto_buf text = BUF_INIT(DEFINITION_JSON_MAX);
	struct context *v = context_of(r);
	struct definition *d = definition_parse(r, json, strlen(json), e);

	if (!d || definition_format(d, &text, e) < 0)
		return -1;
	return agent_create(v->db, v->user->id, d->name, buf_text(&text),
			    false, 0, id, e);
}

/*
 * POST /agents/import -- a new agent, paused: nothing runs before a user has
 * checked it.
 */
int page_agent_import_save(struct request *r, struct response *out,
			   struct err *e)
{
	const char *json = form_text(r->form, "json");
	struct err why = { 0 };
	char id[ID_SIZE];

	if (make(r, json, id, &why) == 0) {
		log_event(LOG_INFO, "agent_imported", "agent", id, "request",
			  r->id, NULL);
		return response_redirect(out, e, "/agents/%s", id);
	}
	if (why.kind == ERR_UNAVAILABLE || why.kind == ERR_INTERNAL) {
		*e = why;
		return -1;
	}
	out->status = response_status(&why);
	return show(r, out, json, &why, e);
}
