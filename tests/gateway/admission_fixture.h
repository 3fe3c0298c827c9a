/* Admission with a Redis and a store of its own, and two users. */
#ifndef TESTS_ADMISSION_FIXTURE_H
#define TESTS_ADMISSION_FIXTURE_H

#include "../kv/redis_server.h"
#include "../ledger/serving.h"
#include "../store/fixture.h"
#include "gateway/admission.h"
#include "spending/spent.h"

struct admission_world {
	struct fixture *f;	/* a connection of the test's */
	struct redis_server server;
	struct kv *kv;		/* the test's */
	uv_loop_t loop;
	struct kv_async *async;
	struct serving serving;
	struct ledger_client *ledger;	/* the jobs' */
	struct jobs *jobs;
	struct prices *prices;
	struct admission *a;
	char kim[ID_SIZE], lee[ID_SIZE];
	char token[TOKEN_SIZE];	/* kim's workspace's */
};

int world_set_up(void **state);
int world_tear_down(void **state);

struct heard {
	int calls;
	struct admission_answer answer;
	char zone[65], locale[8];
	struct err e;
};
void hear(void *data, const struct admission_answer *a);

/* 10 of input of this world's table costs 10 millionths: a token each. */
#define PRICES "m 2020-01-01 1 1 1 1 1\n"
#define BYTES(tokens) (((tokens) - 1000) * 4)	/* of a body guessed as that many tokens */

struct prices *world_prices(struct admission_world *w, const char *text);
struct gateway_token world_token(const char *user);
void world_put(struct admission_world *w, const char *token, const struct gateway_token *t);

/* That many bytes of input, four a token, and 1000 tokens of output. */
struct call_estimate world_estimate(int64_t bytes);
/* Asks and turns the loop until answered. */
struct heard world_ask(struct admission_world *w, const char *token, int64_t bytes);
enum verdict world_verdict(struct admission_world *w, int64_t bytes);	/* what was granted is given back */
void world_turn_until(struct admission_world *w, const int *calls, int want);
/* The call's row in the ledger, then its settling. */
void world_book(struct admission_world *w, const struct heard *h, const char *model,
		  int64_t tokens);
void world_add_row(struct admission_world *w, const char *user, const char *model,
		   int64_t at, int64_t tokens);
/* Ends of their keys, as Redis matches. */
#define DAY "*-*-*:*"
#define MONTH "[0-9][0-9][0-9][0-9]-[0-9][0-9]:*"
/* A field of the only counter whose key matches; -1 when there is none. */
int64_t world_counter(struct admission_world *w, const char *pattern, const char *field);
void world_budget(struct admission_world *w, const char *subject, struct budget b);
/* A command whose answer is text; "" for none. */
const char *world_redis(struct admission_world *w, const char *script);
/* Longer than what is known may be old. */
void world_pass_a_second(struct admission_world *w);

#define WTEST(name) \
	cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

#endif
