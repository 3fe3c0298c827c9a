#include "config.h"
#include "gateway/request_reader.h"

#include <string.h>

#include <talloc.h>

#include "core/err.h"
#include "core/str.h"

#define DEPTH_MAX 256
#define DIGITS_MAX 9
#define MAGIC 8			/* bytes of base64 that are enough to recognize a picture */
#define PICTURE_TOKENS 5000	/* the service shrinks larger ones */

/* Where a value is, which decides what is read from it. */
enum region {
	R_OPAQUE,	/* outside */
	R_TOP,		/* the request itself */
	R_TOOLS,	/* tools, and each of them */
	R_CONTENT,	/* messages and system, and their contents */
	R_SOURCE,	/* source of a picture or document */
	R_THINKING,
	/* single values */
	R_MODEL,
	R_MAX_TOKENS,
	R_BUDGET_TOKENS,
	R_TOOL_TYPE,
	R_CONTENT_TYPE,
	R_SOURCE_TYPE,
	R_DATA,		/* base64 */
};

enum state {
	S_VALUE,	/* expects a value */
	S_FIRST_VALUE,	/* or the end of the list */
	S_KEY, S_FIRST_KEY,
	S_COLON,
	S_AFTER,	/* expects a comma, or the end */
	S_STRING, S_ESCAPE, S_HEX,
	S_WORD,		/* number, true, false, null */
	S_END,
};

struct request_reader {
	struct request_reading reading;
	const char *allowed;
	int64_t at;			/* offset of the next byte */
	enum state state;
	enum region region;		/* of the value that is read or comes next */
	size_t depth;
	uint8_t regions[DEPTH_MAX];	/* of the open containers */
	bool lists[DEPTH_MAX];
	bool key;			/* the current string is a key */
	char text[REQUEST_MODEL_SIZE + 1];	/* of a key, a short string or a word, decoded */
	size_t len;
	bool keep, cut;			/* text is kept; it was too long */
	unsigned hex, hex_left;
	bool has_max, has_model;
	int64_t narrow, wide;		/* bytes: ASCII, others */
	int64_t data;			/* bytes of the current string */
	int64_t pictures;		/* tokens */
};

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

static void malformed(struct request_reader *r)
{
	fail(r, REQUEST_MALFORMED, "");
}

static void hosted(struct request_reader *r, const char *name)
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

/* ---- keys and values that are checked */

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
		hosted(r, r->text);
	}
	/* Duplicate keys: the service might use the other one. */
	if ((r->region == R_MAX_TOKENS && r->has_max) ||
	    (r->region == R_MODEL && r->has_model))
		malformed(r);
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
		hosted(r, "url");
	if (str_equal(r->text, "file_id"))
		hosted(r, "file");
	if (str_equal(r->text, "data"))
		return R_DATA;
	return str_equal(r->text, "content") ? R_CONTENT : R_OPAQUE;
}

static void end_key(struct request_reader *r)
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

