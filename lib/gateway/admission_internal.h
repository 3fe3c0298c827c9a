/* What the parts of admission share: asks, what is known of accounts and tokens, counters. */
#ifndef GATEWAY_ADMISSION_INTERNAL_H
#define GATEWAY_ADMISSION_INTERNAL_H

#include <sys/queue.h>

#include "gateway/admission.h"
#include "spending/budget_zone.h"

#define NEEDS_MAX 5		/* counters of one call */
#define BUCKETS 1024
#define ZONE_SIZE 65
#define LOCALE_SIZE 8

/* The sum of a time; what is reserved is this gateway's own and always exact. */
struct counter {
	LIST_ENTRY(counter) next;
	size_t refs;			/* of scopes, hints, asks, grants, loads */
	char key[128];			/* in Redis */
	char user_id[ID_SIZE], subject_id[ID_SIZE];	/* "": of all */
	int64_t from, to;		/* UTC ms; to 0: no end */
	bool loaded, loading;
	uint64_t loads;			/* counts up with each */
	int64_t reserved_tokens, reserved_cost;
	int64_t late_tokens, late_cost;	/* settled since the load began */
	int64_t failed_at;		/* clock_mono_ms of a load's failure */
	struct err failure;
};

/* Day and month of a user or the installation, in its zone. */
struct scope {
	struct budget_zone zone;
	struct period period;
	struct counter *day, *month;	/* NULL until asked */
};

/* How old something read from the ledger is; times are clock_mono_ms, 0 never. */
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

/* What a token was when last seen: the script proves it. */
struct cached_token {
	LIST_ENTRY(cached_token) next;
	char key[GATEWAY_TOKEN_KEY_SIZE];
	char text[GATEWAY_TOKEN_TEXT_MAX];
	struct gateway_token token;
	struct counter *run;	/* NULL: no limit of its own */
	int64_t used_at;
};

/* One limit that a call must keep. */
struct need {
	struct counter *counter;	/* referred to while the script is out */
	int scope, period;		/* as in over_budget */
	int64_t tokens, cost;		/* 0: no limit */
	int64_t resets_at;
	uint64_t loads;			/* the counter's, when the script went */
};

TAILQ_HEAD(asks, ask);

struct ask {
	TAILQ_ENTRY(ask) next;
	struct asks *list;
	struct admission *a;
	admission_done *done;		/* NULL: forgotten */
	void *data;
	char key[GATEWAY_TOKEN_KEY_SIZE];	/* "": no token at all */
	char address[46];
	int64_t begun, deadline;	/* clock_mono_ms */
	int tries;			/* scripts sent */
	bool looked_up;			/* the hint is of this call */
	struct need needs[NEEDS_MAX];
	size_t n;
	int64_t input, input_cost;	/* what is to be reserved */
	int64_t output, output_price;	/* wanted; millionths of a dollar a million tokens */
	int64_t tokens, cost;		/* of it, more than the grant has already */
	struct grant *grant;		/* whose reservation it renews; NULL: none, or it was settled */
	bool renews;
	struct admission_answer answer;
	char locale[LOCALE_SIZE], zone[ZONE_SIZE];
	struct err failure;
};

struct grant {
	LIST_ENTRY(grant) next;
	char user_id[ID_SIZE];
	struct need needs[NEEDS_MAX];
	size_t n;
	int64_t tokens, cost, at;
	int64_t charged_tokens, charged_cost;	/* besides */
	struct ask *renewal;		/* that is out; NULL: none */
};

/* What the ledger is asked; begins each such struct. */
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
	uint64_t tables;	/* of prices, so far */
	const struct journal *journal;
	char zone[ZONE_SIZE];

	char epoch[TOKEN_SIZE];
	uint64_t links;		/* kv's, when the epoch began */
	bool ready;		/* Redis has our epoch, as far as we know */
	bool resetting;
	int64_t reset_failed_at;
	struct err reset_failure;

	struct reading house_reading;
	bool stopped;		/* the kill switch */
	struct budget budget;	/* of the installation */
	struct scope installation;
	bool mirrored;		/* what Redis says of the kill switch */
	bool told;		/* what changed() was told */
	void (*changed)(void *data, bool stopped);
	void *changed_data;

	LIST_HEAD(, cached_token) hints[BUCKETS];
	LIST_HEAD(, account) accounts[BUCKETS];
	LIST_HEAD(, counter) counters;
	LIST_HEAD(, grant) grants;
	LIST_HEAD(, task) tasks;
	struct asks waiting, woken, out, finished;
	bool inside;		/* of admission_ask: nobody may be answered */
	int64_t clean_at;
	uv_timer_t *soon, *sweep, *look;	/* freed when closed */
};

/* admission_ask.c: something that asks wait for has come. */
void admission_wake(struct admission *a);

/* admission_reserve.c */
void reserve_need(struct ask *q, const struct call_need *need);
/* "ok OUTPUT": what is reserved less than was wanted is given back. False for another text. */
bool reserve_granted(struct ask *q, const char *value);
/* "over I J USED", "reserved I J USED": of need I tokens (0) or money (1). */
bool reserve_refused(struct ask *q, const char *value, enum verdict *verdict);

/* admission_cache.c */
/* Puts a task that was just made into the ledger's queue. */
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
/* NULL when the text is none of a token. */
struct cached_token *cached_token_put(struct admission *a, const char *key,
				      const char *text);
void cached_token_drop(struct admission *a, struct cached_token *h);
/* Forgets what nobody used for long. */
void known_clean(struct admission *a);

/* admission_counter.c */
void needs_fill(struct ask *q, struct account *c, struct cached_token *h,
		int64_t now);
void needs_refer(struct ask *q);
void needs_release(struct ask *q);
/* That much of what was reserved is not. */
void needs_lower(struct ask *q, int64_t tokens, int64_t cost);
enum known needs_check(struct ask *q, struct err *e);
struct counter *counter_of_run(struct admission *a, const struct gateway_token *t);
void counter_refer(struct counter *c);
void counter_release(struct admission *a, struct counter *c);
void counters_drop(struct admission *a);
/* Counts a call where it was reserved, and wherever else it belongs by now. */
void counters_book(struct admission *a, const struct grant *g, int64_t tokens,
		   int64_t cost);
void scope_release(struct admission *a, struct scope *s);

/* admission_scripts.c */
/* False: a new epoch has to begin first, and was begun. */
bool redis_ready(struct admission *a);
void redis_mirror_stop(struct admission *a);
/* Sends the script, with the counters' reservations. */
void redis_admit(struct ask *q, const struct cached_token *h,
		 kv_async_done *done);
/* As that, for a grant, in place of the tokens and cost that it has. */
void redis_reserve(struct ask *q, int64_t tokens, int64_t cost, kv_async_done *done);
/* Gives back what is reserved no more. */
void redis_lower(struct ask *q, int64_t tokens, int64_t cost);
void redis_book(struct admission *a, const struct grant *g, int64_t tokens,
		int64_t cost);
/* sums: tokens and cost of each; what is reserved goes with them. */
void redis_load(struct admission *a, size_t n, struct counter *const *counters,
		int64_t (*sums)[2]);

#endif
