/*
 * Finds what a run could not do and which files it wrote, from the recording,
 * which no process in a workspace can change.
 */
#include "config.h"
#include "worker/plan.h"
#include "worker/plan_internal.h"

#include <json-c/json.h>
#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "json/field.h"
#include "json/strict_json.h"
#include "store/conversations.h"

#define PROBLEMS_MAX 40		/* listed at most */
#define TEXT_MAX 200		/* bytes of what and title */
#define CALLS_MAX 5000		/* tool calls; beyond it files are attributed to no run */
#define SLACK_MS 1000		/* added around other runs' calls: two clocks differ */
#define HOME "/workspace/"

/* A part's data, of which a few texts are read. */
static const struct strict_json_limits data_limits = {
	.bytes = 16u << 20, .depth = 48, .containers = 10000,
	.elements = 100000, .loose = true,
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* What tools do in a run. A tool that is not listed may write any file. */
static const struct {
	const char *name;
	const char *path;	/* field that names the one file it writes */
	bool reads;		/* it changes no file */
	bool later;		/* it defers work until after the run's end */
} tools[] = {
	{ "CronCreate", NULL, true, true },
	{ "Edit", "file_path", false, false },
	{ "Glob", NULL, true, false },
	{ "Grep", NULL, true, false },
	{ "MultiEdit", "file_path", false, false },
	{ "NotebookEdit", "notebook_path", false, false },
	{ "Read", NULL, true, false },
	{ "ScheduleWakeup", NULL, true, true },
	{ "ToolSearch", NULL, true, false },
	{ "WebFetch", NULL, true, false },
	{ "WebSearch", NULL, true, false },
	{ "Workflow", NULL, false, true },
	{ "Write", "file_path", false, false },
};

static int tool_find(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(tools); i++) {
		if (str_equal(tools[i].name, name))
			return (int)i;
	}
	return -1;
}

/* ---- problems ---- */

struct problem {
	const char *code, *what, *title;
	int64_t count;
};

struct gathering {
	struct problem list[PROBLEMS_MAX];
	size_t n;
	char **known;		/* ids of calls whose card shows that they were denied */
	size_t nknown;
	struct problem last[PROBLEMS_MAX];	/* failures since the last success */
	size_t nlast;
};

static char *cut(const void *ctx, const char *text)
{
	return talloc_strndup(ctx, text, utf8_prefix(text, strlen(text),
						     TEXT_MAX));
}

static void add(struct gathering *g, const char *code, const char *what,
		const char *title, int64_t count)
{
	const char *w = cut(g, what), *t = cut(g, title);
	struct problem *p;
	size_t i;

	for (i = 0; i < g->n; i++) {
		p = &g->list[i];
		if (str_equal(p->code, code) && str_equal(p->what, w) &&
		    str_equal(p->title, t)) {
			p->count += count;
			return;
		}
	}
	if (g->n < PROBLEMS_MAX)
		g->list[g->n++] = (struct problem){ code, w, t, count };
}

static void know(struct gathering *g, const char *id)
{
	if (!*id || g->nknown >= CALLS_MAX)
		return;
	g->known = talloc_realloc(g, g->known, char *, g->nknown + 1);
	g->known[g->nknown++] = talloc_strdup(g, id);
}

static bool is_known(const struct gathering *g, const char *id)
{
	size_t i;

	for (i = 0; i < g->nknown; i++) {
		if (str_equal(g->known[i], id))
			return true;
	}
	return false;
}

static void look_at_call(struct gathering *g, const struct part *p,
			 struct json_object *o)
{
	const char *name = field_string(o, "name"), *title = field_string(o, "title");
	int tool = tool_find(name);

	if (tool >= 0 && tools[tool].later)
		add(g, "put_off", name, "", 1);
	if (str_equal(p->state, "denied")) {
		know(g, field_string(o, "id"));
		add(g, "denied", name, title, 1);
	} else if (str_equal(p->state, "ok")) {
		g->nlast = 0;
	} else if (str_equal(p->state, "failed") && g->nlast < PROBLEMS_MAX &&
		   !(tool >= 0 && tools[tool].later)) {
		g->last[g->nlast++] = (struct problem){ "command",
			cut(g, name), cut(g, title), 1 };
	}
}

static int look_at(void *data, const struct part *p, struct err *e)
{
	struct gathering *g = data;
	bool call = str_equal(p->kind, "tool_use");
	auto_strict_json *o = NULL;

	(void)e;
	if (!call && !(str_equal(p->kind, "permission") &&
		       str_equal(p->state, "denied")))
		return 0;
	o = strict_json_parse(p->data, strlen(p->data), &data_limits);
	if (call)
		look_at_call(g, p, o);
	else if (!is_known(g, field_string(o, "tool_use")))
		add(g, "denied", field_string(o, "tool"), field_string(o, "title"), 1);
	return 0;
}

static int look_at_block(void *data, const char *domain, struct err *e)
{
	(void)e;
	add(data, "blocked", domain, "", 1);
	return 0;
}

static int look_at_file(void *data, const struct execution_file *f,
			struct err *e)
{
	(void)e;
	if (f->own && !f->kept)
		add(data, "files", "", "", 1);
	return 0;
}

static void look_at_words(struct gathering *g, const char *words)
{
	size_t i, n;

	for (; *words; words += n + (words[n] == ' ')) {
		n = strcspn(words, " ");
		for (i = 0; i < outcome_problems_count; i++) {
			const char *code = outcome_problems[i].code;

			if (strlen(code) == n && memcmp(code, words, n) == 0)
				add(g, code, "", "", 1);
		}
	}
}

static void add_string(struct json_object *o, const char *key, const char *text)
{
	if (*text)
		json_object_object_add(o, key, json_object_new_string(text));
}

