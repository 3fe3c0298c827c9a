/* What the bytes of a name or a password say to a person: by the Unicode tables of libutf8proc. */
#ifndef CORE_UNICODE_H
#define CORE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * True for a name that people can be shown: UTF-8 of at most max characters,
 * at least one of them visible, no control character, no line or paragraph
 * separator, nothing that turns the direction of what follows.
 */
bool unicode_name_valid(const char *name, size_t max);

/*
 * A name made of any text: what a name may not have becomes a space, spaces in
 * a row one, and at most max characters stay. "" when nothing is visible.
 * Gives (child of ctx).
 */
char *unicode_name(const void *ctx, const char *text, size_t max);

/* NFC (UAX 15) of valid UTF-8; any other bytes as they are. Gives (child of ctx). */
char *unicode_nfc(const void *ctx, const char *text);

#endif
