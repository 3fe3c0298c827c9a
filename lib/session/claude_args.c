#include "config.h"
#include "session/claude_args.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"

static int add(struct buf *b, const char *kind, const char *text, struct err *e)
{
	if (buf_add_text(b, kind, e) < 0)
		return -1;
	return buf_add(b, text, strlen(text) + 1, e);
}

static int add_env(const struct claude_args *a, struct buf *b, struct err *e)
{
	/* A run is one turn: its sub-agents end within it. */
	if (a->run && add(b, "env=", "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS=1",
			  e) < 0)
		return -1;
	if (add(b, "env=", "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS=1", e) < 0 ||
	    add(b, "env=", "CLAUDE_CODE_ENABLE_TODO_TOOLS=1", e) < 0 ||
	    add(b, "env=", "CLAUDE_CODE_ENABLE_TASKS=0", e) < 0)
		return -1;
	return add(b, "env=ANTHROPIC_AUTH_TOKEN=", a->token, e);
}

/* The offset at which the log continues if its volume was lost. */
static int add_from(const struct claude_args *a, struct buf *b, struct err *e)
{
	char text[24];

	if (!a->log_from)
		return 0;
	snprintf(text, sizeof(text), "%" PRId64, a->log_from);
	return add(b, "from=", text, e);
}

static bool names_server(const struct session_rules *r)
{
	size_t i;

	for (i = 0; i < r->ntools && !str_starts(r->tools[i], "mcp__"); i++)
		;
	return i < r->ntools;
}

/*
 * Only system programs, and no files that a shell, git, Python or npm read by
 * default: an earlier run may have written them.
 */
static int add_own_home(const struct session_rules *r, struct buf *b, struct err *e)
{
	static const char *const env[] = {
		"PATH=/usr/local/bin:/usr/bin:/bin",
		"PYTHONNOUSERSITE=1",
		"CLAUDE_CODE_DISABLE_AUTO_MEMORY=1",
		"NPM_CONFIG_SCRIPT_SHELL=/bin/sh",
		"NPM_CONFIG_NODE_OPTIONS=",
		"NPM_CONFIG_GIT=/usr/bin/git",
		/* Overrides a repository's own .git/config. */
		"GIT_CONFIG_COUNT=6",
		"GIT_CONFIG_KEY_0=core.hooksPath", "GIT_CONFIG_VALUE_0=/dev/null",
		"GIT_CONFIG_KEY_1=core.fsmonitor", "GIT_CONFIG_VALUE_1=false",
		"GIT_CONFIG_KEY_2=core.pager", "GIT_CONFIG_VALUE_2=cat",
		"GIT_CONFIG_KEY_3=core.sshCommand", "GIT_CONFIG_VALUE_3=ssh -F /dev/null",
		"GIT_CONFIG_KEY_4=credential.helper", "GIT_CONFIG_VALUE_4=",
		"GIT_CONFIG_KEY_5=protocol.ext.allow", "GIT_CONFIG_VALUE_5=never",
	};
	size_t i;

	for (i = 0; i < sizeof(env) / sizeof(env[0]); i++) {
		if (add(b, "env=", env[i], e) < 0)
			return -1;
	}
	return add(b, "home=", names_server(r) ? "servers" : "own", e);
}

/*
 * With a tool list, nothing else is allowed: settings written by an earlier run
 * or the user could add permissions, hooks and servers.
 */
static int add_alone(const struct session_rules *r, struct buf *b, struct err *e)
{
	if (r->everything)
		return 0;
	if (add_own_home(r, b, e) < 0)
		return -1;
	/* Without sources the CLI reads CLAUDE.md only from added folders. */
	if (add(b, "arg=", "--setting-sources=", e) < 0 ||
	    add(b, "arg=", "--add-dir=/workspace", e) < 0 ||
	    add(b, "env=", "CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD=1",
		e) < 0)
		return -1;
	return names_server(r) ? 0 : add(b, "arg=", "--strict-mcp-config", e);
}

/* "Bash" and "Bash(git log:*)" are rules for Bash. */
static bool names_tool(const struct session_rules *r, const char *tool)
{
	size_t n = strlen(tool), i;

	for (i = 0; i < r->ntools; i++) {
		if (str_starts(r->tools[i], tool) &&
		    (!r->tools[i][n] || r->tools[i][n] == '('))
			return true;
	}
	return false;
}

/*
 * Tools that the CLI would allow by itself must ask unless the agent lists
 * them.
 */
