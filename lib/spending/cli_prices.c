#include "config.h"
#include "spending/cli_prices.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "json/field.h"
#include "json/strict_json.h"

#define MILLION INT64_C(1000000)
#define PRICE_MAX (10000 * MILLION)
#define PROMPT_MAX (1000 * MILLION)
#define DATED "-20990101"	/* as replies may name a model */
#define PER " per Mtok"

static const struct strict_json_limits limits = {
	.bytes = CLI_PRICES_TEXT_MAX, .depth = 16, .containers = 5000,
	.elements = 50000,
};

/* Parses "0.125" to 125000 and returns its end; NULL when malformed. */
static const char *parse_money(const char *s, int64_t *out)
{
	int64_t unit = MILLION, n = 0;

	if (*s < '0' || *s > '9')
		return NULL;
	for (; *s >= '0' && *s <= '9' && n <= PRICE_MAX; s++)
		n = n * 10 + (*s - '0') * MILLION;
	if (*s == '.' && s[1] >= '0' && s[1] <= '9') {
		for (s++; *s >= '0' && *s <= '9' && unit > 1; s++) {
			unit /= 10;
			n += (*s - '0') * unit;
		}
	}
	*out = n;
	return n <= PRICE_MAX ? s : NULL;
}

/* "$4/$20" */
static const char *parse_pair(const char *s, int64_t *input, int64_t *output)
{
	s = *s == '$' ? parse_money(s + 1, input) : NULL;
	s = s && s[0] == '/' && s[1] == '$' ? parse_money(s + 2, output) : NULL;
	return s;
}

/* " ($0.50/$2.50 for prompts over 100k)" */
static bool parse_long(const char *s, struct cli_prices_price *l)
{
	static const char middle[] = " for prompts over ";
	int64_t n = 0;

	s = s[0] == ' ' && s[1] == '(' ?
		parse_pair(s + 2, &l->long_input, &l->long_output) : NULL;
	if (!s || !str_starts(s, middle))
		return false;
	for (s += sizeof(middle) - 1; *s >= '0' && *s <= '9' && n < PROMPT_MAX; s++)
		n = n * 10 + *s - '0';
	if (*s == 'k')
		n *= 1000;
	else if (*s == 'M')
		n *= MILLION;
	else
		return false;
	l->prompt_max = n;
	return n > 0 && n <= PROMPT_MAX && str_equal(s + 1, ")");
}

/* The price is at the end of the description, behind the last "· ". */
static bool parse_price(const char *text, struct cli_prices_price *l)
{
	const char *per = strstr(text, PER), *at;

	for (at = per; at && at > text && at[-1] != ' ';)
		at--;
	if (!per || parse_pair(at, &l->input, &l->output) != per)
		return false;
	per += sizeof(PER) - 1;
	return !*per || parse_long(per, l);
}

/*
 * May be used in a row of the table. A trailing "[1m]" requests a longer
 * context.
 */
static bool parse_model(const char *name, char out[CLI_PRICES_NAME_SIZE])
{
	size_t n = strcspn(name, "[");

	if (!n || n >= CLI_PRICES_NAME_SIZE ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != n)
		return false;
	memcpy(out, name, n);
	out[n] = '\0';
	return true;
}

static json_object *part(json_object *o, const char *name)
{
	json_object *value;

	return json_object_is_type(o, json_type_object) &&
	       json_object_object_get_ex(o, name, &value) ? value : NULL;
}

static bool has(const struct cli_prices *l, const char *model)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (str_equal(l->rows[i].model, model))
			return true;
	}
	return false;
}

static void add_model(struct cli_prices *out, json_object *o)
{
	struct cli_prices_price l = { .input = 0 };

	if (!parse_model(field_string(o, "resolvedModel"), l.model))
		out->unread++;
	else if (has(out, l.model))
		return;
	else if (out->n == CLI_PRICES_MODELS_MAX ||
		 !parse_price(field_string(o, "description"), &l))
		out->unread++;
	else
		out->rows[out->n++] = l;
}

/* NULL: the line is something else. */
static json_object *models_of(json_object *line)
{
	json_object *response = part(line, "response");
	json_object *models = part(part(response, "response"), "models");

	if (!str_equal(field_string(line, "type"), "control_response") ||
	    !str_equal(field_string(response, "request_id"), CLI_PRICES_REQUEST) ||
	    !str_equal(field_string(response, "subtype"), "success") ||
	    !json_object_is_type(models, json_type_array))
		return NULL;
	return models;
}

