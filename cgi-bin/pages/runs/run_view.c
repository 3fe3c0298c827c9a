#include "config.h"
#include "pages/runs/run_view.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "store/outcomes.h"

#define EXCERPT_MAX 160		/* bytes */

struct execution *execution_here(struct request *r, struct err *e)
{
	const struct context *v = context_of(r);

	return execution_load(v->db, r, request_arg(r, "id"), v->user->id, e);
}

bool execution_open(const struct execution *x)
{
	return str_equal(x->status, "queued") || str_equal(x->status, "running");
}

/*
 * The sentence for a prefix and the store's word; the word itself when there
 * is none.
 */
static const char *word_of(const struct request *r, const char *prefix,
			   const char *word)
{
	const char *s = i18n_sentence(context_of(r)->text,
				      talloc_asprintf(r, "%s%s", prefix, word));

	return s ? s : talloc_strdup(r, word);
}

void execution_look(const struct request *r, struct view *into,
		    const char *status, const char *reason)
{
	const struct outcome_status *s = outcome_status_find(status);

	view_text(into, "state", s->state);
	view_text(into, "icon", s->icon);
	view_text(into, "status_word", word_of(r, "run_status_", status));
	view_text(into, "short", *reason && !str_equal(status, "running") ?
		  word_of(r, "run_short_", reason) : "");
	view_text(into, "mark_href", "");
}

void execution_head(const struct request *r, struct view *into,
		    const struct execution *x)
{
	const char *base = context_of(r)->app->base_path;

	view_text(into, "id", x->id);
	view_text(into, "status", x->status);
	execution_look(r, into, x->status, x->reason);
	view_textf(into, "href", "%s/executions/%s", base, x->id);
	view_text(into, "agent", x->agent_name);
	view_text(into, "agent_id", x->agent_id);
	view_text(into, "agent_href", "");
	if (!x->agent_deleted)
		view_textf(into, "agent_href", "%s/agents/%s", base,
			   x->agent_id);
	view_text(into, "trigger", word_of(r, "run_trigger_", x->trigger));
}

const char *execution_took(const struct request *r, const struct execution *x,
			   int64_t now)
{
	int64_t end = x->ended_at ? x->ended_at : now;

	if (!x->started_at)
		return "";
	return i18n_duration(r, context_of(r)->text,
			     end > x->started_at ? end - x->started_at : 0);
}

/* How long it waits, runs or ran. */
static const char *span_of(const struct request *r, const struct execution *x,
			   int64_t now)
{
	const struct i18n_locale *text = context_of(r)->text;

	if (str_equal(x->status, "queued"))
		return i18n_fill(r, text, "run_queue_age",
				 i18n_duration(r, text, now - x->queued_at),
				 NULL);
	return execution_took(r, x, now);
}

/* What a result begins with, without the marks of its markdown. */
static const char *first_line(const struct request *r, const char *result)
{
	char *line, *to, *from;

	result += strspn(result, " \t\r\n#*>-");
	line = talloc_strndup(r, result, utf8_prefix(result,
			      strcspn(result, "\r\n"), EXCERPT_MAX));
	if (!line)
		err_abort("out of memory");
	for (to = from = line; *from; from++) {
		if (*from != '*' && *from != '`')
			*to++ = *from;
	}
	*to = '\0';
	return line;
}

void run_row(const struct request *r, struct view *row,
	     const struct execution *x, int64_t now)
{
	execution_head(r, row, x);
	page_time(r, row, "planned", x->planned_at, now);
	view_text(row, "took", span_of(r, x, now));
	view_text(row, "tokens", x->tokens ? usage_number(r, x->tokens) : "");
	view_text(row, "excerpt", first_line(r, x->result));
}

const char *execution_said(const struct request *r, const struct execution *x)
{
	if (str_equal(x->status, "queued") && str_equal(x->reason, "retry"))
		return page_text(r, "run_said_retry");
	if (str_equal(x->status, "running") && x->cancel_at)
		return page_text(r, "run_said_ending");
	if (!x->started_at && str_equal(x->status, "failed"))
		return page_text(r, "run_said_failed_early");
	if (!x->started_at && str_equal(x->status, "cancelled"))
		return page_text(r, "run_said_cancelled_early");
	return "";
}

const char *execution_reason(const struct request *r, const struct execution *x)
{
	if (str_equal(x->status, "timeout") && !*x->reason)
		return page_text(r, "run_timeout_help");
	if (str_equal(x->status, "running") && x->cancel_at)
		return page_text(r, "run_cancelling");
	if (!*x->reason || str_equal(x->status, "running"))
		return "";
	return word_of(r, "run_reason_", x->reason);
}

const char *execution_again(const struct request *r, const struct execution *x)
{
	static const char *const keys[] = {
		[AGAIN_UNSAID] = NULL,
		[AGAIN_HELPS] = "run_again_helps",
		[AGAIN_USELESS] = "run_again_useless",
	};
	const char *key = keys[outcome_again(x->status, x->reason)];

	return key ? page_text(r, key) : "";
}

struct adding {
	const struct prices *prices;
	struct spent spent;
	struct tally *tally;
};

static int add_sum(void *data, const struct usage_sum *s, struct err *e)
{
	struct adding *a = data;
	const struct tally one = { .usage = s->usage, .calls = s->calls,
				   .unmetered = s->unmetered };

	(void)e;
	tally_add(a->tally, &one);
	spent_add(&a->spent, a->prices, s, s->quarter);
	return 0;
}

int execution_tally(const struct request *r, const struct prices *p,
		    const struct execution *x, struct tally *out,
		    struct err *e)
{
	const struct usage_filter filter = {
		.user_id = x->user_id, .subject_id = x->id,
		.from = x->planned_at - x->planned_at % 86400000,
	};
	struct adding a = { .prices = p, .tally = out };

	*out = (struct tally){ .cost = 0 };
	if (!x->started_at)
		return 0;
	if (usage_each(context_of(r)->db, &filter, USAGE_BY_QUARTER, add_sum,
		       &a,
		       e) < 0)
		return -1;
	out->cost = a.spent.cost;
	out->unpriced = a.spent.unpriced;
	out->counted = a.spent.counted;
	return 0;
}
