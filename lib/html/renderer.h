/*
 * Markdown rendered in a process of its own, so that no text can hold its
 * caller: a text has RENDERER_CPU_MS of processor time and MARKDOWN_MEMORY,
 * then the process ends and the text is shown as it was written.
 */
#ifndef HTML_RENDERER_H
#define HTML_RENDERER_H

#include <stddef.h>

#include "core/buf.h"

#define RENDERER_CPU_MS 150

/*
 * Forks the small process that renderers are forked from. Early in main, before
 * threads and anything large or secret. It ends with the program.
 */
void renderer_start(void);

struct renderer;	/* a process, or none until a text needs one */

enum rendered {
	RENDERED_HTML,
	RENDERED_PLAIN,		/* too much for it, and always will be */
	RENDERED_LATER,		/* no process, or none in time: may go well another time */
};

/* One thread at a time uses it. Gives (child of ctx). */
struct renderer *renderer_new(const void *ctx);

/*
 * Appends the html of markdown_render for RENDERED_HTML, else nothing. The
 * caller is blocked for wait_ms at most, without using the processor.
 */
enum rendered renderer_markdown(struct renderer *r, const char *text, size_t n,
				int wait_ms, struct buf *out);

#endif
