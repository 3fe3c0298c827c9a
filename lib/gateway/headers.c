#include "config.h"
#include "gateway/headers.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include <talloc.h>

/* A name that ends in "-" is a prefix. */
static const char *const request_names[] = {
	"accept", "anthropic-", "user-agent", "x-app",
	"x-claude-code-", "x-client-request-id", "x-stainless-",
};
static const char *const response_names[] = {
	"anthropic-", "content-type", "request-id", "retry-after",
	"retry-after-ms", "x-request-id", "x-should-retry",
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

void headers_init(struct headers *h, void *ctx)
{
	h->ctx = ctx;
	h->n = h->bytes = 0;
}

static bool listed(const char *const *names, size_t n, const char *name,
		   size_t len)
{
	size_t i, have;

	for (i = 0; i < n; i++) {
		have = strlen(names[i]);
		if (have == len ? !strncasecmp(names[i], name, len) :
		    have < len && names[i][have - 1] == '-' &&
		    !strncasecmp(names[i], name, have))
			return true;
	}
	return false;
}

static bool name_valid(const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!isalnum((unsigned char)name[i]) && name[i] != '-' &&
		    name[i] != '_')
			return false;
	}
	return n > 0;
}

static bool value_valid(const char *value, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)value[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

int headers_add(struct headers *h, enum headers_way way, const char *name, size_t name_len,
		 const char *value, size_t value_len, struct err *e)
{
	bool request = way == HEADERS_REQUEST;

	if (!listed(request ? request_names : response_names,
		    request ? COUNT(request_names) : COUNT(response_names),
		    name, name_len))
		return 0;
	while (value_len && strchr(" \t", value[0])) {
		value++;
		value_len--;
	}
	while (value_len && strchr(" \t", value[value_len - 1]))
		value_len--;
	if (!value_len)
		return 0;
	if (!name_valid(name, name_len) || !value_valid(value, value_len))
		return err_set(e, ERR_INPUT, "a header field has bytes that none may have");
	if (h->n == HEADERS_MAX || h->bytes + name_len + value_len > HEADERS_BYTES)
		return err_set(e, ERR_LIMIT, "too many header fields");
	h->lines[h->n++] = talloc_asprintf(h->ctx, "%.*s: %.*s", (int)name_len,
					   name, (int)value_len, value);
	h->bytes += name_len + value_len;
	return 0;
}

size_t headers_split(const char *line, const char **value)
{
	size_t n = strcspn(line, ":");

	*value = line + n + 2;
	return n;
}

const char *headers_value(const struct headers *h, const char *name)
{
	const char *value;
	size_t i, n;

	for (i = 0; i < h->n; i++) {
		n = headers_split(h->lines[i], &value);
		if (n == strlen(name) && !strncasecmp(h->lines[i], name, n))
			return value;
	}
	return NULL;
}
