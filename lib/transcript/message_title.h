/* A conversation's title, until its user gives it one. */
#ifndef TRANSCRIPT_MESSAGE_TITLE_H
#define TRANSCRIPT_MESSAGE_TITLE_H

#include <stddef.h>

/*
 * The message's first line with words, without marks of markdown and commands,
 * cut at a word to at most max characters. "" if nothing is visible. Gives
 * (child of ctx).
 */
char *message_title(const void *ctx, const char *message, size_t max);

#endif
