/*
 * gongbang-worker, the program, killed at any moment: no occurrence is lost or
 * doubled. Tests worker_plan.c, worker_rows.c, worker_notify_bridge.c and
 * worker_wake.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "../store/fixture.h"
#include "core/clock.h"
#include "core/str.h"
#include "kv/kv.h"
#include "store/executions.h"
#include "store/users.h"
#include "worker/worker.h"

#define KILLS 200
#define ONCE 300		/* agents that are due once while it is killed */
#define BEHIND 4		/* agents with so many minutes passed: */
#define MINUTES 3000
#define USERS 10
#define MINUTE INT64_C(60000)

struct world {
	struct fixture *f;
	char settings[128], redis_socket[128];
	pid_t redis;
	int64_t began;
};

static pid_t run(const char *program, const char *const *args,
		 const char *log)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (!freopen(log, "a", stderr) || !freopen(log, "a", stdout))
			_exit(126);
		execvp(program, (char *const *)args);
		_exit(127);
	}
	assert_true(pid > 0);
	return pid;
}

static void write_settings(struct world *w)
{
	const char *source = getenv("top_srcdir");
	FILE *out;

	snprintf(w->settings, sizeof(w->settings), "%s/settings", w->f->folder);
	out = fopen(w->settings, "w");
	assert_non_null(out);
	fprintf(out, "database = %s\nredis_socket = %s\n"
		"control_socket = %s/none.sock\nprices = %s/conf/prices.list\n"
		"templates = %s/templates\nrun_memory_reserve = 0\n"
		"runs_max = 1000\nruns_per_user = 64\n", w->f->path,
		w->redis_socket, w->f->folder, source ? source : ".",
		source ? source : ".");
	fclose(out);
}

static void start_redis(struct world *w)
{
	const char *const args[] = { "redis-server", "--port", "0", "--unixsocket",
			       w->redis_socket, "--save", "", NULL };
	struct kv *kv;
	struct err e = { 0 };
	char *info;
	int i;

	snprintf(w->redis_socket, sizeof(w->redis_socket), "%s/r.sock",
		 w->f->folder);
	w->redis = run("redis-server", args, "/dev/null");
	kv = kv_new(w->f, w->redis_socket);
	for (i = 0; i < 100 && kv_info(kv, w->f, "server", &info, &e) < 0; i++)
		usleep(50000);
	assert_true(i < 100);
}

static void add_agent(struct world *w, const char *user, const char *schedule,
		      int64_t next)
{
	char json[512], id[ID_SIZE];
	struct err e = { 0 };

	snprintf(json, sizeof(json), "{\"gongbang_agent\":1,\"name\":\"n\","
		 "\"prompt\":\"do it\",\"retries\":1,\"failures_max\":0,"
		 "\"schedule\":{%s,\"timezone\":\"Asia/Seoul\"}}", schedule);
	OK(agent_create(w->f->db, user, "n", json, true, next, id, &e));
}

static void add_agents(struct world *w)
{
	char users[USERS][ID_SIZE], login[16];
	struct err e = { 0 };
	int i;

	for (i = 0; i < USERS; i++) {
		snprintf(login, sizeof(login), "u%d", i);
		OK(user_create(w->f->db, login, "h", false, users[i], &e));
	}
	w->began = clock_now_ms();
	/* One moment each, and no other in this test. */
	for (i = 0; i < ONCE; i++)
		add_agent(w, users[i % USERS], "\"frequency\":\"none\"",
			  w->began + 1000 + i * 50);
	for (i = 0; i < BEHIND; i++)
		add_agent(w, users[i], "\"frequency\":\"cron\","
			  "\"cron\":\"* * * * *\"",
			  (w->began / MINUTE - MINUTES - i) * MINUTE);
}

static pid_t start_worker(struct world *w)
{
	const char *const args[] = { "./gongbang-worker", "--settings", w->settings,
			       NULL };
	char log[128];

	snprintf(log, sizeof(log), "%s/log", w->f->folder);
	return run("./gongbang-worker", args, log);
}

