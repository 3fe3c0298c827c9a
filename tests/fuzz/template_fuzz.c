/* Any bytes as a template and its partial, in both modes. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "html/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct view *sample(void)
{
	struct view *v = view_new(NULL), *list = view_list(v, "rows");

	view_text(v, "a", "<&>");
	view_html(v, "h", "<b>");
	view_flag(v, "on", true);
	view_flag(v, "off", false);
	view_text(view_append(list), "a", "1");
	view_append_text(list, "2");
	view_text(view_map(v, "m"), "b", "3");
	return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *partials[] = { "p", NULL, NULL };
	struct view *v = sample();
	struct err e = { 0 };
	char *text;
	int mode;

	text = strndup((const char *)data, size);
	if (!text)
		abort();
	partials[1] = text;
	for (mode = TEMPLATE_STRICT; mode <= TEMPLATE_SPEC; mode++) {
		auto_buf out = BUF_INIT(1 << 14);

		if (template_render_text(text, partials, v,
					 (enum template_mode)mode, &out,
					 &e) < 0 && !e.text[0])
			abort();
	}
	free(text);
	talloc_free(v);
	return 0;
}
