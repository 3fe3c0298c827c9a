/*
 * Renders markdown in a separate process, so that no text can stall the caller.
 * A text that needs more than RENDERER_CPU_MS of processor time or
 * MARKDOWN_MEMORY ends the process and is shown as plain text.
 */
#ifndef HTML_RENDERER_H
#define HTML_RENDERER_H

#include <stddef.h>

#include "core/buf.h"

#define RENDERER_CPU_MS 150
#define RENDERER_COLOUR_MS 500	/* at most, for the colours of a text's code */

/*
 * Forks the small process from which renderers are forked. Call it early in
 * main, before threads and before anything large or secret. It ends with the
 * program.
 */
void renderer_start(void);

struct renderer;	/* its process is started when a text needs one */

enum rendered {
	RENDERED_HTML,
	RENDERED_UNCOLOURED,	/* html, with more colours when there is more time */
	RENDERED_PLAIN,		/* exceeds the limits, and always will */
	RENDERED_LATER,		/* no process, or not in time; may succeed later */
};

/* For one thread at a time. Gives (child of ctx). */
struct renderer *renderer_new(const void *ctx);

/*
 * Appends the html of markdown_render for RENDERED_HTML and _UNCOLOURED, else
 * nothing. Blocks for at most wait_ms, sleeping; a quarter of it is for colours.
 */
enum rendered renderer_markdown(struct renderer *r, const char *text, size_t n,
				int wait_ms, struct buf *out);

#endif
