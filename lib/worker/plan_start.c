/* Starts the next run in the queue, or refuses it with a reason. */
#include "config.h"
#include "worker/plan.h"
#include "worker/plan_internal.h"

#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "agent/prompt.h"
#include "core/clock.h"
#include "core/str.h"
#include "spending/budget_zone.h"
#include "spending/spent.h"
#include "store/conversations.h"
#include "time/zone.h"

#define MINUTE INT64_C(60000)
#define PROMPT_ROOM (2u << 20)	/* bytes, after substitution */

struct start {
	struct planner *planner;
	int64_t now;
	struct execution *run;
	const char *status, *reason;	/* NULL, or why it does not start */
	char detail[240];
	char conversation[ID_SIZE];
};

static int refuse(struct start *s, const char *status, const char *reason)
{
	s->status = status;
	s->reason = reason;
	return 0;
}

/* Its definition is wrong: a retry would not help. */
static int fail(struct start *s, const struct err *e)
{
	if (e->kind == ERR_INPUT || e->kind == ERR_LIMIT)
		memcpy(s->detail, e->text, sizeof(s->detail));
	return refuse(s, "failed", "start");
}

/* u NULL: the installation's. */
static int budget_left(struct start *s, const struct user *u, bool *left,
		       struct err *e)
{
	struct planner *p = s->planner;
	struct budget_zone zone;
	struct period period;
	struct budget_use use;

	budget_zone_of(u, settings_text(p->settings, SET_DEFAULT_TIMEZONE),
		       &zone);
	budget_zone_period(&zone, s->now, &period);
	if (budget_use_load(p->db, p->prices, u ? u->id : NULL, &period,
			    &use, e) < 0)
		return -1;
	*left = budget_use_percent(&use) < 100;
	return 0;
}

static int check(struct start *s, struct err *e)
{
	struct stop_all stop;
	struct user *u;
	bool left = false;

	if (s->run->agent_deleted)
		return refuse(s, "cancelled", "deleted");
	u = user_load(s->planner->db, s->run, s->run->user_id, e);
	if (!u || stop_all_load(s->planner->db, &stop, e) < 0)
		return -1;
	if (u->disabled_at)
		return refuse(s, "refused", "disabled");
	if (stop.on)
		return refuse(s, "refused", "stopped");
	if (budget_left(s, u, &left, e) < 0 ||
	    (left && budget_left(s, NULL, &left, e) < 0))
		return -1;
	return left ? 0 : refuse(s, "refused", "budget");
}

/* A retry gives Claude the same prompt as the first attempt. */
static int make_prompt(struct start *s, const struct definition *d,
		       struct buf *out, struct err *e)
{
	struct prompt_values v = {
		.timezone = d->schedule.timezone,
		.planned_at = s->run->planned_at,
		.payload = s->run->payload,
	};

	if (*s->run->prompt)
		return buf_add_text(out, s->run->prompt, e);
	if (last_success(s->planner->db, s->run, s->run->agent_id,
			 s->run->planned_at, &v.last_run_at, &v.last_result,
			 e) < 0)
		return -1;
	return prompt_render(d->prompt, &v, out, e);
}

/*
 * "Morning news, 2026-11-25 08:00": the planned time in the schedule's time
 * zone.
 */
static char *make_title(struct start *s, const struct definition *d)
{
	const struct zone *z = zone_find(d->schedule.timezone);
	int64_t utc = s->run->planned_at / 1000;
	struct zone_time t = { 0 };
	struct clock_date at;
	char *title;

	if (z)
		zone_at(z, utc, &t);
	clock_date(utc + t.offset, &at);
	title = alloc_checked(talloc_asprintf(s->run,
					      "%s, %04lld-%02d-%02d %02d:%02d",
					      d->name, (long long)at.year,
					      at.month, at.day, at.hour,
					      at.minute));
	return title;
}

/* ERR_INPUT, ERR_LIMIT: the definition is at fault; the caller must roll back. */
static int start_run(struct start *s, const struct definition *d, struct err *e)
{
	auto_buf prompt = BUF_INIT(PROMPT_ROOM);
	const char *mode = d->policy == POLICY_EVERYTHING ?
			   "bypassPermissions" : "default";
	struct beginning b = { .execution_id = s->run->id, .now = s->now,
		.deadline_at = s->now + d->timeout_minutes * MINUTE };
	struct db *db = s->planner->db;
	char message[ID_SIZE];
	bool begun;

	id_new(message);
	if (make_prompt(s, d, &prompt, e) < 0 ||
	    conversation_create_run(db, s->run->user_id, make_title(s, d),
				    mode, d->model, s->conversation, e) < 0 ||
	    message_insert(db, s->conversation, message, buf_text(&prompt),
			   e) < 0)
		return -1;
	b.conversation_id = s->conversation;
	b.prompt = buf_text(&prompt);
	if (run_begin(db, &b, &begun, e) < 0)
		return -1;
	return begun ? 0 : err_set(e, ERR_CONFLICT, "run %s has been started already",
				   s->run->id);
}

