/* lib/transcript/agent_script: results lie within the input. */
#include "config.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "transcript/agent_script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct agent_script s;
	size_t n;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	n = strlen(text);
	agent_script_find(text, &s);
	if (s.name < text || s.prompt < text || s.name_n > n ||
	    s.prompt_n > n || s.name + s.name_n > text + n ||
	    s.prompt + s.prompt_n > text + n)
		abort();
	free(text);
	return 0;
}
