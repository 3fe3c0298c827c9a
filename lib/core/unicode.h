/* Checks names and normalizes passwords by the Unicode tables of libutf8proc. */
#ifndef CORE_UNICODE_H
#define CORE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * True for a name that is safe to show: UTF-8 of at most max characters, at
 * least one of them visible, no control character, no line or paragraph
 * separator, no bidirectional control.
 */
bool unicode_name_valid(const char *name, size_t max);

/*
 * Makes a valid name from any text: replaces forbidden characters by spaces,
 * collapses spaces, and keeps at most max characters. "" if nothing is visible.
 * Gives (child of ctx).
 */
char *unicode_name(const void *ctx, const char *text, size_t max);

/* NFC (UAX 15) of valid UTF-8; other bytes unchanged. Gives (child of ctx). */
char *unicode_nfc(const void *ctx, const char *text);

/*
 * Any bytes as text that cannot mislead: control characters, marks of writing
 * direction, what is invisible or ill-formed become "\x0a", "\u202e". For names
 * of files. Gives (child of ctx).
 */
char *unicode_escape(const void *ctx, const char *text);

#endif
