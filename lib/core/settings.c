#include "config.h"
#include "core/settings.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"

enum setting_type { TEXT, NUMBER, FLAG };

struct setting_row {
	const char *name;
	enum setting_type type;
	int64_t min, max;
	const char *preset;
	const char *help;
};

static const struct setting_row rows[SET_COUNT] = {
#define SETTING(id, name, type, min, max, preset, help) \
	[SET_##id] = { name, type, min, max, preset, help },
#include "core/settings.def"
#undef SETTING
};

struct settings {
	char *text[SET_COUNT];
	int64_t number[SET_COUNT];
};

static int check(const struct setting_row *row, const char *value,
		 int64_t *number, struct err *e)
{
	size_t n = strlen(value);

	switch (row->type) {
	case TEXT:
		if ((int64_t)n < row->min || (int64_t)n > row->max)
			return err_set(e, ERR_INPUT,
				"%s: %lld to %lld bytes, not %zu", row->name,
				(long long)row->min, (long long)row->max, n);
		return 0;
	case NUMBER:
		if (str_parse_number(value, row->min, row->max, number, e) < 0)
			return err_wrap(e, "%s = %s", row->name, value);
		return 0;
	case FLAG:
		if (!str_equal(value, "yes") && !str_equal(value, "no"))
			return err_set(e, ERR_INPUT, "%s: yes or no, not %s",
				       row->name, value);
		*number = str_equal(value, "yes");
		return 0;
	}
	return err_set(e, ERR_INTERNAL, "%s: no such type", row->name);
}

static int assign(struct settings *s, enum setting id, const char *value,
		  struct err *e)
{
	int64_t number = 0;
	char *copy;

	if (check(&rows[id], value, &number, e) < 0)
		return -1;
	copy = alloc_checked(strdup(value));
	free(s->text[id]);
	s->text[id] = copy;
	s->number[id] = number;
	return 0;
}

struct settings *settings_new(void)
{
	struct settings *s = alloc_checked(calloc(1, sizeof(*s)));
	struct err e = { 0 };
	int i;

	for (i = 0; i < SET_COUNT; i++) {
		if (assign(s, (enum setting)i, rows[i].preset, &e) < 0)
			err_abort(e.text);
	}
	return s;
}

void settings_free(struct settings *s)
{
	int i;

	if (!s)
		return;
	for (i = 0; i < SET_COUNT; i++)
		free(s->text[i]);
	free(s);
}

int settings_set(struct settings *s, const char *name, const char *value,
		 struct err *e)
{
	int i;

	for (i = 0; i < SET_COUNT; i++) {
		if (str_equal(rows[i].name, name))
			return assign(s, (enum setting)i, value, e);
	}
	return err_set(e, ERR_INPUT, "%s: no such setting", name);
}

struct load {
	struct settings *settings;
	struct err *e;
	bool failed;
};

/* inih handler: 0 makes ini_parse report this line's number. */
static int load_line(void *data, const char *section, const char *name,
		     const char *value)
{
	struct load *load = data;

	if (load->failed)
		return 1;
	if (*section)
		err_set(load->e, ERR_INPUT, "sections are not used");
	else if (settings_set(load->settings, name, value ? value : "",
			      load->e) == 0)
		return 1;
	load->failed = true;
	return 0;
}

int settings_load(struct settings *s, const char *path, struct err *e)
{
	struct load load = { .settings = s, .e = e };
	int line = ini_parse(path, load_line, &load);

	if (line == 0)
		return 0;
	if (line < 0)
		return err_errno(e, ERR_INPUT, errno, "%s", path);
	if (!load.failed)
		err_set(e, ERR_INPUT, "not \"name = value\"");
	return err_wrap(e, "%s:%d", path, line);
}

static void must_be(enum setting id, enum setting_type type)
{
	if (rows[id].type != type)
		err_abort(rows[id].name);
}

const char *settings_text(const struct settings *s, enum setting id)
{
	must_be(id, TEXT);
	return s->text[id];
}

int64_t settings_number(const struct settings *s, enum setting id)
{
	must_be(id, NUMBER);
	return s->number[id];
}

bool settings_flag(const struct settings *s, enum setting id)
{
	must_be(id, FLAG);
	return s->number[id] != 0;
}

void settings_dump(FILE *out)
{
	int i;

	for (i = 0; i < SET_COUNT; i++) {
		const struct setting_row *row = &rows[i];

		fprintf(out, "# %s\n", row->help);
		if (row->type == FLAG)
			fprintf(out, "# yes or no\n");
		else
			fprintf(out, "# %s %lld to %lld\n",
				row->type == TEXT ? "text, bytes" : "number,",
				(long long)row->min, (long long)row->max);
		fprintf(out, "%s = %s\n\n", row->name, row->preset);
	}
}

static _Noreturn void refuse(const char *why)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, why);
	exit(2);
}

struct settings *settings_main(int *argc, char ***argv)
{
	const char *path = getenv("GONGBANG_SETTINGS");
	struct settings *s = settings_new();
	struct err e = { 0 };
	char **next = *argv + 1;

	for (; *next && str_starts(*next, "--"); next++) {
		if (str_equal(*next, "--dump-settings")) {
			settings_dump(stdout);
			exit(0);
		} else if (str_equal(*next, "--version")) {
			puts(PACKAGE_STRING);
			exit(0);
		} else if (str_equal(*next, "--settings") && next[1]) {
			path = *++next;
		} else {
			break;
		}
	}
	if (path && settings_load(s, path, &e) < 0)
		refuse(e.text);
	*argc -= (int)(next - *argv);
	*argv = next;
	return s;
}
