/* The fields, tools and sources that a request may name, and which of them are read. */
#include "config.h"
#include "gateway/request_reader.h"

#include <string.h>

#include "core/err.h"
#include "core/str.h"
#include "gateway/request_reader_internal.h"

#define PICTURE_TOKENS 5000	/* the service shrinks larger ones */

/*
 * The fields of a request that are forwarded: those of the API that neither
 * reach other hosts nor change the price of a token, and those that CLI
 * 2.1.332 sends.
 */
static const struct {
	const char *name;
	enum region region;
} fields[] = {
	{ "cache_control", R_OPAQUE },
	{ "context_hint", R_OPAQUE },
	{ "context_management", R_OPAQUE },
	{ "data_flow", R_OPAQUE },
	{ "diagnostics", R_OPAQUE },
	{ "max_tokens", R_MAX_TOKENS },
	{ "messages", R_CONTENT },
	{ "metadata", R_OPAQUE },
	{ "model", R_MODEL },
	{ "output_config", R_OPAQUE },
	{ "output_format", R_OPAQUE },
	{ "safeguards", R_OPAQUE },
	{ "service_tier", R_OPAQUE },
	{ "stop_sequences", R_OPAQUE },
	{ "stream", R_OPAQUE },
	{ "system", R_CONTENT },
	{ "temperature", R_OPAQUE },
	{ "thinking", R_THINKING },
	{ "tool_choice", R_OPAQUE },
	{ "tools", R_TOOLS },
	{ "top_k", R_OPAQUE },
	{ "top_p", R_OPAQUE },
};

/* Types of tools that the client executes; a trailing "_" is followed by a date. */
static const char *const client_tools[] = {
	"custom", "bash_", "computer_", "memory_", "text_editor_",
};
static const char *const client_sources[] = { "base64", "content", "text" };
/*
 * Types within messages that are not tools, but end in a date or reach other
 * hosts.
 */
static const char *const hosted_content[] = { "container_upload", "mcp_toolset" };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Length of the name before a trailing date such as "_20250305". */
static size_t undated(const char *name)
{
	size_t n = strlen(name), i;

	if (n < 10 || name[n - 9] != '_')
		return n;
	for (i = n - 8; i < n; i++) {
		if (name[i] < '0' || name[i] > '9')
			return n;
	}
	return n - 9;
}

bool request_allows(const char *allowed, const char *name)
{
	size_t all = strlen(name), some = undated(name), n;

	for (; *allowed; allowed += n) {
		allowed += strspn(allowed, " ");
		n = strcspn(allowed, " ");
		if (n && (n == all || n == some) && !memcmp(allowed, name, n))
			return true;
	}
	return false;
}

static void fail(struct request_reader *r, enum request_fault fault, const char *name)
{
	size_t n = utf8_prefix(name, strlen(name), REQUEST_NAME_SIZE - 1), i;

	r->reading.fault = fault;
	for (i = 0; i < n; i++)
		r->reading.name[i] = (unsigned char)name[i] < ' ' ||
			(unsigned char)name[i] >= 0x7f ? '?' : name[i];
	r->reading.name[n] = '\0';
}

void request_malformed(struct request_reader *r)
{
	fail(r, REQUEST_MALFORMED, "");
}

void request_hosted(struct request_reader *r, const char *name)
{
	if (!request_allows(r->allowed, name))
		fail(r, REQUEST_HOSTED, *name ? name : "?");
}

static bool is_client_tool(const char *type)
{
	size_t i, n;

	for (i = 0; i < COUNT(client_tools); i++) {
		n = strlen(client_tools[i]);
		if (client_tools[i][n - 1] != '_' ? str_equal(type, client_tools[i]) :
		    !strncmp(type, client_tools[i], n) && undated(type) == n - 1)
			return true;
	}
	return false;
}

static bool listed(const char *const *list, size_t n, const char *text)
{
	while (n--) {
		if (str_equal(list[n], text))
			return true;
	}
	return false;
}

static void top_key(struct request_reader *r)
{
	size_t i;

	for (i = 0; i < COUNT(fields); i++) {
		if (str_equal(fields[i].name, r->text)) {
			r->region = fields[i].region;
			break;
		}
	}
	if (i == COUNT(fields)) {
		r->region = R_OPAQUE;
		request_hosted(r, r->text);
	}
	/* Duplicate keys: the service might use the other one. */
	if ((r->region == R_MAX_TOKENS && r->has_max) ||
	    (r->region == R_MODEL && r->has_model))
		request_malformed(r);
	r->has_max |= r->region == R_MAX_TOKENS;
	r->has_model |= r->region == R_MODEL;
}

/* Some services treat "Type" like "type". */
static void fold(char *text)
{
	for (; *text; text++) {
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text + 32);
	}
}

