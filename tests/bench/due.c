/*
 * Agents for tests/bench/worker.js. due DB make N: creates N, none due; due DB
 * due MS SPREAD: makes all due, spread over SPREAD ms from now + MS on; due DB
 * wait N: waits until N occurrences have their rows, then prints "rows N p50 MS
 * p99 MS rate ROWS": the delays, and rows per second from first to last.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "store/agents.h"
#include "store/users.h"

#define USERS 100

static const char *const zones[] = { "Asia/Seoul", "UTC", "Europe/Berlin",
				     "America/New_York", "Asia/Kolkata" };

static _Noreturn void die(const struct err *e)
{
	fprintf(stderr, "agents: %s\n", e->text);
	exit(1);
}

static void check(int rc, const struct err *e)
{
	if (rc < 0)
		die(e);
}

static void make_one(struct db *db, const char *user, int i)
{
	char id[ID_SIZE], json[512];
	struct err e = { 0 };

	id_new(id);
	snprintf(json, sizeof(json), "{\"gongbang_agent\":1,\"name\":\"a%d\","
		 "\"prompt\":\"Write what happened on {{date}}.\",\"schedule\":"
		 "{\"frequency\":\"daily\",\"time\":\"%02d:%02d\","
		 "\"timezone\":\"%s\"}}", i, i / 60 % 24, i % 60, zones[i % 5]);
	check(db_run(db, &e, "INSERT INTO agents (id, user_id, name, version,"
		     " status, next_run_at, created_at, updated_at) VALUES"
		     " ($1, $2, 'a', 1, 'active', $3, 1, 1)", "ttn", id, user,
		     clock_now_ms() + INT64_C(86400000)), &e);
	check(db_run(db, &e, "INSERT INTO agent_versions (agent_id, version,"
		     " definition, created_at) VALUES ($1, 1, $2, 1)", "tt",
		     id, json), &e);
}

static void make(struct db *db, int n)
{
	char users[USERS][ID_SIZE], login[16];
	struct err e = { 0 };
	int i;

	for (i = 0; i < USERS; i++) {
		snprintf(login, sizeof(login), "u%d", i);
		check(user_create(db, login, "h", false, users[i], &e), &e);
	}
	check(db_begin(db, &e), &e);
	for (i = 0; i < n; i++)
		make_one(db, users[i % USERS], i);
	check(db_commit(db, &e), &e);
}

static void due(struct db *db, int64_t in, int64_t spread)
{
	struct err e = { 0 };

	check(db_begin(db, &e), &e);
	check(db_run(db, &e, "DELETE FROM notices", ""), &e);
	check(db_run(db, &e, "DELETE FROM attempts", ""), &e);
	check(db_run(db, &e, "DELETE FROM executions", ""), &e);
	check(db_run(db, &e, "UPDATE agents SET next_run_at = $1 + CASE WHEN"
		     " $2 = 0 THEN 0 ELSE abs(random() % $2) END", "nn",
		     clock_now_ms() + in, spread), &e);
	check(db_commit(db, &e), &e);
}

struct line {
	int64_t *late, n, first, last;
};

static int add(void *data, const struct db_row *row, struct err *e)
{
	struct line *l = data;
	int64_t queued = db_number(row, 0);

	(void)e;
	if (!l->n || queued < l->first)
		l->first = queued;
	if (queued > l->last)
		l->last = queued;
	l->late[l->n++] = queued - db_number(row, 1);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int count(void *data, const struct db_row *row, struct err *e)
{
	(void)e;
	*(int64_t *)data = db_number(row, 0);
	return 0;
}

static void wait_for(struct db *db, int64_t n)
{
	struct line l = { .late = calloc((size_t)n + 1, sizeof(int64_t)) };
	struct err e = { 0 };
	int64_t have = 0, i;

	for (i = 0; i < 12000 && have < n; i++) {
		usleep(10000);
		check(db_query(db, &e, count, &have, "SELECT count(*)"
			       " FROM executions WHERE queued_at > 0", ""),
		      &e);
	}
	check(db_query(db, &e, add, &l, "SELECT queued_at, planned_at"
		       " FROM executions WHERE queued_at > 0", ""), &e);
	qsort(l.late, (size_t)l.n, sizeof(int64_t), by_size);
	if (l.n)
		printf("rows %lld p50 %lld p99 %lld rate %lld\n",
		       (long long)l.n, (long long)l.late[l.n / 2],
		       (long long)l.late[l.n * 99 / 100],
		       (long long)(l.n * 1000 / (l.last - l.first + 1)));
	free(l.late);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	struct db *db;

	if (argc < 4)
		return 2;
	db = db_open(NULL, argv[1], &e);
	if (!db)
		die(&e);
	if (strcmp(argv[2], "make") == 0)
		make(db, atoi(argv[3]));
	else if (strcmp(argv[2], "due") == 0 && argc == 5)
		due(db, atoll(argv[3]), atoll(argv[4]));
	else if (strcmp(argv[2], "wait") == 0)
		wait_for(db, atoll(argv[3]));
	else
		return 2;
	return 0;
}
