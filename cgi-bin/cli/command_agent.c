/* gongbang agent ...: agents as files, to keep them elsewhere. */
#include "config.h"
#include "cli/command.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "agent/definition.h"
#include "core/clock.h"
#include "core/str.h"
#include "store/agents.h"

/* Control characters, which a terminal might interpret, are shown as "?". */
static void print_safe(const char *s)
{
	for (; *s; s++)
		putchar((unsigned char)*s < ' ' || *s == 0x7f ? '?' : *s);
}

static struct user *owner(const struct call *c, struct db *db, struct err *e)
{
	if (!c->options[OPTION_USER]) {
		err_set(e, ERR_INPUT, "name the account: --user USERNAME");
		return NULL;
	}
	return command_user(c, db, c->options[OPTION_USER], e);
}

static int print_row(void *data, const struct agent *a, struct err *e)
{
	char next[CLOCK_ISO_SIZE] = "-";

	(void)data;
	(void)e;
	if (a->next_run_at)
		clock_iso(a->next_run_at, next);
	printf("%-7s  %7lld  %-20.20s  ", a->status, (long long)a->version,
	       next);
	print_safe(a->name);
	putchar('\n');
	return 0;
}

int command_agent_list(const struct call *c, struct err *e)
{
	struct db *db = command_store(c, e);
	struct user *u = db ? owner(c, db, e) : NULL;
	struct agent_filter f = { .status = "", .search = "",
				  .limit = AGENTS_MAX };

	if (!u)
		return -1;
	f.user_id = u->id;
	printf("%-7s  %7s  %-20s  %s\n", "STATUS", "VERSION", "NEXT", "NAME");
	return agent_each(db, &f, print_row, NULL, e);
}

struct finding {
	const struct call *c;
	const char *name;
	struct agent *found;
	int n;
};

static int keep_named(void *data, const struct agent *a, struct err *e)
{
	struct finding *f = data;

	(void)e;
	if (f->name && !str_equal(a->name, f->name))
		return 0;
	f->n++;
	f->found = talloc_memdup(f->c->ctx, a, sizeof(*a));
	f->found->name = talloc_strdup(f->found, a->name);
	f->found->status = talloc_strdup(f->found, a->status);
	f->found->definition = talloc_strdup(f->found, a->definition);
	return 0;
}

/* *out: the one agent with that name (NULL: the only one), or NULL for none. */
static int find_agent(const struct call *c, struct db *db, const struct user *u,
		      const char *name, struct agent **out, struct err *e)
{
	struct finding f = { .c = c, .name = name };
	struct agent_filter all = { .user_id = u->id, .status = "",
				    .search = "", .limit = AGENTS_MAX };

	if (agent_each(db, &all, keep_named, &f, e) < 0)
		return -1;
	if (f.n > 1)
		return err_set(e, ERR_CONFLICT, name ? "several agents of %s"
			       " have this name; rename one in Gongbang" :
			       "%s has several agents; name one", u->login);
	*out = f.found;
	return 0;
}

int command_agent_export(const struct call *c, struct err *e)
{
	struct db *db = command_store(c, e);
	struct user *u = db ? owner(c, db, e) : NULL;
	struct agent *a;

	if (!u || find_agent(c, db, u, c->words[0], &a, e) < 0)
		return -1;
	if (!a)
		return err_set(e, ERR_MISSING, "%s has no such agent; see:"
			       " gongbang agent list --user %s", u->login,
			       u->login);
	fputs(a->definition, stdout);
	return 0;
}

static int read_file(const char *path, struct buf *out, struct err *e)
{
	FILE *f = str_equal(path, "-") ? stdin : fopen(path, "re");
	int rc;

	if (!f)
		return err_set(e, ERR_INPUT, "can't read %.150s", path);
	rc = buf_read_file(out, f, e);
	if (rc < 0 && e->kind == ERR_INPUT)
		err_set(e, ERR_INPUT, "can't read %.150s", path);
	if (f != stdin)
		fclose(f);
	return rc;
}

/* The next run of a definition that is imported over an active agent. */
static int next_run(const struct call *c, const struct agent *a,
		    const struct definition *d, int64_t *next, struct err *e)
{
	struct recurrence *r;

	*next = 0;
	if (!str_equal(a->status, "active") ||
	    d->schedule.frequency == FREQUENCY_NONE)
		return 0;
	r = recurrence_new(c->ctx, &d->schedule, e);
	if (!r)
		return -1;
	*next = recurrence_next(r, clock_now_ms());
	return 0;
}

static int save(const struct call *c, struct db *db, const struct user *u,
		const struct definition *d, const char *text, struct err *e)
{
	struct agent *a;
	char id[ID_SIZE];
	int64_t next;

	if (find_agent(c, db, u, d->name, &a, e) < 0)
		return -1;
	if (!a) {
		if (agent_create(db, u->id, d->name, text, false, 0, id, e) < 0)
			return -1;
		fprintf(stderr, "gongbang: created a paused agent for %s\n",
			u->login);
		return 0;
	}
	if (next_run(c, a, d, &next, e) < 0 ||
	    agent_save(db, a->id, u->id, a->version, d->name, text, next,
		       e) < 0)
		return -1;
	fprintf(stderr, "gongbang: updated the agent of %s with this name\n",
		u->login);
	return 0;
}

int command_agent_import(const struct call *c, struct err *e)
{
	auto_buf in = BUF_INIT(DEFINITION_JSON_MAX);
	auto_buf text = BUF_INIT(DEFINITION_JSON_MAX);
	struct db *db = command_store(c, e);
	struct user *u = db ? owner(c, db, e) : NULL;
	struct definition *d;

	if (!u)
		return -1;
	if (!c->options[OPTION_FILE])
		return err_set(e, ERR_INPUT, "name the file: --file FILE (-"
			       " for standard input)");
	if (read_file(c->options[OPTION_FILE], &in, e) < 0)
		return -1;
	d = definition_parse(c->ctx, buf_text(&in), in.len, e);
	if (!d || definition_format(d, &text, e) < 0)
		return -1;
	return save(c, db, u, d, buf_text(&text), e);
}