static enum region tool_key(const struct request_reader *r)
{
	return str_equal(r->text, "type") ? R_TOOL_TYPE : R_OPAQUE;
}

/* A tool may be declared in mid-conversation; its input is arbitrary JSON. */
static enum region content_key(const struct request_reader *r)
{
	static const struct {
		const char *name;
		enum region region;
	} keys[] = {
		{ "input", R_OPAQUE }, { "source", R_SOURCE },
		{ "tool", R_TOOLS }, { "tools", R_TOOLS },
		{ "type", R_CONTENT_TYPE },
	};
	size_t i;

	for (i = 0; i < COUNT(keys); i++) {
		if (str_equal(r->text, keys[i].name))
			return keys[i].region;
	}
	return R_CONTENT;
}

static enum region source_key(struct request_reader *r)
{
	if (str_equal(r->text, "type"))
		return R_SOURCE_TYPE;
	if (str_equal(r->text, "url"))
		request_hosted(r, "url");
	if (str_equal(r->text, "file_id"))
		request_hosted(r, "file");
	if (str_equal(r->text, "data"))
		return R_DATA;
	return str_equal(r->text, "content") ? R_CONTENT : R_OPAQUE;
}

void request_end_key(struct request_reader *r)
{
	enum region in = r->regions[r->depth - 1];

	r->state = S_COLON;
	if (in == R_OPAQUE) {
		r->region = R_OPAQUE;
		return;
	}
	if (in == R_TOP)
		return top_key(r);
	fold(r->text);
	switch (in) {
	case R_TOOLS:
		r->region = tool_key(r);
		break;
	case R_CONTENT:
		r->region = content_key(r);
		break;
	case R_SOURCE:
		r->region = source_key(r);
		break;
	case R_THINKING:
		r->region = str_equal(r->text, "budget_tokens") ?
			R_BUDGET_TOKENS : R_OPAQUE;
		break;
	default:
		r->region = R_OPAQUE;
	}
}

static void end_data(struct request_reader *r)
{
	static const char *const pictures[] = { "/9j/", "iVBORw0K", "R0lGOD", "UklGR" };
	int64_t tokens = request_tokens(r->data);
	size_t i;

	for (i = 0; i < COUNT(pictures); i++) {
		if (str_starts(r->text, pictures[i]) && tokens > PICTURE_TOKENS)
			tokens = PICTURE_TOKENS;
	}
	r->pictures += tokens;
}

void request_end_string(struct request_reader *r)
{
	r->state = S_AFTER;
	switch (r->region) {
	case R_MODEL:
		memcpy(r->reading.model, r->text, r->len + 1);
		break;
	case R_TOOL_TYPE:
		if (!is_client_tool(r->text))
			request_hosted(r, r->text);
		break;
	case R_CONTENT_TYPE:
		if ((r->text[undated(r->text)] && !is_client_tool(r->text)) ||
		    listed(hosted_content, COUNT(hosted_content), r->text))
			request_hosted(r, r->text);
		break;
	case R_SOURCE_TYPE:
		if (!listed(client_sources, COUNT(client_sources), r->text))
			request_hosted(r, r->text);
		break;
	case R_DATA:
		end_data(r);
		break;
	default:
		break;
	}
}

static bool read_number(const char *text, int64_t *out)
{
	struct err e = { 0 };

	return (text[0] != '0' || !text[1]) &&
	       str_parse_number(text, 0, INT64_MAX, out, &e) == 0;
}

static bool word_valid(const char *s)
{
	size_t n;

	if (str_equal(s, "true") || str_equal(s, "false") || str_equal(s, "null"))
		return true;
	s += *s == '-';
	n = strspn(s, "0123456789");
	if (!n || (*s == '0' && n > 1))
		return false;
	s += n;
	if (*s == '.') {
		n = strspn(++s, "0123456789");
		if (!n)
			return false;
		s += n;
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		n = strspn(s, "0123456789");
		return n && !s[n];
	}
	return !*s;
}

void request_end_word(struct request_reader *r)
{
	struct request_reading *u = &r->reading;

	r->state = S_AFTER;
	if (!word_valid(r->text))
		return request_malformed(r);
	if (r->region == R_MAX_TOKENS) {
		if (!read_number(r->text, &u->max_tokens))
			return request_malformed(r);
		u->max_digits = (int)r->len;
	} else if (r->region == R_BUDGET_TOKENS) {
		if (!read_number(r->text, &u->thinking))
			return request_malformed(r);
	} else if (r->region == R_MODEL) {
		request_malformed(r);
	}
}

/* A number of tokens. */
bool request_counts(enum region region)
{
	return region == R_MAX_TOKENS || region == R_BUDGET_TOKENS;
}
