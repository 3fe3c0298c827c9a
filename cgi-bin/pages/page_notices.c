/* The user's notifications, and which of them are unread. */
#include "config.h"
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
	struct view *list;
	int64_t now, unread;
};

static int add_row(void *data, const struct notice *n, struct err *e)
{
	struct listing *l = data;
	const struct context *v = context_of(l->r);
	struct view *row = view_append(l->list);
	bool unread = str_equal(n->state, "unread");

	(void)e;
	l->unread += unread;
	view_text(row, "event", n->event);
	view_text(row, "sentence", announce_sentence(l->r, v->text, n->event,
						     n->agent_name));
	view_textf(row, "href", "%s/%s/%s", v->app->base_path,
		   n->execution_id[0] ? "executions" : "agents",
		   n->execution_id[0] ? n->execution_id : n->agent_id);
	view_flag(row, "unread", unread);
	page_time(l->r, row, "when", n->created_at, l->now);
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
