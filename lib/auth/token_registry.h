/*
 * Keeps the valid gateway tokens registered in Redis: renews them hourly while
 * Redis still has them, registers them again when Redis lost its data, and
 * revokes ended ones, even if Redis is away for long.
 */
#ifndef AUTH_TOKEN_REGISTRY_H
#define AUTH_TOKEN_REGISTRY_H

#include "auth/gateway_token.h"
#include "kv/kv_async.h"

struct token_registry;

/* Keeps loop and kv. Gives (child of ctx). */
struct token_registry *token_registry_new(const void *ctx, uv_loop_t *loop,
					  struct kv_async *kv);
/* Call it before kv is freed; tokens stay valid. The loop must run once more. */
void token_registry_close(struct token_registry *t);

/* e NULL: registered. ERR_AUTH: not allowed, and dropped from the registry. */
typedef void token_registry_done(void *data, const struct err *e);

/*
 * Registers a token. done (may be NULL) is called once, after the first attempt
 * and never from inside; failed attempts are repeated until token_registry_drop.
 * what must name an address. A workspace's token is valid only while its account
 * has a login; otherwise it is revoked and dropped.
 */
void token_registry_put(struct token_registry *t, const char *hash,
			const struct gateway_token *what, token_registry_done *done, void *data);
/* Cancels every done with that data. */
void token_registry_forget(struct token_registry *t, const void *data);

bool token_registry_has(const struct token_registry *t, const char *hash);
/* The hourly work: renews tokens that Redis has, drops those that others revoked. */
void token_registry_renew(struct token_registry *t);

/* Stops registering a token and cancels its done; Redis keeps it until token_registry_end. */
void token_registry_drop(struct token_registry *t, const char *hash);
/* Drops all of an account's tokens except those of runs. */
void token_registry_drop_user(struct token_registry *t, const char *user_id);

/*
 * Revokes the token in Redis; hash "": all of the account's except those of runs
 * and those registered here, so also those of an earlier bridge. id: passed to
 * token_registry_ended; nothing happens while a revocation of that id is pending.
 */
void token_registry_end(struct token_registry *t, const char *id,
			const char *hash, const char *user_id);

/* A revocation is done: Redis confirmed it, or a pending one covers it. */
typedef void token_registry_ended(void *data, const char *id);
void token_registry_on_ended(struct token_registry *t,
			     token_registry_ended *ended, void *data);

#endif
