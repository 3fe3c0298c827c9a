#include "config.h"
#include "transcript/tool_title.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "json/field.h"

#define TITLE_MAX 300

static const struct {
	const char *name, *title, *about;
} tools[] = {
	{ "Agent", "description", "subagent_type" },
	{ "Bash", "command", "description" },
	{ "BashOutput", "bash_id", NULL },
	{ "Edit", "file_path", NULL },
	{ "Glob", "pattern", "path" },
	{ "Grep", "pattern", "path" },
	{ "KillShell", "shell_id", NULL },
	{ "LS", "path", NULL },
	{ "Monitor", "command", "description" },
	{ "MultiEdit", "file_path", NULL },
	{ "NotebookEdit", "notebook_path", NULL },
	{ "Read", "file_path", NULL },
	{ "SendMessage", "summary", "to" },
	{ "Skill", "skill", "args" },
	{ "Task", "description", "subagent_type" },
	{ "TaskCreate", "subject", NULL },
	{ "TaskOutput", "task_id", NULL },
	{ "TaskStop", "task_id", NULL },
	{ "TaskUpdate", "taskId", "status" },
	{ "ToolSearch", "query", NULL },
	{ "WebFetch", "url", NULL },
	{ "WebSearch", "query", NULL },
	{ "Write", "file_path", NULL },
};

/* Control characters, including line breaks, become spaces. */
static void add_title(struct json_object *into, const char *key,
		      struct json_object *input, const char *field)
{
	static const char home[] = "/workspace/";
	size_t n, i, skip = 0;
	const char *text;
	char *line;

	text = field ? field_text(input, field, &n) : NULL;
	if (!text)
		return;
	if (n > strlen(home) && str_starts(text, home))
		skip = strlen(home);
	line = alloc_checked(malloc(n - skip + 1));
	for (i = skip; i < n; i++)
		line[i - skip] = (unsigned char)text[i] < 0x20 ? ' ' : text[i];
	field_put_text(into, key, line, n - skip, TITLE_MAX, false);
	free(line);
}

bool tool_writes(const char *name)
{
	static const char *const writers[] = {
		"Edit", "MultiEdit", "NotebookEdit", "Write",
	};

	return table_find(writers, name) != NULL;
}

void tool_title(struct json_object *into, const char *name, struct json_object *input)
{
	size_t i;

	for (i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
		if (!str_equal(tools[i].name, name))
			continue;
		add_title(into, "title", input, tools[i].title);
		add_title(into, "about", input, tools[i].about);
		return;
	}
}
