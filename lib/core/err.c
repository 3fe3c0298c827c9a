#include "config.h"
#include "core/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	e->kind = kind;
	e->key[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

int err_tell(struct err *e, enum err_kind kind, const char *key,
	     const char *fmt, ...)
{
	va_list ap;

	e->kind = kind;
	snprintf(e->key, sizeof(e->key), "%s", key);
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char inner[sizeof(e->text)];
	size_t used;
	va_list ap;

	memcpy(inner, e->text, sizeof(inner));
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	used = strlen(e->text);
	snprintf(e->text + used, sizeof(e->text) - used, ": %s", inner);
	return -1;
}

int err_errno(struct err *e, enum err_kind kind, int errnum,
	      const char *fmt, ...)
{
	size_t used;
	va_list ap;

	e->kind = kind;
	e->key[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	used = strlen(e->text);
	snprintf(e->text + used, sizeof(e->text) - used, ": %s",
		 strerror(errnum));
	return -1;
}

const char *err_kind_name(enum err_kind kind)
{
	static const char *const names[] = {
		[ERR_NONE] = "none",
		[ERR_INPUT] = "input",
		[ERR_AUTH] = "auth",
		[ERR_DENIED] = "denied",
		[ERR_MISSING] = "missing",
		[ERR_CONFLICT] = "conflict",
		[ERR_LIMIT] = "limit",
		[ERR_UNAVAILABLE] = "unavailable",
		[ERR_INTERNAL] = "internal",
	};

	return names[kind];
}

void err_abort(const char *what)
{
	fprintf(stderr, "level=fatal event=abort what=\"%s\"\n", what);
	abort();
}

void *alloc_checked(void *p)
{
	if (!p)
		err_abort("out of memory");
	return p;
}
