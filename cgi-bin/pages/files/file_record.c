#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/percent.h"
#include "core/str.h"
#include "pages/files/workspace_file.h"

#define FIELDS 5

struct field {
	const char *at;
	size_t n;
};

/* Splits at single spaces; false when there are not that many fields. */
static bool split(const char *line, size_t n, struct field *fields)
{
	const char *end = line + n, *space;
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		space = i + 1 < FIELDS ? memchr(line, ' ', (size_t)(end - line)) :
					 end;
		if (!space || space == line)
			return false;
		fields[i] = (struct field){ line, (size_t)(space - line) };
		line = space + 1;
	}
	return !memchr(fields[FIELDS - 1].at, ' ', fields[FIELDS - 1].n);
}

static bool parse_number(const struct field *f, int64_t *out)
{
	struct err ignored = { 0 };
	char text[24];

	if (f->n >= sizeof(text))
		return false;
	memcpy(text, f->at, f->n);
	text[f->n] = '\0';
	return str_parse_number(text, 0, INT64_MAX, out, &ignored) == 0;
}

static bool parse_kind(const struct field *f, struct file_record *out)
{
	static const struct {
		const char *word;
		enum file_kind kind;
		bool link;
	} rows[] = {
		{ "folder", FILE_FOLDER, false },
		{ "file", FILE_REGULAR, false },
		{ "link-folder", FILE_FOLDER, true },
		{ "link-file", FILE_REGULAR, true },
		{ "link", FILE_OTHER, true },
		{ "other", FILE_OTHER, false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (f->n != strlen(rows[i].word) ||
		    memcmp(f->at, rows[i].word, f->n) != 0)
			continue;
		out->kind = rows[i].kind;
		out->link = rows[i].link;
		return true;
	}
	return false;
}

static const char *parse_name(const void *ctx, const struct field *f)
{
	char *name = alloc_checked(talloc_size(ctx, f->n + 1));
	ptrdiff_t n = percent_decode(name, f->at, f->n, false);

	if (n > 0 && !memchr(name, '\0', (size_t)n) &&
	    !memchr(name, '/', (size_t)n)) {
		name[n] = '\0';
		return name;
	}
	talloc_free(name);
	return NULL;
}

bool file_record_parse(const void *ctx, const char *line, size_t n,
		       struct file_record *out)
{
	struct field fields[FIELDS];
	struct file_record got = { .kind = FILE_OTHER };

	if (!split(line, n, fields) || !parse_kind(&fields[0], &got) ||
	    !parse_number(&fields[1], &got.bytes) ||
	    !parse_number(&fields[2], &got.changed) ||
	    fields[3].n >= sizeof(got.version))
		return false;
	memcpy(got.version, fields[3].at, fields[3].n);
	got.name = parse_name(ctx, &fields[4]);
	if (!got.name)
		return false;
	*out = got;
	return true;
}
