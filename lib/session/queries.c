/*
 * Questions of pages that Claude's process answers outside the conversation:
 * control requests whose id is "query:<number>".
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "session/claude_process.h"
#include "session/log_reader.h"
#include "session/session_internal.h"

#define QUERIES_MAX 16		/* of one conversation, unanswered */
#define QUERY_MS 180000		/* an answer may take this long, the start included */

/* The CLI's request, and the member that has the text (NULL: a fixed one). */
static const struct {
	const char *subtype, *member, *fixed;
} requests[] = {
	[QUERY_CONTEXT] = { "get_context_usage", "detail", "summary" },
	[QUERY_ASIDE] = { "side_question", "question", NULL },
	[QUERY_FILES] = { "file_suggestions", "query", NULL },
};

struct query {
	TAILQ_ENTRY(query) next;
	enum session_query query;
	uint64_t asker;
	uint64_t number;
	bool sent;
	int64_t due;		/* clock_mono_ms */
	char *id, *text;
};

struct queries {
	TAILQ_HEAD(, query) list;	/* oldest first */
	size_t n;
	uint64_t last;
};

static void finish(struct session *s, struct query *q, const char *json,
		   const struct err *e)
{
	const struct session_reply r = {
		.query = q->query, .id = q->id, .text = q->text, .json = json,
		.e = e,
	};

	TAILQ_REMOVE(&s->queries->list, q, next);
	s->queries->n--;
	if (s->ev->queried)
		s->ev->queried(s->data, q->asker, &r);
	talloc_free(q);
}

static void give_up(struct session *s, struct query *q, const char *key)
{
	struct err e = { 0 };

	err_tell(&e, ERR_UNAVAILABLE, key, "%s", requests[q->query].subtype);
	finish(s, q, NULL, &e);
}

void queries_answered(struct session *s, const char *number, bool ok,
		      const char *response)
{
	struct err ignored = { 0 };
	struct query *q;
	int64_t n;

	if (str_parse_number(number, 1, INT64_MAX, &n, &ignored) < 0)
		return;
	TAILQ_FOREACH(q, &s->queries->list, next) {
		if (q->number != (uint64_t)n || !q->sent)
			continue;
		if (ok)
			finish(s, q, response, NULL);
		else
			give_up(s, q, strstr(response, "unsupported_request") ?
				"error_query_unsupported" : "error_query");
		return;
	}
}

void queries_fail(struct session *s)
{
	struct query *q, *next;

	for (q = TAILQ_FIRST(&s->queries->list); q; q = next) {
		next = TAILQ_NEXT(q, next);
		if (q->sent)
			give_up(s, q, "error_query");
	}
}

void queries_step(struct session *s)
{
	int64_t now = clock_mono_ms();
	struct query *q, *next;
	char id[40];

	for (q = TAILQ_FIRST(&s->queries->list); q; q = next) {
		next = TAILQ_NEXT(q, next);
		if (now >= q->due) {
			give_up(s, q, "error_query");
			continue;
		}
		if (q->sent || !claude_process_takes_input(s))
			continue;
		q->sent = true;
		snprintf(id, sizeof(id), "query:%" PRIu64, q->number);
		stdin_add(s, STDIN_CONTROL,
			  stdin_json_control(id, requests[q->query].subtype,
					     requests[q->query].member,
					     requests[q->query].fixed ?
					     requests[q->query].fixed : q->text),
			  NULL, 0, 0);
	}
}

int64_t queries_due(const struct session *s)
{
	const struct query *q = TAILQ_FIRST(&s->queries->list);

	return q ? q->due : 0;
}

void session_query(struct session *s, uint64_t asker, enum session_query query,
		   const char *id, const char *text)
{
	struct queries *all = s->queries;
	struct query *q;

	if (s->run || s->deleted)
		return;
	if (all->n == QUERIES_MAX)
		give_up(s, TAILQ_FIRST(&all->list), "error_query");
	q = talloc_zero(all, struct query);
	q->query = query;
	q->asker = asker;
	/* A later process' answers are no earlier one's: in the log, numbers do not repeat. */
	q->number = all->last = all->last ? all->last + 1 : (uint64_t)clock_now_ms();
	q->due = clock_mono_ms() + QUERY_MS;
	q->id = talloc_strdup(q, id);
	q->text = talloc_strdup(q, text);
	TAILQ_INSERT_TAIL(&all->list, q, next);
	all->n++;
	if (query == QUERY_ASIDE && !claude_process_takes_input(s))
		session_start(s);
	session_step(s);
}

struct queries *queries_new(struct session *s)
{
	struct queries *q = talloc_zero(s, struct queries);

	TAILQ_INIT(&q->list);
	return q;
}