static int add_asked(const struct session_rules *r, struct buf *b, struct err *e)
{
	static const char *const tools[] = { "Agent", "Bash", "Glob", "Grep",
					     "Read", "Task" };
	const char *before = "";
	size_t i;

	if (buf_add_text(b, "arg=--settings={\"permissions\":{\"ask\":[", e) < 0)
		return -1;
	for (i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
		if (names_tool(r, tools[i]))
			continue;
		if (buf_addf(b, e, "%s\"%s\"", before, tools[i]) < 0)
			return -1;
		before = ",";
	}
	return add(b, "]}}", "", e);
}

/* With "=", because a rule may start with any character. */
static int add_rules(const struct session_rules *r, struct buf *b, struct err *e)
{
	char turns[48];
	size_t i;

	snprintf(turns, sizeof(turns), "--max-turns=%" PRId64, r->max_turns);
	if ((r->max_turns && add(b, "arg=", turns, e) < 0) ||
	    add_alone(r, b, e) < 0 ||
	    (!r->everything && add_asked(r, b, e) < 0))
		return -1;
	for (i = 0; !r->everything && i < r->ntools; i++) {
		if (add(b, "arg=--allowedTools=", r->tools[i], e) < 0)
			return -1;
	}
	return 0;
}

/*
 * Runs in the container as its user: repairs the transcript before it is
 * resumed and, after a failed start, repairs or moves aside the files that
 * Claude reads at each start.
 */
static int add_mend(const struct claude_args *a, struct buf *b, struct err *e)
{
	if (!a->resume && !a->mend && !a->aside)
		return 0;
	if (add(b, "arg=", "/usr/local/bin/gongbang-mend", e) < 0)
		return -1;
	if (!a->aside)
		return a->mend ? add(b, "arg=", "--settings", e) : 0;
	return add(b, "arg=", "--aside", e) < 0 ? -1 :
	       add(b, "arg=", a->aside, e);
}

/* The CLI's session id: the conversation's, or one with another last digit. */
static void cli_id(const struct claude_args *a, char id[ID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	const char *last;

	if (!str_copy(id, ID_SIZE, a->id))
		err_abort("an id too long");
	last = strchr(digits, id[ID_SIZE - 2]);
	if (last && *last)
		id[ID_SIZE - 2] = digits[(last - digits + a->spare) % 16];
}

static int add_command(const struct claude_args *a, struct buf *b, struct err *e)
{
	char id[ID_SIZE];
	const char *const args[] = {
		/*
		 * The pinned CLI, not one that PATH finds in the user's
		 * folders.
		 */
		"/usr/local/bin/claude", "-p", "--input-format", "stream-json",
		"--output-format", "stream-json", "--verbose",
		"--include-partial-messages", "--replay-user-messages",
		"--permission-prompt-tool", "stdio",
		"--permission-mode", a->mode,
		/*
		 * Deferred work would end with the process: schedules belong to
		 * agents.
		 */
		"--disallowedTools=CronCreate,CronDelete,CronList,ScheduleWakeup,"
		"Workflow",
		a->resume ? "--resume" : "--session-id", id,
		a->model[0] ? "--model" : NULL, a->model,
	};
	size_t i;

	cli_id(a, id);
	for (i = 0; i < sizeof(args) / sizeof(args[0]) && args[i]; i++) {
		if (add(b, "arg=", args[i], e) < 0)
			return -1;
	}
	return 0;
}

static int add_project(const struct claude_args *a, struct buf *b, struct err *e)
{
	if (a->folder && *a->folder && add(b, "cwd=", a->folder, e) < 0)
		return -1;
	/* With "=", because instructions may start with any character. */
	return a->instructions && *a->instructions ?
	       add(b, "arg=--append-system-prompt=", a->instructions, e) : 0;
}

int claude_args_add(const struct claude_args *a, struct buf *b, struct err *e)
{
	if (add_mend(a, b, e) < 0 || add_command(a, b, e) < 0)
		return -1;
	if (a->skips &&
	    add(b, "arg=", "--allow-dangerously-skip-permissions", e) < 0)
		return -1;
	if (a->safe && add(b, "arg=", "--safe-mode", e) < 0)
		return -1;
	if (a->effort[0] && (add(b, "arg=", "--effort", e) < 0 ||
			     add(b, "arg=", a->effort, e) < 0))
		return -1;
	if (a->suggests && !a->run &&
	    add(b, "arg=", "--prompt-suggestions=true", e) < 0)
		return -1;
	/* Only its prompt controls a run. */
	if (a->run && add(b, "arg=", "--disallowedTools=SendMessage,ListAgents",
			  e) < 0)
		return -1;
	if (a->run && a->rules && add_rules(a->rules, b, e) < 0)
		return -1;
	if (add_project(a, b, e) < 0 || add_from(a, b, e) < 0)
		return -1;
	return add_env(a, b, e);
}
