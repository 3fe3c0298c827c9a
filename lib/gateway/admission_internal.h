/*
 * Shared by the admission files: asks, the cache of accounts and tokens,
 * counters.
 */
#ifndef GATEWAY_ADMISSION_INTERNAL_H
#define GATEWAY_ADMISSION_INTERNAL_H

#include <sys/queue.h>

#include "gateway/admission.h"
#include "spending/budget_zone.h"

#define LIMITS_MAX 5		/* counters of one call */
#define BUCKETS 1024
#define ZONE_SIZE 65
#define LOCALE_SIZE 8

/*
 * The sum of one period; the reserved amounts are this gateway's own and
 * always exact.
 */
struct counter {
	LIST_ENTRY(counter) next;
	size_t refs;			/* held by scopes, cached tokens, asks, grants, loads */
	char key[128];			/* in Redis */
	char user_id[ID_SIZE], subject_id[ID_SIZE];	/* "": all */
	int64_t from, to;		/* UTC ms; to 0: open-ended */
	bool loaded, loading;
	uint64_t loads;			/* incremented by each load */
	int64_t reserved_tokens, reserved_cost;
	int64_t late_tokens, late_cost;	/* booked since the load began */
	int64_t failed_at;		/* clock_mono_ms of a failed load */
	struct err failure;
};

/* Day and month of a user or the installation, in its time zone. */
struct scope {
	struct budget_zone zone;
	struct period period;
	struct counter *day, *month;	/* NULL until needed */
};

/* Age of a value read from the ledger; times are clock_mono_ms, 0 never. */
struct reading {
	int64_t read_at, asked_at, failed_at;
	bool asking;
	struct err failure;
};

struct account {
	LIST_ENTRY(account) next;
	char user_id[ID_SIZE];
	struct reading reading;
	bool disabled;
	char locale[LOCALE_SIZE];
	struct budget_zone zone;
	struct budget budget;
	struct scope scope;
	int64_t used_at;
};

/* A token as last seen; the script verifies it. */
struct cached_token {
	LIST_ENTRY(cached_token) next;
	char key[GATEWAY_TOKEN_KEY_SIZE];
	char text[GATEWAY_TOKEN_TEXT_MAX];
	struct gateway_token token;
	struct counter *run;	/* NULL: the token has no limit */
	int64_t used_at;
};

/* One limit that a call must respect. */
struct limit {
	struct counter *counter;	/* referenced while the script runs */
	int scope, period;		/* as in over_budget */
	int64_t tokens, cost;		/* 0: no limit */
	int64_t resets_at;
	uint64_t loads;			/* the counter's, when the script was sent */
};

TAILQ_HEAD(asks, ask);

struct ask {
	TAILQ_ENTRY(ask) next;
	struct asks *list;
	struct admission *a;
	admission_done *done;		/* NULL: the caller lost interest */
	void *data;
	char key[GATEWAY_TOKEN_KEY_SIZE];	/* "": no token */
	char address[46];
	int64_t begun, deadline;	/* clock_mono_ms */
	int tries;			/* scripts sent */
	bool looked_up;			/* the cached token was read for this call */
	struct limit limits[LIMITS_MAX];
	size_t n;
	int64_t input, input_cost;	/* to be reserved */
	int64_t output, output_price;	/* wanted; millionths of a dollar per million tokens */
	int64_t tokens, cost;		/* total, beyond what the grant has already */
	struct grant *grant;		/* whose reservation this renews; NULL: none, or it was
					 * booked */
	struct admission_answer answer;
	char locale[LOCALE_SIZE], zone[ZONE_SIZE];
	struct err failure;
};

struct grant {
	LIST_ENTRY(grant) next;
	char user_id[ID_SIZE];
	struct limit limits[LIMITS_MAX];
	size_t n;
	int64_t tokens, cost, at;
	int64_t charged_tokens, charged_cost;	/* uses besides tokens */
	struct ask *renewal;		/* in flight; NULL: none */
};

/* First member of each struct for a question to the ledger. */
struct task {
	LIST_ENTRY(task) next;
	struct admission *a;	/* NULL: freed meanwhile */
	struct ledger_client *ledger;
};

struct admission {
	uv_loop_t *loop;
	struct kv_async *kv;
	struct jobs *jobs;
	struct ledger_client *ledger;
	const struct prices *prices;
	uint64_t tables;	/* version of the price table */
	const struct journal *journal;
	char zone[ZONE_SIZE];
	int64_t deadline_ms;	/* of an ask that waits for ledger or Redis */

