#include "config.h"
#include "http/form.h"

#include <string.h>
#include <talloc.h>

#include "core/percent.h"
#include "core/str.h"

#define FIELDS_MAX 200

struct field {
	const char *name, *value;
};

struct form {
	struct field *fields;
	size_t n;
};

struct form *form_new(const void *ctx)
{
	struct form *f = alloc_checked(talloc_zero(ctx, struct form));

	return f;
}

static void push(struct form *f, const char *name, const char *value)
{
	f->fields = talloc_realloc(f, f->fields, struct field, f->n + 1);
	if (!f->fields || !name || !value)
		err_abort("out of memory");
	f->fields[f->n++] = (struct field) { .name = name, .value = value };
}

void form_add(struct form *f, const char *name, const char *value)
{
	push(f, talloc_strdup(f, name), talloc_strdup(f, value));
}

static int bad_form(struct err *e, const char *what)
{
	return err_tell(e, ERR_INPUT, "error_form", "%s", what);
}

int form_decode(char *out, const char *text, size_t n, bool plus,
		struct err *e)
{
	ptrdiff_t len = percent_decode(out, text, n, plus);

	if (len < 0)
		return bad_form(e, "bad percent escape");
	if (!utf8_valid(out, (size_t)len))
		return bad_form(e, "NUL or ill-formed UTF-8");
	return 0;
}

static void join_lines(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s != '\r')
			*to++ = *s;
		else if (s[1] != '\n')
			*to++ = '\n';
	}
	*to = '\0';
}

static char *read_part(struct form *f, const char *s, size_t n, struct err *e)
{
	char *out = alloc_checked(talloc_size(f, n + 1));

	if (form_decode(out, s, n, true, e) < 0)
		return NULL;
	join_lines(out);
	return out;
}

static int read_field(struct form *f, const char *s, size_t n, struct err *e)
{
	const char *equals = memchr(s, '=', n);
	size_t name_len = equals ? (size_t)(equals - s) : n;
	char *name, *value;

	if (f->n == FIELDS_MAX)
		return bad_form(e, "too many fields");
	name = read_part(f, s, name_len, e);
	if (!name)
		return -1;
	value = equals ? read_part(f, equals + 1, n - name_len - 1, e) :
			 talloc_strdup(f, "");
	if (!value)
		return -1;
	push(f, name, value);
	return 0;
}

struct form *form_parse(const void *ctx, const char *text, size_t n,
			struct err *e)
{
	struct form *f = form_new(ctx);
	const char *end = text + n, *stop;

	for (; text < end; text = stop + 1) {
		stop = memchr(text, '&', (size_t)(end - text));
		stop = stop ? stop : end;
		if (stop > text &&
		    read_field(f, text, (size_t)(stop - text), e) < 0) {
			talloc_free(f);
			return NULL;
		}
	}
	return f;
}

const char *form_nth(const struct form *f, const char *name, size_t i)
{
	size_t at;

	for (at = 0; f && at < f->n; at++) {
		if (str_equal(f->fields[at].name, name) && !i--)
			return f->fields[at].value;
	}
	return NULL;
}

const char *form_find(const struct form *f, const char *name)
{
	return form_nth(f, name, 0);
}

const char *form_text(const struct form *f, const char *name)
{
	const char *value = form_find(f, name);

	return value ? value : "";
}
