/*
 * A gateway's loop with a journal, and the ledger it books to.
 */
#ifndef TESTS_JOURNAL_WORLD_H
#define TESTS_JOURNAL_WORLD_H

#include <sys/types.h>

#include "../ledger/serving.h"
#include "../store/fixture.h"
#include "gateway/journal.h"

#define CAP (1 << 20)
#define AGAIN_MS 50	/* until the ledger is asked again */

/* A gateway's loop with a journal, beside the fixture's own connection. */
struct gateway {
	struct fixture *f;
	char folder[96];
	uv_loop_t loop;
	struct serving serving;
	struct ledger_client *ledger;
	struct jobs *jobs;
	struct journal *journal;
	size_t booked;
	bool taken_up, closed;
};

int open_on(struct gateway *g, struct fixture *f, const char *socket,
	    int64_t cap, struct err *e);

int open_journal(struct gateway *g, struct fixture *f, int64_t cap,
		 struct err *e);

void let_go(struct gateway *g);
void end_loop(struct gateway *g);
void close_journal(struct gateway *g, int64_t deadline);
void start(struct gateway *g, struct fixture *f);
void take_up(struct gateway *g);
void make_user(struct fixture *f, char id[ID_SIZE]);

/* Each begins after the one before. */
struct usage_call call_of(const char *user);

struct usage_call ended(struct usage_call c, const char *model,
			int64_t input, int64_t output);

/* "outcome kind model input output;" each, in the order they began. */
const char *rows(struct fixture *f);

/* The ledger takes nothing until it is back. */
void send_away(struct fixture *f);

void bring_back(struct fixture *f);
int64_t number(struct fixture *f, const char *sql);
int count_segments(const struct gateway *g);

#endif
