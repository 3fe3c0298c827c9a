/* The user's notifications, and which of them are unread. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/clock.h"
#include "core/str.h"
#include "notify/announce.h"
#include "pages/agents/agent_view.h"
#include "pages/pages.h"
#include "store/notices.h"

#define NOTICES_SHOWN 200

struct listing {
	struct request *r;
	struct view *list, *row;
	int64_t now, unread;
	/* The current row: a notice with the same values is added to it. */
	char agent_id[ID_SIZE];
	const char *what;
	bool is_unread;
	int64_t times;
};

/* The same event of the same agent for the same reason, one after another, is one row. */
static bool repeats(const struct listing *l, const struct notice *n,
		    const char *what)
{
	return l->row && str_equal(l->agent_id, n->agent_id) &&
	       str_equal(l->what, what) &&
	       l->is_unread == str_equal(n->state, "unread");
}

static const char *reason_words(const struct request *r, const struct notice *n)
{
	return *n->reason ? page_text(r, talloc_asprintf(r, "run_short_%s",
							 n->reason)) : "";
}

static void begin_row(struct listing *l, const struct notice *n,
		      const char *what)
{
	const struct context *v = context_of(l->r);
	struct view *row = view_append(l->list);

	l->row = row;
	l->what = what;
	l->times = 0;
	l->is_unread = str_equal(n->state, "unread");
	memcpy(l->agent_id, n->agent_id, ID_SIZE);
	view_text(row, "event", n->event);
	view_text(row, "sentence", announce_sentence(l->r, v->text, n));
	view_text(row, "reason", reason_words(l->r, n));
	if (n->domain[0])
		view_textf(row, "href", "%s/domains", v->app->base_path);
	else
		view_textf(row, "href", "%s/%s/%s", v->app->base_path,
			   n->execution_id[0] ? "executions" : "agents",
			   n->execution_id[0] ? n->execution_id : n->agent_id);
	view_flag(row, "unread", l->is_unread);
	view_text(row, "times", "");
	page_time(l->r, row, "when", n->created_at, l->now);
}

static int add_row(void *data, const struct notice *n, struct err *e)
{
	struct listing *l = data;
	const char *what = talloc_asprintf(l->r, "%s %s%s", n->event, n->reason,
					   n->domain);

	(void)e;
	if (!what)
		err_abort("out of memory");
	l->unread += str_equal(n->state, "unread");
	if (!repeats(l, n, what))
		begin_row(l, n, what);
	if (++l->times > 1)
		view_text(l->row, "times", i18n_count(l->r,
			  context_of(l->r)->text, "notice_times", l->times));
	return 0;
}

int page_notices(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);
	struct view *view = page_view(r, "notices");
	struct listing l = { .r = r, .list = view_list(view, "notices"),
			     .now = clock_now_ms() };

	if (notice_each(v->db, v->user->id, false, NOTICES_SHOWN, add_row, &l,
			e) < 0)
		return -1;
	view_flag(view, "has_notices", view_truthy(l.list));
	view_flag(view, "has_unread", l.unread > 0);
	return page_render(r, out, "pages/notices", view, e);
}

int page_notices_read(struct request *r, struct response *out, struct err *e)
{
	struct context *v = context_of(r);

	if (notice_read_all(v->db, v->user->id, e) < 0)
		return -1;
	return response_redirect(out, e, "/notices");
}