static bool take_line(const char *text, size_t n, struct cli_prices *out)
{
	auto_strict_json *line = strict_json_parse(text, n, &limits);
	json_object *models = models_of(line);
	size_t i, count = models ? json_object_array_length(models) : 0;

	*out = (struct cli_prices){ .n = 0 };
	for (i = 0; i < count; i++)
		add_model(out, json_object_array_get_idx(models, i));
	return count > 0;
}

int cli_prices_parse(const char *text, size_t n, struct cli_prices *out,
		     struct err *e)
{
	const char *newline;
	size_t len;

	for (; n && n <= CLI_PRICES_TEXT_MAX; text += len, n -= len) {
		newline = memchr(text, '\n', n);
		len = newline ? (size_t)(newline - text) + 1 : n;
		if (take_line(text, len, out))
			return 0;
	}
	return err_set(e, ERR_INPUT, "no list of models");
}

/* ---- comparison with the table ---- */

static bool booked_at(const struct prices *p, const char *model, int64_t prompt,
		      int64_t at, int64_t input, int64_t output)
{
	const struct usage in = { .input = MILLION }, out = { .output = MILLION };
	const struct usage call = { .input = prompt };
	char name[PRICES_NAME_SIZE];

	prices_name(p, model, &call, at, name);
	return prices_cost(p, name, &in, at) == input &&
	       prices_cost(p, name, &out, at) == output;
}

/* As calls below, at and beyond the limit would be booked. */
static bool is_same(const struct cli_prices_price *l, const struct prices *p,
		    const char *model, int64_t at)
{
	int64_t most = l->prompt_max ? l->prompt_max : PROMPT_MAX;

	return booked_at(p, model, 1, at, l->input, l->output) &&
	       booked_at(p, model, most, at, l->input, l->output) &&
	       (!l->prompt_max || booked_at(p, model, most + 1, at,
					    l->long_input, l->long_output));
}

static int add_price(struct buf *rows, int64_t millionths, struct err *e)
{
	char text[48];
	size_t n;

	n = (size_t)snprintf(text, sizeof(text), "%lld.%06lld",
			     (long long)(millionths / MILLION),
			     (long long)(millionths % MILLION));
	while (text[n - 1] == '0')
		n--;
	if (text[n - 1] == '.')
		n--;
	return buf_addf(rows, e, "  %.*s", (int)n, text);
}

static int add_row(struct buf *rows, const struct cli_prices_price *l,
		   const char *tail, int64_t at, bool longer, struct err *e)
{
	int64_t input = longer ? l->long_input : l->input;
	const int64_t prices[] = { input, longer ? l->long_output : l->output,
				   input * 5 / 4, input * 2, input / 10 };
	struct clock_date d;
	size_t i;

	clock_date(at / 1000, &d);
	if (buf_addf(rows, e, "%s%s  %04d-%02d-%02d", l->model, tail,
		     (int)d.year, d.month, d.day) < 0)
		return -1;
	for (i = 0; i < sizeof(prices) / sizeof(prices[0]); i++) {
		if (add_price(rows, prices[i], e) < 0)
			return -1;
	}
	if (l->prompt_max && !longer &&
	    buf_addf(rows, e, "  %lld", (long long)l->prompt_max) < 0)
		return -1;
	return buf_add_text(rows, "\n", e);
}

int cli_prices_compare(const struct cli_prices_price *l, const struct prices *p,
		       int64_t at, enum cli_prices_verdict *verdict, struct buf *rows,
		       struct err *e)
{
	static const struct usage any = { .input = MILLION };
	char dated[CLI_PRICES_NAME_SIZE + sizeof(DATED)];

	snprintf(dated, sizeof(dated), "%s" DATED, l->model);
	if (is_same(l, p, l->model, at) && is_same(l, p, dated, at)) {
		*verdict = CLI_PRICES_SAME;
		return 0;
	}
	if (add_row(rows, l, "", at, false, e) < 0 ||
	    add_row(rows, l, "-*", at, false, e) < 0 ||
	    (l->prompt_max && add_row(rows, l, "/long", at, true, e) < 0))
		return -1;
	*verdict = prices_cost(p, l->model, &any, at) < 0 ||
		   prices_cost(p, dated, &any, at) < 0 ?
		CLI_PRICES_MISSING : CLI_PRICES_DIFFERS;
	return 0;
}