static char *written(const void *ctx, const struct gathering *g)
{
	struct json_object *list;
	char *text;
	size_t i;

	if (!g->n)
		return talloc_strdup(ctx, "");
	list = json_object_new_array();
	for (i = 0; i < g->n; i++) {
		struct json_object *o = json_object_new_object();

		add_string(o, "code", g->list[i].code);
		add_string(o, "what", g->list[i].what);
		add_string(o, "title", g->list[i].title);
		json_object_object_add(o, "count",
			json_object_new_int64(g->list[i].count));
		json_object_array_add(list, o);
	}
	text = talloc_strdup(ctx, json_object_to_json_string_ext(list,
			     JSON_C_TO_STRING_PLAIN |
			     JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(list);
	return text;
}

char *plan_problems(struct planner *p, const void *ctx,
		    const struct ended_run *r, struct err *e)
{
	struct gathering *g =
		alloc_checked(talloc_zero(NULL, struct gathering));
	char *text = NULL;
	size_t i;

	if (part_each(p->db, r->conversation_id, -1, r->offset, 0, look_at, g,
		      e) == 0 &&
	    attempt_block_each(p->db, r->conversation_id, look_at_block, g,
			   e) == 0 &&
	    execution_file_each(p->db, r->id, look_at_file, g, e) == 0) {
		for (i = 0; i < g->nlast; i++)
			add(g, g->last[i].code, g->last[i].what,
			    g->last[i].title, 1);
		look_at_words(g, r->problems);
		text = written(ctx, g);
	}
	talloc_free(g);
	return text;
}

/* ---- files ---- */

struct call {
	const char *path;	/* the one file it wrote, below HOME; NULL: any */
	int64_t from, to;	/* UTC ms */
};

struct calls {
	struct call *list;
	size_t n;
	bool full;
};

struct claiming {
	struct calls own, others;
	int64_t now;
	char **paths;		/* files that the run wrote */
	size_t npaths;
};

/* done false: it did not write the file that it names. */
static void add_call(struct claiming *c, struct calls *to, const char *data,
		     bool done, int64_t from, int64_t ended_at)
{
	auto_strict_json *o = strict_json_parse(data, strlen(data),
						&data_limits);
	struct json_object *input;
	int tool = tool_find(field_string(o, "name"));
	const char *path = NULL;
	struct call *call;

	if (tool >= 0 && (tools[tool].reads || (tools[tool].path && !done)))
		return;
	if (to->n >= CALLS_MAX) {
		to->full = true;
		return;
	}
	if (tool >= 0 && tools[tool].path)
		path = json_object_object_get_ex(o, "input", &input) ?
		       field_string(input, tools[tool].path) : "";
	to->list = talloc_realloc(c, to->list, struct call, to->n + 1);
	call = &to->list[to->n++];
	*call = (struct call){ .from = from,
			       .to = ended_at ? ended_at : c->now };
	if (path)
		call->path = talloc_strdup(to->list, str_starts(path, HOME) ?
					   path + strlen(HOME) : path);
}

/* A denied call wrote nothing. */
static int add_own(void *data, const struct part *p, struct err *e)
{
	struct claiming *c = data;

	(void)e;
	if (str_equal(p->kind, "tool_use") && !str_equal(p->state, "denied"))
		add_call(c, &c->own, p->data, str_equal(p->state, "ok"),
			 p->created_at, p->ended_at);
	return 0;
}

static int add_other(void *data, const struct tool_call *call, struct err *e)
{
	struct claiming *c = data;

	(void)e;
	add_call(c, &c->others, call->data, true, call->began_at,
		 call->ended_at);
	return 0;
}

static bool names(const struct calls *calls, const char *path)
{
	size_t i;

	for (i = 0; i < calls->n; i++) {
		if (calls->list[i].path && str_equal(calls->list[i].path, path))
			return true;
	}
	return false;
}

/* Whether a call that may write any file was active then. */
static bool went_on(const struct calls *calls, int64_t at, int64_t slack)
{
	size_t i;

	for (i = 0; i < calls->n; i++) {
		const struct call *c = &calls->list[i];

		if (!c->path && at >= c->from - slack && at <= c->to + slack)
			return true;
	}
	return false;
}

/*
 * A file is the run's own when one of its calls names it, or when its last
 * change falls into one of its calls and into no other conversation's.
 */
static int decide_owner(void *data, const struct execution_file *f, struct err *e)
{
	struct claiming *c = data;

	(void)e;
	if (!names(&c->own, f->path) &&
	    (!f->changed_at || c->others.full ||
	     names(&c->others, f->path) ||
	     !went_on(&c->own, f->changed_at, 0) ||
	     went_on(&c->others, f->changed_at, SLACK_MS)))
		return 0;
	c->paths = talloc_realloc(c, c->paths, char *, c->npaths + 1);
	c->paths[c->npaths++] = talloc_strdup(c->paths, f->path);
	return 0;
}

int plan_claim_files(struct planner *p, const struct ended_run *r, int64_t now,
		     struct err *e)
{
	struct claiming *c = alloc_checked(talloc_zero(NULL, struct claiming));
	int rc = -1;
	size_t i;

	c->now = now;
	if (part_each(p->db, r->conversation_id, -1, r->offset, 0, add_own, c,
		      e) == 0 &&
	    tool_call_each_other(p->db, r, r->began_at - SLACK_MS,
				 now, add_other, c, e) == 0)
		rc = execution_file_each(p->db, r->id, decide_owner, c, e);
	for (i = 0; rc == 0 && i < c->npaths; i++)
		rc = execution_file_claim(p->db, r->id, c->paths[i], e);
	talloc_free(c);
	return rc;
}
