#include "config.h"
#include "notify/notice.h"

#include <string.h>

#include "core/str.h"

struct raising {
	struct db *db;
	struct notice n;
};

static bool has_word(const char *words, const char *w)
{
	size_t n = strlen(w), len;

	for (; *words; words += len + (words[len] == ' ')) {
		len = strcspn(words, " ");
		if (len == n && memcmp(words, w, n) == 0)
			return true;
	}
	return false;
}

static int raise_rule(void *data, const struct notify_rule *r, struct err *e)
{
	struct raising *x = data;

	if (!has_word(r->events, x->n.event))
		return 0;
	memcpy(x->n.rule_id, r->id, ID_SIZE);
	x->n.state = "pending";
	return notice_add(x->db, &x->n, e);
}

int notice_raise(struct db *db, const char *user_id, const char *agent_id,
		 const char *execution_id, const char *event, int64_t now,
		 struct err *e)
{
	struct raising x = { .db = db, .n = { .event = event,
		.state = "unread", .created_at = now } };

	if (!str_copy(x.n.user_id, ID_SIZE, user_id) ||
	    !str_copy(x.n.agent_id, ID_SIZE, agent_id) ||
	    !str_copy(x.n.execution_id, ID_SIZE, execution_id))
		return err_set(e, ERR_INTERNAL, "notice: no id");
	if (!str_equal(event, "success") && notice_add(db, &x.n, e) < 0)
		return -1;
	return notify_rule_each(db, agent_id, raise_rule, &x, e);
}
