/*
 * Tokens that a workspace's processes send to the gateway: random; Redis maps
 * token:<SHA-256> to owner and purpose, and the set tokens:<user id> lists an
 * account's, so that all can be revoked together. The bridge creates and revokes
 * them (kv_async), the gateway looks them up.
 */
#ifndef AUTH_GATEWAY_TOKEN_H
#define AUTH_GATEWAY_TOKEN_H

#include <stdint.h>

#include "core/id.h"
#include "kv/kv.h"

#define GATEWAY_TOKEN_TTL_S (24 * 3600)	/* renewed hourly while in use */
#define GATEWAY_TOKEN_KEY_SIZE (6 + 64 + 1)
#define GATEWAY_TOKENS_KEY_SIZE (7 + ID_SIZE)
#define GATEWAY_TOKEN_TEXT_MAX 240
/* Redis key: why the gateway cannot write its ledger, while it cannot. For /healthz, doctor and /admin. */
#define GATEWAY_LEDGER_KEY "gateway:ledger"

enum gateway_token_kind {
	GATEWAY_TOKEN_WORKSPACE,	/* processes in the container outside of sessions */
	GATEWAY_TOKEN_CONVERSATION,
	GATEWAY_TOKEN_RUN,
};

struct gateway_token {
	char user_id[ID_SIZE];
	enum gateway_token_kind kind;
	char subject_id[ID_SIZE];	/* the conversation or run; the user for a workspace */
	char address[46];		/* the only address it is valid from; "" for any */
	int64_t tokens_max, cost_max;	/* a run's budget for all calls together; 0: no limit */
};

/* "workspace", "conversation", "run". */
const char *gateway_token_kind_name(enum gateway_token_kind kind);

/* The keys token:<hash>, by token or by hash (64 hex digits), and tokens:<user id>. */
void gateway_token_key(const char token[TOKEN_SIZE], char out[GATEWAY_TOKEN_KEY_SIZE]);
void gateway_token_key_of_hash(const char hash[TOKEN_SIZE], char out[GATEWAY_TOKEN_KEY_SIZE]);
void gateway_tokens_key(const char *user_id, char out[GATEWAY_TOKENS_KEY_SIZE]);

/* Formats and parses the value of token:<hash>; ERR_INTERNAL if malformed. */
void gateway_token_format(const struct gateway_token *t, char out[GATEWAY_TOKEN_TEXT_MAX]);
int gateway_token_parse(const char *text, struct gateway_token *out, struct err *e) must_check;

/* Blocking, for tests and the command line: registers a token; revokes all of an account. */
int gateway_token_put(struct kv *kv, const char token[TOKEN_SIZE], const struct gateway_token *t, int64_t ttl_s, struct err *e) must_check;
int gateway_token_end_all(struct kv *kv, const char *user_id, struct err *e) must_check;
/* Revokes all except those of runs, which need no login. */
int gateway_token_end_except_runs(struct kv *kv, const char *user_id, struct err *e) must_check;

#endif
