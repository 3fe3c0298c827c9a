/*
 * The format of a line: checksum (FNV-1a, 8 hex digits), kind, id, user, kind
 * of subject, subject, "=" and the model (bytes that could break the line as
 * %XX), five classes of tokens, outcome, status, begin, end; separated by
 * single spaces.
 */
#include "config.h"
#include "ledger/call_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/percent.h"
#include "core/str.h"

#define FIELDS 15
#define STATUS_MAX 999
#define SUM_SIZE 9	/* its digits and the space */

static const char *const kinds[] = { "workspace", "conversation", "run", NULL };
static const char *const outcomes[] = { "complete", "interrupted", "failed",
					"unmetered", NULL };

/* The table's own copy of the text, or NULL. */
static const char *look_up(const char *const *table, const char *text)
{
	while (*table && !str_equal(*table, text))
		table++;
	return *table;
}

static int64_t within(int64_t n, int64_t max)
{
	return n < 0 ? 0 : n > max ? max : n;
}

void call_line_normalize(struct usage_call *c)
{
	struct usage *u = &c->usage;

	c->kind = look_up(kinds, c->kind);
	c->outcome = look_up(outcomes, c->outcome ? c->outcome :
			     "interrupted");
	if (!c->kind || !c->outcome || !id_valid(c->id) ||
	    !id_valid(c->user_id) || !id_valid(c->subject_id))
		err_abort("no such call for the journal");
	u->input = within(u->input, CALL_TOKENS_MAX);
	u->output = within(u->output, CALL_TOKENS_MAX);
	u->cache_write_5m = within(u->cache_write_5m, CALL_TOKENS_MAX);
	u->cache_write_1h = within(u->cache_write_1h, CALL_TOKENS_MAX);
	u->cache_read = within(u->cache_read, CALL_TOKENS_MAX);
	c->status = within(c->status, STATUS_MAX);
	c->at = within(c->at, INT64_MAX);
	c->ended_at = within(c->ended_at, INT64_MAX);
}

static uint32_t checksum(const char *s, size_t n)
{
	return hash_32(HASH_32_OFFSET, s, n);
}

void call_line_escape(const char *text, char out[3 * CALL_MODEL_SIZE])
{
	char cut[CALL_MODEL_SIZE];

	snprintf(cut, sizeof(cut), "%s", text);
	out[0] = '=';
	percent_encode(out + 1, cut, "");
}

bool call_line_unescape(const char *s, char out[CALL_MODEL_SIZE])
{
	char decoded[3 * CALL_MODEL_SIZE];
	ptrdiff_t n;

	if (*s++ != '=' || strlen(s) >= sizeof(decoded))
		return false;
	n = percent_decode(decoded, s, strlen(s), false);
	if (n < 0 || n >= CALL_MODEL_SIZE || memchr(decoded, '\0', (size_t)n))
		return false;
	memcpy(out, decoded, (size_t)n + 1);
	return true;
}

size_t call_line_format(enum call_line kind, const struct usage_call *c,
			char out[CALL_LINE_MAX])
{
	char model[3 * CALL_MODEL_SIZE], sum[SUM_SIZE];
	const struct usage *u = &c->usage;
	int n;

	call_line_escape(c->model, model);
	n = snprintf(out + SUM_SIZE, CALL_LINE_MAX - SUM_SIZE,
		     "%c %s %s %s %s %s %lld %lld %lld %lld %lld %s %lld %lld"
		     " %lld\n", kind, c->id, c->user_id, c->kind,
		     c->subject_id, model, (long long)u->input,
		     (long long)u->output, (long long)u->cache_write_5m,
		     (long long)u->cache_write_1h, (long long)u->cache_read,
		     c->outcome, (long long)c->status, (long long)c->at,
		     (long long)c->ended_at);
	snprintf(sum, sizeof(sum), "%08x",
		 checksum(out + SUM_SIZE, (size_t)n - 1));
	memcpy(out, sum, SUM_SIZE - 1);
	out[SUM_SIZE - 1] = ' ';
	return (size_t)n + SUM_SIZE;
}

static bool read_number(const char *text, int64_t max, int64_t *out)
{
	struct err e = { 0 };

	return str_parse_number(text, 0, max, out, &e) == 0;
}

static bool read_id(const char *text, char out[ID_SIZE])
{
	return id_valid(text) && str_copy(out, ID_SIZE, text);
}

static bool read_usage(char *const *f, struct usage *u)
{
	return read_number(f[0], CALL_TOKENS_MAX, &u->input) &&
	       read_number(f[1], CALL_TOKENS_MAX, &u->output) &&
	       read_number(f[2], CALL_TOKENS_MAX, &u->cache_write_5m) &&
	       read_number(f[3], CALL_TOKENS_MAX, &u->cache_write_1h) &&
	       read_number(f[4], CALL_TOKENS_MAX, &u->cache_read);
}

static bool read_fields(char *const f[FIELDS], enum call_line *kind,
			struct usage_call *c, char model[CALL_MODEL_SIZE])
{
	if (strlen(f[0]) != 1 || !strchr("bre", *f[0]))
		return false;
	*kind = (enum call_line)*f[0];
	c->kind = look_up(kinds, f[3]);
	c->outcome = look_up(outcomes, f[11]);
	c->model = model;
	return c->kind && c->outcome && read_id(f[1], c->id) &&
	       read_id(f[2], c->user_id) && read_id(f[4], c->subject_id) &&
	       call_line_unescape(f[5], model) && read_usage(f + 6, &c->usage) &&
	       read_number(f[12], STATUS_MAX, &c->status) &&
	       read_number(f[13], INT64_MAX, &c->at) &&
	       read_number(f[14], INT64_MAX, &c->ended_at);
}

bool call_line_parse(const char *line, size_t n, enum call_line *kind,
		     struct usage_call *call, char model[CALL_MODEL_SIZE])
{
	char text[CALL_LINE_MAX], sum[SUM_SIZE], *fields[FIELDS], *at;
	size_t i;

	if (n <= SUM_SIZE || n >= sizeof(text) || memchr(line, '\0', n))
		return false;
	snprintf(sum, sizeof(sum), "%08x",
		 checksum(line + SUM_SIZE, n - SUM_SIZE));
	if (memcmp(line, sum, SUM_SIZE - 1) != 0 || line[SUM_SIZE - 1] != ' ')
		return false;
	memcpy(text, line + SUM_SIZE, n - SUM_SIZE);
	text[n - SUM_SIZE] = '\0';
	for (at = text, i = 0; at && i < FIELDS; i++) {
		fields[i] = at;
		at = strchr(at, ' ');
		if (at)
			*at++ = '\0';
	}
	return i == FIELDS && !at && read_fields(fields, kind, call, model);
}
