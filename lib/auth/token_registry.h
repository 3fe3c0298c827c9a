/*
 * The gateway tokens that are to be good now, kept so in Redis: put again each
 * hour while Redis has them still, and whenever it has lost all; taken out when
 * they are over, however long Redis is away meanwhile.
 */
#ifndef AUTH_TOKEN_REGISTRY_H
#define AUTH_TOKEN_REGISTRY_H

#include "auth/gateway_token.h"
#include "kv/kv_async.h"

struct token_registry;

/* Keeps loop and kv. Gives (child of ctx). */
struct token_registry *token_registry_new(const void *ctx, uv_loop_t *loop,
					  struct kv_async *kv);
/* Before kv is freed; what is good stays good. The loop must run once more. */
void token_registry_close(struct token_registry *t);

/* e NULL: Redis has it. ERR_AUTH: it is not to be, and is known here no more. */
typedef void token_registry_done(void *data, const struct err *e);

/*
 * done (NULL: nobody waits) comes once, after the first try, never from
 * inside; a try that failed is repeated until token_registry_drop. what names an
 * address: none here is good from everywhere. A workspace's token is good while
 * a login of its account lives; else Redis has it no more, and it is dropped.
 */
void token_registry_put(struct token_registry *t, const char *hash,
			const struct gateway_token *what, token_registry_done *done, void *data);
/* No done with that data any more. */
void token_registry_forget(struct token_registry *t, const void *data);

bool token_registry_has(const struct token_registry *t, const char *hash);
/* What is done each hour: what Redis has lives on, what others ended there is dropped. */
void token_registry_renew(struct token_registry *t);

/* Not put any more, and no done; what Redis has stays until token_registry_end. */
void token_registry_drop(struct token_registry *t, const char *hash);
/* All of an account but its runs'. */
void token_registry_drop_user(struct token_registry *t, const char *user_id);

/*
 * Redis is to have it no more; hash "": all of an account but its runs' and
 * those that are known here, so those of an earlier bridge too. id: what its end is told by.
 */
void token_registry_end(struct token_registry *t, const char *id,
			const char *hash, const char *user_id);

/* That ending is done: Redis has said so, or an earlier one does its work. */
typedef void token_registry_ended(void *data, const char *id);
void token_registry_on_ended(struct token_registry *t,
			     token_registry_ended *ended, void *data);

#endif