	char epoch[TOKEN_SIZE];
	uint64_t links;		/* kv's link count when the epoch began */
	bool ready;		/* Redis has our epoch, as far as we know */
	bool resetting;
	int64_t reset_failed_at;
	struct err reset_failure;

	struct reading installation_reading;
	bool stopped;		/* the kill switch */
	struct budget budget;	/* the installation's */
	struct scope installation;
	bool mirrored;		/* the kill switch as Redis has it */
	bool told;		/* the last value passed to changed() */
	void (*changed)(void *data, bool stopped);
	void *changed_data;

	LIST_HEAD(, cached_token) hints[BUCKETS];
	LIST_HEAD(, account) accounts[BUCKETS];
	LIST_HEAD(, counter) counters;
	LIST_HEAD(, grant) grants;
	LIST_HEAD(, task) tasks;
	struct asks waiting, woken, out, finished;
	bool inside;		/* admission_ask.c is answering: call nobody back */
	int64_t clean_at;
	uv_timer_t *soon, *sweep, *look;	/* freed when closed */
};

/* admission_ask.c: asks may be waiting for what just arrived. */
void admission_wake(struct admission *a);

/* admission_reserve.c */
void reserve_estimate(struct ask *q, const struct call_estimate *estimate);
/*
 * Parses "ok OUTPUT" and releases what is reserved beyond it. False for
 * another text.
 */
bool reserve_granted(struct ask *q, const char *value);
/* Parses "over I J USED", "reserved I J USED": limit I, tokens (0) or money (1). */
bool reserve_refused(struct ask *q, const char *value, enum verdict *verdict);

/* admission_cache.c */
/* Puts a new task into the ledger's queue. */
void task_begin(struct admission *a, struct task *t, job_work *work,
		job_done *done);
enum known { KNOWN, KNOWN_LATER, KNOWN_NOT };	/* NOT: since the ask began; e is set */
enum known installation_check(struct admission *a, int64_t since,
			      struct err *e);
enum known account_check(struct admission *a, struct account *c, int64_t since,
			 struct err *e);
struct account *account_find(struct admission *a, const char *user_id);
struct account *account_get(struct admission *a, const char *user_id);
struct cached_token *cached_token_find(struct admission *a, const char *key);
/* NULL when the text is not a token. */
struct cached_token *cached_token_put(struct admission *a, const char *key,
				      const char *text);
void cached_token_drop(struct admission *a, struct cached_token *h);
/* Evicts what was not used for long. */
void known_clean(struct admission *a);

/* admission_counter.c */
void limits_fill(struct ask *q, struct account *c, struct cached_token *h,
		 int64_t now);
void limits_refer(struct ask *q);
void limits_release(struct ask *q);
/* Lowers the reservation by that much. */
void limits_lower(struct ask *q, int64_t tokens, int64_t cost);
enum known limits_check(struct ask *q, struct err *e);
struct counter *counter_of_run(struct admission *a, const struct gateway_token *t);
void counter_refer(struct counter *c);
void counter_release(struct admission *a, struct counter *c);
void counters_drop(struct admission *a);
/*
 * Books a call where it was reserved, and in every other counter it belongs to
 * by now.
 */
void counters_book(struct admission *a, const struct grant *g, int64_t tokens,
		   int64_t cost);
void scope_release(struct admission *a, struct scope *s);

/* admission_scripts.c */
/* False: a new epoch has to begin first; it was started. */
bool redis_ready(struct admission *a);
void redis_mirror_stop(struct admission *a);
/* Sends the script with the counters' reservations. */
void redis_admit(struct ask *q, const struct cached_token *h,
		 kv_async_done *done);
/* Likewise for a grant, replacing the tokens and cost that it has. */
void redis_reserve(struct ask *q, int64_t tokens, int64_t cost, kv_async_done *done);
/* Gives back what is no longer reserved. */
void redis_lower(struct ask *q, int64_t tokens, int64_t cost);
void redis_book(struct admission *a, const struct grant *g, int64_t tokens,
		int64_t cost);
/* sums: tokens and cost of each; the reserved amounts are sent with them. */
void redis_load(struct admission *a, size_t n, struct counter *const *counters,
		int64_t (*sums)[2]);

#endif
