/* A failure: its kind, a text for the log, and the key of a sentence for people. */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include <stdarg.h>

#define must_check __attribute__((warn_unused_result))
#define printf_like(f, a) __attribute__((format(printf, f, a)))

enum err_kind {
	ERR_NONE,
	ERR_INPUT,		/* invalid input */
	ERR_AUTH,		/* not logged in, or the proof is wrong */
	ERR_DENIED,		/* logged in, but not allowed */
	ERR_MISSING,		/* not found, or not the caller's (deliberately the same) */
	ERR_CONFLICT,		/* not possible in the current state */
	ERR_LIMIT,		/* too large, too many, too often */
	ERR_UNAVAILABLE,	/* a dependency is down; retrying later helps */
	ERR_INTERNAL,		/* our bug; the text is never shown to users */
};

/* Allocates nothing: lives on the caller's stack. Zero it before use. */
struct err {
	enum err_kind kind;
	char key[48];		/* catalogue key of a sentence for people, or "" */
	char text[240];		/* English, for the log; outermost first */
};

/* Sets kind and text. Always -1, so callers `return err_set(...)`. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
	printf_like(3, 4);

/* As err_set, with the key of the sentence that users see instead. */
int err_tell(struct err *e, enum err_kind kind, const char *key,
	     const char *fmt, ...) printf_like(4, 5);

/* Prefixes the text with "fmt: "; keeps kind and key. Always -1. */
int err_wrap(struct err *e, const char *fmt, ...) printf_like(2, 3);

/* As err_set with ": strerror(errnum)" at the end. Always -1. */
int err_errno(struct err *e, enum err_kind kind, int errnum,
	      const char *fmt, ...) printf_like(4, 5);

/* Stable lower-case name of a kind ("input", "auth", ...). */
const char *err_kind_name(enum err_kind kind);

/* Out of memory or a broken invariant: one line on stderr, then abort(). */
_Noreturn void err_abort(const char *what);

/* Returns p, an allocation; aborts if it is NULL. */
void *alloc_checked(void *p);

#endif
