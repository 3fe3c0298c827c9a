/*
 * The gateway tokens that are to be good now, kept so in Redis: put again each
 * hour and whenever Redis has lost them, taken out when they are over, however
 * long Redis is away meanwhile.
 */
#ifndef BRIDGE_TOKENS_H
#define BRIDGE_TOKENS_H

#include "auth/gateway_token.h"
#include "kv/kv_async.h"

struct tokens;

/* Keeps loop and kv. Gives (child of ctx). */
struct tokens *tokens_new(const void *ctx, uv_loop_t *loop, struct kv_async *kv);
/* Before kv is freed; what is good stays good. The loop must run once more. */
void tokens_close(struct tokens *t);

/* e NULL: Redis has it. */
typedef void tokens_done(void *data, const struct err *e);

/*
 * done (NULL: nobody waits) comes once, after the first try, never from
 * inside; a try that failed is repeated until tokens_end. what names an
 * address: none here is good from everywhere.
 */
void tokens_put(struct tokens *t, const char *hash,
		const struct gateway_token *what, tokens_done *done, void *data);
/* No done with that data any more. */
void tokens_forget(struct tokens *t, const void *data);

bool tokens_has(const struct tokens *t, const char *hash);
void tokens_end(struct tokens *t, const char *hash, const char *user_id);
/* All of an account, those that are not known here too. */
void tokens_end_user(struct tokens *t, const char *user_id);

#endif