static void kill_worker(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* It was at work until then. */
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* ---- the bridge's part: tries end */

static int end_one(void *data, const struct attempt *a, struct err *e)
{
	char (*ids)[ID_SIZE] = data;
	int i;

	(void)e;
	for (i = 0; i < 64 && *ids[i]; i++)
		;
	if (i < 64)
		memcpy(ids[i], a->conversation_id, ID_SIZE);
	return 0;
}

static void end_tries(struct world *w)
{
	char ids[64][ID_SIZE] = { "" };
	struct attempt_end end = { .detail = "", .result = "r", .offset = 1,
				   .turns = 1 };
	struct err e = { 0 };
	int i;

	OK(attempt_each_open(w->f->db, end_one, ids, &e));
	for (i = 0; i < 64 && *ids[i]; i++) {
		const bool well = rand() % 4 != 0;

		end.conversation_id = ids[i];
		end.outcome = well ? "success" : "failed";
		end.reason = well ? "" : "model";
		end.at = clock_now_ms();
		if (well)
			OK(db_run(w->f->db, &e, "INSERT INTO usage (id,"
				  " user_id, kind, subject_id, model, input,"
				  " output, cache_write_5m, cache_write_1h,"
				  " cache_read, outcome, status, at, ended_at)"
				  " SELECT $1, x.user_id, 'run', x.id, 'm', 0,"
				  " 0, 0, 0, 0, 'complete', 200, $2, $2"
				  " FROM attempts t JOIN executions x"
				  " ON x.id = t.execution_id"
				  " WHERE t.conversation_id = $1", "tn",
				  ids[i], end.at));
		OK(attempt_end(w->f->db, &end, &e));
	}
}

/* ---- faults beside the kills */

static void flush_redis(struct world *w)
{
	char command[200];

	snprintf(command, sizeof(command), "redis-cli -s %s FLUSHALL"
		 " >/dev/null", w->redis_socket);
	assert_int_equal(system(command), 0);
}

static void lock_store(struct world *w, useconds_t us)
{
	struct err e = { 0 };

	OK(db_begin(w->f->db, &e));
	usleep(us);
	db_rollback(w->f->db);
}

static int number(void *data, const struct db_row *row, struct err *e)
{
	(void)e;
	*(int64_t *)data = db_number(row, 0);
	return 0;
}

static int64_t count(struct world *w, const char *sql)
{
	struct err e = { 0 };
	int64_t n = -1;

	OK(db_query(w->f->db, &e, number, &n, sql, ""));
	return n;
}

static void kill_again_and_again(struct world *w)
{
	pid_t first, second;
	int i;

	for (i = 0; i < KILLS; i++) {
		first = start_worker(w);
		second = i % 5 == 0 ? start_worker(w) : 0;
		if (i % 20 == 10)
			flush_redis(w);
		if (i == 50 || i == 150)
			lock_store(w, 2000000);
		usleep(10000 + (useconds_t)(rand() % 120000));
		kill_worker(first);
		if (second)
			kill_worker(second);
		end_tries(w);
	}
}

#define LEFT \
	"SELECT (SELECT count(*) FROM executions" \
	"  WHERE status IN ('queued', 'running')) + (SELECT count(*)" \
	"  FROM agents WHERE next_run_at > 0" \
	"  AND next_run_at < (SELECT max(planned_at) FROM executions))"

static void let_it_finish(struct world *w)
{
	pid_t pid = start_worker(w);
	int i, status;

	for (i = 0; i < 300 && (i < 20 || count(w, LEFT)); i++) {
		usleep(100000);
		end_tries(w);
	}
	assert_int_equal(count(w, "SELECT count(*) FROM executions"
			       " WHERE status IN ('running')"), 0);
	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void no_moment_is_lost_or_doubled(void **state)
{
	struct world w = { .f = *state };

	srand(4);
	start_redis(&w);
	write_settings(&w);
	add_agents(&w);
	kill_again_and_again(&w);
	let_it_finish(&w);
	kill(w.redis, SIGTERM);
	waitpid(w.redis, NULL, 0);

	/* Each single moment: one row, and nobody was too late for it. */
	assert_int_equal(count(&w, "SELECT count(*) FROM agents a WHERE"
		" (SELECT count(*) FROM executions x WHERE x.agent_id = a.id)"
		" = 1"), ONCE);
	/* Each minute that passed: one row, without a gap. */
	assert_int_equal(count(&w, "SELECT count(*) FROM (SELECT agent_id,"
		" count(*) AS n, count(DISTINCT planned_at) AS d,"
		" (max(planned_at) - min(planned_at)) / 60000 + 1 AS all_of"
		" FROM executions GROUP BY agent_id HAVING count(*) > 1) s"
		" WHERE n = d AND n = all_of AND n >= 3000"), BEHIND);
	/* Each run that began: its tries, with one message each. */
	assert_int_equal(count(&w, "SELECT count(*) FROM executions x WHERE"
		" x.attempt <> (SELECT count(*) FROM attempts t"
		"  WHERE t.execution_id = x.id)"), 0);
	assert_int_equal(count(&w, "SELECT count(*) FROM conversations c WHERE"
		" (SELECT count(*) FROM messages m"
		"  WHERE m.conversation_id = c.id) <> 1 OR"
		" (SELECT count(*) FROM attempts t"
		"  WHERE t.conversation_id = c.id) <> 1"), 0);
	assert_true(count(&w, "SELECT count(*) FROM attempts") >= ONCE);
	/* Each end counted once. */
	assert_int_equal(count(&w, "SELECT CAST(sum(succeeded + failed)"
		" AS BIGINT) FROM agent_outcomes"), count(&w, "SELECT count(*)"
		" FROM executions WHERE status IN ('success', 'failed')"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_moment_is_lost_or_doubled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
