/* What a hostile shim says of its workspace's health, twice in a row. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/settings.h"
#include "workspace/workspace_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings *settings;
	struct workspaces all = { 0 };
	struct workspace w = { .all = &all };
	char *text = malloc(size + 1);
	int i;

	if (!text)
		abort();
	if (!settings)
		settings = settings_new();
	all.settings = settings;
	memcpy(text, data, size);
	text[size] = '\0';
	for (i = 0; i < 2; i++) {
		workspace_health_parse(&w, i ? text : text + strcspn(text, ";"),
				       1000 + 5000 * i);
		if (w.health.cpu_percent < -1 || w.health.cpu_percent > 100 ||
		    w.health.memory < -1 || w.health.disk_used < -1 ||
		    w.health.disk_free < -1 || w.health.oom_kills < -1)
			abort();
		workspace_disk_is_full(&w);
		workspace_disk_is_out(&w);
	}
	free(text);
	return 0;
}
