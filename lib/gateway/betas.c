#include "config.h"
#include "gateway/betas.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <talloc.h>

#define FIELD "anthropic-beta"

/*
 * What CLI 2.1.332 sends or may send, except features that the service would
 * run, store or charge for differently.
 */
static const char *const names[] = {
	"advanced-tool-use", "afk-mode", "auto-mode-classifier", "cache-diagnosis",
	"cache-keepalive", "claude-code", "claude-code-side-query", "context-1m",
	"context-hint", "context-management", "dangerous-tool-use", "effort",
	"extended-cache-ttl", "fine-grained-tool-streaming", "interleaved-thinking",
	"mid-conversation-system", "mid-conversation-system-clear-at",
	"mid-conversation-tool-changes", "model-context-window-exceeded", "oauth",
	"output-128k", "per-turn-control", "prompt-caching", "prompt-caching-evict",
	"prompt-caching-scope", "redact-thinking", "structured-outputs",
	"task-budgets", "thinking-binding-controls", "thinking-display-updates",
	"thinking-token-count", "timing", "token-counting", "token-efficient-tools",
	"tool-provenance",
};

/*
 * Length of the name before its date: "effort-2025-11-24",
 * "claude-code-20250219".
 */
static size_t undated(const char *s, size_t n)
{
	size_t digits = 0, i = n;

	while (i && (s[i - 1] == '-' || (s[i - 1] >= '0' && s[i - 1] <= '9')))
		digits += s[--i] != '-';
	while (i < n && s[i] != '-')
		i++;
	return digits == 8 ? i : n;
}

/*
 * All words of the tool's name must begin the beta's; for MCP the first is
 * enough.
 */
static bool allows(const char *allowed, const char *s, size_t n)
{
	size_t len, i, same;

	for (; *allowed; allowed += len) {
		allowed += strspn(allowed, " ");
		len = strcspn(allowed, " ");
		for (i = same = 0; i < len && i < n; i++)
			same += allowed[i] == s[i] || (allowed[i] == '_' && s[i] == '-');
		if (len && same == len && (n == len || s[len] == '-'))
			return true;
		if (len > 4 && !memcmp(allowed, "mcp_", 4) && n > 4 && !memcmp(s, "mcp-", 4))
			return true;
	}
	return false;
}

static bool listed(const char *s, size_t n, const char *allowed)
{
	size_t len = undated(s, n), i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) == len && !memcmp(names[i], s, len))
			return true;
	}
	return allows(allowed, s, len);
}

/* The line with the allowed betas; NULL for none. */
static char *filter(void *ctx, const char *value, const char *allowed)
{
	char *line = NULL;
	size_t n, len;

	for (; *value; value += n + (value[n] == ',')) {
		n = strcspn(value, ",");
		for (len = n; len && strchr(" \t", value[len - 1]); len--)
			;
		while (len && strchr(" \t", *value)) {
			value++;
			n--;
			len--;
		}
		if (!len || !listed(value, len, allowed))
			continue;
		line = line ? talloc_asprintf_append(line, ",%.*s", (int)len, value) :
			talloc_asprintf(ctx, FIELD ": %.*s", (int)len, value);
	}
	return line;
}

void betas_filter(struct headers *h, const char *allowed)
{
	size_t i, kept = 0, n;
	const char *value;
	char *line;

	for (i = 0; i < h->n; i++) {
		line = h->lines[i];
		n = headers_split(line, &value);
		if (n == strlen(FIELD) && !strncasecmp(line, FIELD, n))
			line = filter(h->ctx, value, allowed);
		if (line)
			h->lines[kept++] = line;
	}
	h->n = kept;
}
