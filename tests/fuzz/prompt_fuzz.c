/* Any bytes as a prompt and, after a NUL, the values to insert. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/prompt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char end[] = "</untrusted-data>";
	char *text = calloc(1, size + 2), *value;
	struct prompt_values v = { .timezone = "Asia/Seoul", .planned_at = 1 };
	auto_buf out = BUF_INIT(1 << 20);
	struct err e = { 0 };

	memcpy(text, data, size);
	value = text + strlen(text) + 1;
	v.payload = value;
	v.last_result = strstr(value, "x") ? value : "";
	if (prompt_render(text, &v, &out, &e) < 0) {
		if (e.kind != ERR_LIMIT)
			abort();
	} else if (!strstr(text, "{{") && !strstr(text, end)) {
		/* Nothing placed: the prompt as it was, the payload marked. */
		if (strncmp(buf_text(&out), text, strlen(text)) != 0)
			abort();
		if (value[0] && strstr(buf_text(&out), end) !=
		    buf_text(&out) + out.len - strlen(end))
			abort();
	}
	free(text);
	return 0;
}
