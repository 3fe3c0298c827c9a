/* A failure: its kind, what went wrong for the log, and which catalogue sentence tells a person. */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include <stdarg.h>

#define must_check __attribute__((warn_unused_result))
#define printf_like(f, a) __attribute__((format(printf, f, a)))

enum err_kind {
	ERR_NONE,
	ERR_INPUT,		/* what was sent is wrong */
	ERR_AUTH,		/* not logged in, or not proved */
	ERR_DENIED,		/* logged in, but not allowed */
	ERR_MISSING,		/* no such thing, or not theirs: no oracle */
	ERR_CONFLICT,		/* the state forbids it now */
	ERR_LIMIT,		/* too large, too many, too often */
	ERR_UNAVAILABLE,	/* a part we need is away; trying later helps */
	ERR_INTERNAL,		/* our fault; the text is never shown */
};

/* No allocation: lives on the caller's stack. Zero it before use. */
struct err {
	enum err_kind kind;
	char key[48];		/* catalogue key of a sentence for people, or "" */
	char text[240];		/* English, for the log; outermost first */
};

/* Sets kind and text. Always -1, so callers `return err_set(...)`. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
	printf_like(3, 4);

/* As err_set, and names the catalogue sentence a person sees instead. */
int err_tell(struct err *e, enum err_kind kind, const char *key,
	     const char *fmt, ...) printf_like(4, 5);

/* Puts "fmt: " before the text; keeps kind and key. Always -1. */
int err_wrap(struct err *e, const char *fmt, ...) printf_like(2, 3);

/* As err_set with ": strerror(errnum)" at the end. Always -1. */
int err_errno(struct err *e, enum err_kind kind, int errnum,
	      const char *fmt, ...) printf_like(4, 5);

/* Stable lower-case name of a kind ("input", "auth", ...). */
const char *err_kind_name(enum err_kind kind);

/* Out of memory or a broken invariant: one line on stderr, then abort(). */
_Noreturn void err_abort(const char *what);

/* What an allocation returned; NULL aborts. */
void *alloc_checked(void *p);

#endif