static struct definition *read_definition(struct start *s, struct err *e)
{
	struct agent_version *v = agent_version_load(s->planner->db, s->run,
						     s->run->agent_id,
						     s->run->version, e);

	return v ? definition_parse(s->run, v->definition,
				    strlen(v->definition), e) : NULL;
}

static int count_failed(struct start *s, struct err *e)
{
	struct ended_run r = {
		.version = s->run->version,
		.ended_at = s->now,
		.test = str_equal(s->run->trigger, "test"),
		.reason = s->reason,
	};

	memcpy(r.id, s->run->id, ID_SIZE);
	memcpy(r.agent_id, s->run->agent_id, ID_SIZE);
	memcpy(r.user_id, s->run->user_id, ID_SIZE);
	return plan_count_failure(s->planner, &r, s->now, e);
}

static int book_refusal(struct start *s, struct err *e)
{
	struct planner *p = s->planner;
	const struct execution *x = s->run;

	if (run_refuse(p->db, x->id, s->status, s->reason, s->detail, s->now,
		       e) < 0)
		return -1;
	if (db_changed(p->db) != 1 || x->agent_deleted)
		return 0;
	if (str_equal(s->status, "failed"))
		return count_failed(s, e);
	return notice_raise(p->db, x->user_id, x->agent_id, x->id, "skipped",
			    s->now, e);
}

/* The next run, within the transaction: none, a start or a refusal. */
static int take_turn(struct start *s, struct err *e)
{
	struct planner *p = s->planner;
	struct definition *d;
	int64_t running;
	char id[ID_SIZE];

	if (running_count(p->db, &running, e) < 0)
		return -1;
	if (running >= settings_number(p->settings, SET_RUNS_MAX))
		return 0;
	if (queue_first(p->db, s->now,
			settings_number(p->settings, SET_RUNS_PER_USER), id,
			e) < 0)
		return -1;
	if (!*id)
		return 0;
	s->run = execution_load(p->db, NULL, id, NULL, e);
	if (!s->run || check(s, e) < 0)
		return -1;
	if (s->status)
		return book_refusal(s, e);
	d = read_definition(s, e);
	return d ? start_run(s, d, e) : -1;
}

/* Rolls the start back, and ends the run with its error. */
static int fail_instead(struct start *s, struct err *e)
{
	fail(s, e);
	*e = (struct err){ 0 };
	s->conversation[0] = '\0';
	if (db_begin(s->planner->db, e) < 0)
		return -1;
	return db_end(s->planner->db, book_refusal(s, e), e);
}

/* A read first, which blocks no writer: usually there is nothing to start. */
static int may_begin(struct start *s, bool *may, struct err *e)
{
	struct planner *p = s->planner;
	int64_t running;
	char id[ID_SIZE] = "";

	if (running_count(p->db, &running, e) < 0)
		return -1;
	if (running < settings_number(p->settings, SET_RUNS_MAX) &&
	    queue_first(p->db, s->now, settings_number(p->settings,
			SET_RUNS_PER_USER), id, e) < 0)
		return -1;
	*may = *id;
	return 0;
}

static int start(struct start *s, struct err *e)
{
	bool may = false;

	if (may_begin(s, &may, e) < 0)
		return -1;
	if (!may)
		return 0;
	if (db_begin(s->planner->db, e) < 0)
		return -1;
	if (take_turn(s, e) == 0)
		return db_commit(s->planner->db, e);
	db_rollback(s->planner->db);
	/* It would be first in the queue again and block all others. */
	if (s->run && e->kind != ERR_UNAVAILABLE && e->kind != ERR_CONFLICT)
		return fail_instead(s, e);
	return -1;
}

int plan_start(struct planner *p, int64_t now, char conversation[ID_SIZE],
	       char execution[ID_SIZE], struct err *e)
{
	struct start s = { .planner = p, .now = now };
	int rc;

	conversation[0] = execution[0] = '\0';
	if (plan_memory_short(p->settings) || plan_disk_short(p->settings))
		return 0;
	rc = start(&s, e);
	if (rc == 0 && s.run) {
		memcpy(execution, s.run->id, ID_SIZE);
		memcpy(conversation, s.conversation, ID_SIZE);
	}
	talloc_free(s.run);
	return rc;
}
