/*
 * Tokens with which a workspace's processes call the gateway: random, kept in
 * Redis by hash as token:<SHA-256> -> whose and for what, and by owner in the
 * set tokens:<user id>, so that all of an account die together. The bridge
 * makes and ends them (kv_async), the gateway looks them up.
 */
#ifndef AUTH_GATEWAY_TOKEN_H
#define AUTH_GATEWAY_TOKEN_H

#include <stdint.h>

#include "core/id.h"
#include "kv/kv.h"

#define GATEWAY_TOKEN_TTL_S (24 * 3600)	/* put again hourly while it is in use */
#define GATEWAY_TOKEN_KEY_SIZE (6 + 64 + 1)
#define GATEWAY_TOKENS_KEY_SIZE (7 + ID_SIZE)
#define GATEWAY_TOKEN_TEXT_MAX 240
/* In Redis, as long as the gateway cannot write its ledger: why. For healthz, doctor and the administrators' page. */
#define GATEWAY_LEDGER_KEY "gateway:ledger"

enum gateway_token_kind {
	GATEWAY_TOKEN_WORKSPACE,	/* whatever runs in the container by itself, the terminal */
	GATEWAY_TOKEN_CONVERSATION,
	GATEWAY_TOKEN_RUN,
};

struct gateway_token {
	char user_id[ID_SIZE];
	enum gateway_token_kind kind;
	char subject_id[ID_SIZE];	/* the conversation or run; the user for a workspace */
	char address[46];		/* the only address it is good from; "" for any */
	int64_t tokens_max, cost_max;	/* of all its calls together, a run's budget; 0: no limit */
};

/* "workspace", "conversation", "run". */
const char *gateway_token_kind_name(enum gateway_token_kind kind);

/* token:<hash> of a token, or of its hash (64 hex). */
void gateway_token_key(const char token[TOKEN_SIZE], char out[GATEWAY_TOKEN_KEY_SIZE]);
void gateway_token_key_of_hash(const char hash[TOKEN_SIZE], char out[GATEWAY_TOKEN_KEY_SIZE]);
void gateway_tokens_key(const char *user_id, char out[GATEWAY_TOKENS_KEY_SIZE]);

/* The value under that key, and back: ERR_INTERNAL when it is no such text. */
void gateway_token_format(const struct gateway_token *t, char out[GATEWAY_TOKEN_TEXT_MAX]);
int gateway_token_parse(const char *text, struct gateway_token *out, struct err *e) must_check;

/* Blocking, for tests and the command line: puts one; ends all of an account's. */
int gateway_token_put(struct kv *kv, const char token[TOKEN_SIZE], const struct gateway_token *t, int64_t ttl_s, struct err *e) must_check;
int gateway_token_end_all(struct kv *kv, const char *user_id, struct err *e) must_check;
/* As that, but its runs' stay: nobody has to be logged in for them. */
int gateway_token_end_persons(struct kv *kv, const char *user_id, struct err *e) must_check;

#endif
