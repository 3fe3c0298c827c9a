/*
 * Markdown -> HTML: GitHub-flavoured (cmark-gfm with table, strikethrough,
 * autolink, tasklist), unsafe HTML off. Links get rel="noopener noreferrer
 * nofollow" target="_blank"; images become links (nothing outside is loaded).
 */
#ifndef HTML_MARKDOWN_H
#define HTML_MARKDOWN_H

#include "core/buf.h"

/* Once per process, before threads start. */
void markdown_start(void);

/* Appends trusted html. ERR_LIMIT past 1 MiB of text or nesting that is abuse. */
int markdown_render(const char *text, size_t n, struct buf *out, struct err *e) must_check;

#endif
