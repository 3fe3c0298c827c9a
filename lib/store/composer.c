#include "config.h"
#include "store/composer.h"

#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "core/unicode.h"

int claude_list_save(struct db *db, const char *user_id, const char *kind,
		     const char *data, struct err *e)
{
	if (strlen(data) > CLAUDE_LIST_MAX)
		return err_set(e, ERR_LIMIT, "a list of %zu bytes", strlen(data));
	return db_run(db, e, "INSERT INTO claude_lists (user_id, kind, data)"
		      " VALUES ($1, $2, $3) ON CONFLICT (user_id, kind)"
		      " DO UPDATE SET data = excluded.data"
		      " WHERE claude_lists.data <> excluded.data", "ttt",
		      user_id, kind, data);
}

struct text {
	const void *ctx;
	char *text;
};

static int keep_text(void *data, const struct db_row *row, struct err *e)
{
	struct text *t = data;

	(void)e;
	t->text = alloc_checked(talloc_strdup(t->ctx, db_text(row, 0)));
	return 0;
}

char *claude_list_load(struct db *db, const void *ctx, const char *user_id,
		       const char *kind, struct err *e)
{
	struct text t = { .ctx = ctx };

	if (db_query(db, e, keep_text, &t, "SELECT data FROM claude_lists"
		     " WHERE user_id = $1 AND kind = $2", "tt", user_id,
		     kind) < 0)
		return NULL;
	return t.text ? t.text : alloc_checked(talloc_strdup(ctx, ""));
}

static int keep_choice(void *data, const struct db_row *row, struct err *e)
{
	struct composer_choice *c = data;

	(void)e;
	c->model = db_own(c, db_text(row, 0));
	c->effort = db_own(c, db_text(row, 1));
	c->suggestions = db_number(row, 2) != 0;
	return 0;
}

struct composer_choice *composer_choice_load(struct db *db, const void *ctx,
					     const char *user_id, struct err *e)
{
	struct composer_choice *c =
		alloc_checked(talloc_zero(ctx, struct composer_choice));

	c->model = c->effort = "";
	if (db_query(db, e, keep_choice, c, "SELECT model, effort, suggestions"
		     " FROM users WHERE id = $1", "t", user_id) == 0)
		return c;
	talloc_free(c);
	return NULL;
}

int composer_choice_save(struct db *db, const char *user_id,
			 const struct composer_choice *c, struct err *e)
{
	return db_run(db, e, "UPDATE users SET model = $2, effort = $3,"
		      " suggestions = $4 WHERE id = $1", "tttn", user_id,
		      c->model, c->effort, (int64_t)c->suggestions);
}

static int check_template(struct db *db, const char *user_id, const char *name,
			  const char *text, struct err *e)
{
	int64_t n = 0;

	if (!unicode_name_valid(name, TEMPLATE_NAME_MAX) ||
	    !text[strspn(text, " \t\r\n")] || strlen(text) > TEMPLATE_TEXT_MAX ||
	    !utf8_valid(text, strlen(text)))
		return err_tell(e, ERR_INPUT, "error_template",
				"a template's name or text");
	if (db_query(db, e, db_keep_number, &n, "SELECT count(*) FROM"
		     " message_templates WHERE user_id = $1 AND name <> $2",
		     "tt", user_id, name) < 0)
		return -1;
	if (n >= TEMPLATES_MAX)
		return err_tell(e, ERR_LIMIT, "error_templates_full",
				"%lld templates", (long long)n);
	return 0;
}

int message_template_save(struct db *db, const char *user_id, const char *name,
			  const char *text, struct err *e)
{
	char id[ID_SIZE];

	if (check_template(db, user_id, name, text, e) < 0)
		return -1;
	id_new(id);
	return db_run(db, e, "INSERT INTO message_templates (id, user_id, name,"
		      " text) VALUES ($1, $2, $3, $4) ON CONFLICT (user_id, name)"
		      " DO UPDATE SET text = excluded.text", "tttt", id,
		      user_id, name, text);
}

int message_template_remove(struct db *db, const char *user_id, const char *id,
			    struct err *e)
{
	return db_run(db, e, "DELETE FROM message_templates WHERE id = $1"
		      " AND user_id = $2", "tt", id, user_id);
}

struct listing {
	int (*each)(void *data, const struct message_template *t, struct err *e);
	void *data;
};

static int list_row(void *data, const struct db_row *row, struct err *e)
{
	struct listing *l = data;
	struct message_template t = { .name = db_text(row, 1), .text = db_text(row, 2) };

	if (!str_copy(t.id, sizeof(t.id), db_text(row, 0)))
		return err_set(e, ERR_INTERNAL, "id of a template is too long");
	return l->each(l->data, &t, e);
}

int message_template_each(struct db *db, const char *user_id,
			  int (*each)(void *data, const struct message_template *t, struct err *e),
			  void *data, struct err *e)
{
	struct listing l = { each, data };

	return db_query(db, e, list_row, &l, "SELECT id, name, text FROM"
			" message_templates WHERE user_id = $1 ORDER BY name",
			"t", user_id);
}