static void end_string(struct request_reader *r)
{
	r->state = S_AFTER;
	switch (r->region) {
	case R_MODEL:
		memcpy(r->reading.model, r->text, r->len + 1);
		break;
	case R_TOOL_TYPE:
		if (!is_client_tool(r->text))
			hosted(r, r->text);
		break;
	case R_CONTENT_TYPE:
		if ((r->text[undated(r->text)] && !is_client_tool(r->text)) ||
		    listed(hosted_content, COUNT(hosted_content), r->text))
			hosted(r, r->text);
		break;
	case R_SOURCE_TYPE:
		if (!listed(client_sources, COUNT(client_sources), r->text))
			hosted(r, r->text);
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

static void end_word(struct request_reader *r)
{
	struct request_reading *u = &r->reading;

	r->state = S_AFTER;
	if (!word_valid(r->text))
		return malformed(r);
	if (r->region == R_MAX_TOKENS) {
		if (!read_number(r->text, &u->max_tokens))
			return malformed(r);
		u->max_digits = (int)r->len;
	} else if (r->region == R_BUDGET_TOKENS) {
		if (!read_number(r->text, &u->thinking))
			return malformed(r);
	} else if (r->region == R_MODEL) {
		malformed(r);
	}
}

/* ---- JSON */

/* A number of tokens. */
static bool counts(enum region region)
{
	return region == R_MAX_TOKENS || region == R_BUDGET_TOKENS;
}

static void open_container(struct request_reader *r, bool list)
{
	enum region region = r->region;

	if (r->depth == DEPTH_MAX || (!r->depth && list))
		return malformed(r);
	if (!r->depth)
		region = R_TOP;
	else if (region >= R_MODEL) {
		if (region == R_MODEL || counts(region))
			return malformed(r);
		/* The type is not a string, so it is not a client's. */
		if (region != R_DATA)
			return hosted(r, "?");
		region = R_OPAQUE;
	}
	r->regions[r->depth] = (uint8_t)region;
	r->lists[r->depth++] = list;
	r->region = region;
	r->state = list ? S_FIRST_VALUE : S_FIRST_KEY;
}

static void close_container(struct request_reader *r, bool list)
{
	if (!r->depth || r->lists[r->depth - 1] != list)
		return malformed(r);
	r->depth--;
	r->state = r->depth ? S_AFTER : S_END;
	r->reading.whole = !r->depth;
}

static void begin_string(struct request_reader *r, bool key)
{
	enum region in = key ? r->regions[r->depth - 1] : r->region;

	if (!key && counts(in))
		return malformed(r);
	r->key = key;
	r->keep = key ? in != R_OPAQUE : in >= R_MODEL;
	r->cut = false;
	r->len = 0;
	r->data = 0;
	r->state = S_STRING;
}

static void add(struct request_reader *r, char c)
{
	size_t max = r->region == R_DATA && !r->key ? MAGIC : sizeof(r->text) - 2;

	if (!r->keep)
		return;
	if (r->len == max) {
		r->cut = true;
		if (r->region == R_MODEL && !r->key)
			malformed(r);
		return;
	}
	r->text[r->len++] = c;
}

static void finish_string(struct request_reader *r)
{
	r->text[r->len] = '\0';
	if (r->keep && r->cut && (r->key || r->region != R_DATA))
		strcpy(r->text, "?");	/* longer than any known value */
	if (r->key)
		end_key(r);
	else
		end_string(r);
}

static void begin_value(struct request_reader *r, char c)
{
	if (!r->depth && c != '{')
		return malformed(r);
	if (c == '"') {
		begin_string(r, false);
	} else if (c == '{' || c == '[') {
		open_container(r, c == '[');
	} else if (c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) {
		if (r->region == R_MAX_TOKENS)
			r->reading.max_at = r->at;
		r->state = S_WORD;
		r->key = false;
		r->keep = true;
		r->cut = false;
		r->len = 0;
		add(r, c);
	} else {
		malformed(r);
	}
}

static void after_value(struct request_reader *r, char c)
{
	bool list = r->lists[r->depth - 1];

	if (c == ',') {
		r->region = r->regions[r->depth - 1];
		r->state = list ? S_VALUE : S_KEY;
	} else if (c == '}' || c == ']') {
		close_container(r, c == ']');
	} else {
		malformed(r);
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Between strings and words. */
static void step(struct request_reader *r, char c)
{
	if (is_blank(c))
		return;
	switch (r->state) {
	case S_FIRST_VALUE:
		if (c == ']')
			return close_container(r, true);
		return begin_value(r, c);
	case S_VALUE:
		return begin_value(r, c);
	case S_FIRST_KEY:
		if (c == '}')
			return close_container(r, false);
		/* fall through */
	case S_KEY:
		if (c != '"')
			return malformed(r);
		return begin_string(r, true);
	case S_COLON:
		if (c != ':')
			return malformed(r);
		r->state = S_VALUE;
		return;
	case S_AFTER:
		return after_value(r, c);
	default:
		malformed(r);	/* after the end */
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Known names are ASCII: others only have to differ. */
static void in_hex(struct request_reader *r, char c)
{
	int digit = hex_digit(c);

	if (digit < 0)
		return malformed(r);
	r->hex = r->hex << 4 | (unsigned)digit;
	if (--r->hex_left)
		return;
	add(r, r->hex && r->hex < 0x80 ? (char)r->hex : '?');
	r->state = S_STRING;
}

static void in_escape(struct request_reader *r, char c)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = c ? strchr(from, c) : NULL;

	if (c == 'u') {
		r->hex = 0;
		r->hex_left = 4;
		r->state = S_HEX;
	} else if (at) {
		add(r, to[at - from]);
		r->state = S_STRING;
	} else {
		malformed(r);
	}
}

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS (ONES << 7)

/*
 * Finds zero bytes in w (their high bit is set in the result; bytes above a
 * true one may be false positives).
 */
static uint64_t zeros(uint64_t w)
{
	return (w - ONES) & ~w & HIGHS;
}

/*
 * Advances by eight bytes while none of them ends the string or begins an
 * escape.
 */
static size_t skip_text(struct request_reader *r, const char *bytes, size_t n)
{
	size_t i = 0;
	uint64_t w;
	int high;

	for (; n - i >= 8; i += 8) {
		memcpy(&w, bytes + i, 8);
		if (zeros(w ^ ONES * '"') | zeros(w ^ ONES * '\\') |
		    ((w - ONES * 0x20) & ~w & HIGHS))
			break;
		high = __builtin_popcountll(w & HIGHS);
		r->wide += high;
		r->narrow += 8 - high;
	}
	return i;
}

/* Reads a string's bytes, up to the character that ends it or begins an escape. */
static size_t in_string(struct request_reader *r, const char *bytes, size_t n)
{
	bool data = r->region == R_DATA && !r->key;
	int64_t narrow = r->narrow, wide = r->wide;
	size_t i = 0, used;
	unsigned char c;

	while (i < n && r->state == S_STRING && !r->reading.fault) {
		if (!r->keep || (data && r->cut)) {
			used = skip_text(r, bytes + i, n - i);
			r->data += (int64_t)used;
			i += used;
			if (i == n)
				break;
		}
		c = (unsigned char)bytes[i++];
		r->data++;
		if (c >= 0x80)
			r->wide++;
		else
			r->narrow++;
		if (c == '"')
			finish_string(r);
		else if (c == '\\')
			r->state = S_ESCAPE;
		else if (c < ' ')
			malformed(r);
		else
			add(r, (char)c);
	}
	if (data) {
		r->narrow = narrow;
		r->wide = wide;
	}
	return i;
}

static bool in_word(struct request_reader *r, char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' ||
	    c == '.' || c == '-' || c == '+') {
		add(r, c);
		/*
		 * The body is held back until this was read: its end may be
		 * far away.
		 */
		if (r->cut || (counts(r->region) && r->len > DIGITS_MAX))
			malformed(r);
		return true;
	}
	r->text[r->len] = '\0';
	end_word(r);
	return false;
}

/* ---- */

int64_t request_tokens(int64_t bytes)
{
	return (bytes + 2) / 3;
}

static void count(struct request_reader *r)
{
	/* Hangul takes three bytes per syllable, and up to two tokens. */
	r->reading.input = request_tokens(r->narrow) + (2 * r->wide + 2) / 3 + r->pictures;
}

void request_reader_feed(struct request_reader *r, const char *bytes, size_t n)
{
	size_t i = 0, used;

	while (i < n && !r->reading.fault) {
		if (r->state == S_STRING) {
			used = in_string(r, bytes + i, n - i);
			i += used;
			r->at += (int64_t)used;
			continue;
		}
		if (r->state == S_WORD && !in_word(r, bytes[i]))
			continue;	/* belongs to the next token */
		else if (r->state == S_ESCAPE)
			in_escape(r, bytes[i]);
		else if (r->state == S_HEX)
			in_hex(r, bytes[i]);
		else if (r->state != S_WORD)
			step(r, bytes[i]);
		r->narrow++;
		i++;
		r->at++;
	}
	count(r);
}

struct request_reader *request_reader_new(const void *ctx, const char *allowed)
{
	struct request_reader *r = talloc_zero(ctx, struct request_reader);

	if (!r)
		err_abort("out of memory");
	r->allowed = allowed;
	r->state = S_VALUE;
	r->reading.max_tokens = r->reading.max_at = -1;
	return r;
}

const struct request_reading *request_reader_reading(const struct request_reader *r)
{
	return &r->reading;
}
