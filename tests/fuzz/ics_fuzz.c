/* Any text in a calendar: it stays one event of a valid calendar. */
#include "config.h"

#include <libical/ical.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "schedule/ics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text)
{
	icalcomponent *c = icalparser_parse_string(text);
	const char *line, *end;

	if (!c || icalcomponent_count_components(c, ICAL_VEVENT_COMPONENT) != 1)
		abort();
	icalcomponent_free(c);
	for (line = text; *line; line = end + 2) {
		end = strstr(line, "\r\n");
		if (!end || end - line > 75)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct ics *c = ics_new(NULL, "x", 0);
	struct buf out = BUF_INIT(64u << 20);
	struct err e = { 0 };

	if (!text)
		abort();
	ics_add(c, &(struct ics_event){ .uid = text, .summary = text,
					.url = text, .start = (int64_t)size });
	if (ics_format(c, &out, &e) < 0)
		abort();
	check(buf_text(&out));
	buf_release(&out);
	talloc_free(c);
	free(text);
	return 0;
}
