#include "config.h"
#include "auth/gateway_token.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/digest.h"
#include "core/str.h"

#define KEY "token:"
#define FIELDS 7

static const char *const kinds[] = { "workspace", "conversation", "run" };

const char *gateway_token_kind_name(enum gateway_token_kind kind)
{
	return kinds[kind];
}

void gateway_token_key(const char token[TOKEN_SIZE],
		       char out[GATEWAY_TOKEN_KEY_SIZE])
{
	char hash[DIGEST_SIZE];

	digest_hex(token, strlen(token), hash);
	gateway_token_key_of_hash(hash, out);
}

void gateway_token_key_of_hash(const char hash[TOKEN_SIZE],
			       char out[GATEWAY_TOKEN_KEY_SIZE])
{
	snprintf(out, GATEWAY_TOKEN_KEY_SIZE, KEY "%s", hash);
}

void gateway_tokens_key(const char *user_id, char out[GATEWAY_TOKENS_KEY_SIZE])
{
	snprintf(out, GATEWAY_TOKENS_KEY_SIZE, "tokens:%s", user_id);
}

/*
 * "1 conversation USER SUBJECT ADDRESS TOKENS COST": 1 is the format's
 * version; "-": any address.
 */
void gateway_token_format(const struct gateway_token *t,
			  char out[GATEWAY_TOKEN_TEXT_MAX])
{
	snprintf(out, GATEWAY_TOKEN_TEXT_MAX, "1 %s %s %s %s %lld %lld",
		 kinds[t->kind], t->user_id, t->subject_id,
		 *t->address ? t->address : "-", (long long)t->tokens_max,
		 (long long)t->cost_max);
}

/* Splits text at single spaces; false unless it has FIELDS fields. */
static bool cut_fields(char *text, char *fields[FIELDS])
{
	char *space;
	size_t n;

	for (n = 0; n < FIELDS - 1; n++) {
		fields[n] = text;
		space = strchr(text, ' ');
		if (!space)
			return false;
		*space = '\0';
		text = space + 1;
	}
	fields[n] = text;
	return !strchr(text, ' ');
}

static bool parse_kind(const char *name, enum gateway_token_kind *out)
{
	const char *const *kind = table_find(kinds, name);

	if (kind)
		*out = (enum gateway_token_kind)(kind - kinds);
	return kind != NULL;
}

static bool parse_address(const char *text, char out[46])
{
	unsigned char bytes[16];

	if (str_equal(text, "-")) {
		out[0] = '\0';
		return true;
	}
	return (inet_pton(AF_INET, text, bytes) == 1 ||
		inet_pton(AF_INET6, text, bytes) == 1) &&
	       str_copy(out, 46, text);
}

static bool parse_id(const char *text, char out[ID_SIZE])
{
	return id_valid(text) && str_copy(out, ID_SIZE, text);
}

static bool parse_limit(const char *text, int64_t *out)
{
	struct err e = { 0 };

	return str_parse_number(text, 0, INT64_MAX, out, &e) == 0;
}

static bool parse(char *text, struct gateway_token *t)
{
	char *fields[FIELDS];

	return cut_fields(text, fields) && str_equal(fields[0], "1") &&
	       parse_kind(fields[1], &t->kind) &&
	       parse_id(fields[2], t->user_id) &&
	       parse_id(fields[3], t->subject_id) &&
	       parse_address(fields[4], t->address) &&
	       parse_limit(fields[5], &t->tokens_max) &&
	       parse_limit(fields[6], &t->cost_max);
}

int gateway_token_parse(const char *text, struct gateway_token *out,
			struct err *e)
{
	struct gateway_token t = { .kind = GATEWAY_TOKEN_WORKSPACE };
	char copy[GATEWAY_TOKEN_TEXT_MAX];

	if (!str_copy(copy, sizeof(copy), text) || !parse(copy, &t))
		return err_set(e, ERR_INTERNAL, "redis: no text of a token");
	*out = t;
	return 0;
}

int gateway_token_put(struct kv *kv, const char token[TOKEN_SIZE],
		      const struct gateway_token *t, int64_t ttl_s,
		      struct err *e)
{
	char key[GATEWAY_TOKEN_KEY_SIZE], set[GATEWAY_TOKENS_KEY_SIZE];
	char text[GATEWAY_TOKEN_TEXT_MAX];

	gateway_token_key(token, key);
	gateway_tokens_key(t->user_id, set);
	gateway_token_format(t, text);
	/* The name first: gateway_token_end_all must find every token. */
	if (kv_set_add(kv, set, key + strlen(KEY), ttl_s, e) < 0)
		return -1;
	return kv_set(kv, key, text, ttl_s, e);
}

struct sweep {
	struct kv *kv;
	const char *set;
	bool keep_runs;
};

/* Or -1. */
static int is_run(struct kv *kv, const char *key, struct err *e)
{
	struct gateway_token t;
	struct err other = { 0 };
	char *text;
	bool run;

	if (kv_get(kv, NULL, key, &text, e) < 0)
		return -1;
	run = text && gateway_token_parse(text, &t, &other) == 0 &&
	      t.kind == GATEWAY_TOKEN_RUN;
	talloc_free(text);
	return run;
}

static int sweep_token(void *data, const char *member, struct err *e)
{
	struct sweep *s = data;
	char key[GATEWAY_TOKEN_KEY_SIZE];
	int run = 0;

	if (token_valid(member)) {
		gateway_token_key_of_hash(member, key);
		if (s->keep_runs)
			run = is_run(s->kv, key, e);
		if (run)
			return run < 0 ? -1 : 0;
		if (kv_delete(s->kv, key, e) < 0)
			return -1;
	}
	return kv_set_remove(s->kv, s->set, member, e);
}

static int end_tokens(struct kv *kv, const char *user_id, bool keep_runs,
		      struct err *e)
{
	char set[GATEWAY_TOKENS_KEY_SIZE];
	struct sweep s = { kv, set, keep_runs };

	gateway_tokens_key(user_id, set);
	return kv_set_each(kv, set, sweep_token, &s, e);
}

int gateway_token_end_all(struct kv *kv, const char *user_id, struct err *e)
{
	return end_tokens(kv, user_id, false, e);
}

int gateway_token_end_except_runs(struct kv *kv, const char *user_id, struct err *e)
{
	return end_tokens(kv, user_id, true, e);
}
