#include "config.h"
#include "store/pictures.h"

#include <string.h>
#include <talloc.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"

/* JSON needs no escapes for it, nor does an attribute's quotes. */
static void clean_name(char out[PICTURE_NAME_MAX + 1], const char *name)
{
	size_t n = utf8_prefix(name, strlen(name), PICTURE_NAME_MAX), i;

	if (!utf8_valid(name, n))
		n = 0;
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)name[i];

		out[i] = c < ' ' || c == 0x7f || c == '"' || c == '\\' ? '_' : name[i];
	}
	out[n] = '\0';
}

static int check_room(struct db *db, const char *user_id,
		      const struct picture *p, int64_t account_max,
		      struct err *e)
{
	int64_t used = 0;

	if (!p->bytes || p->bytes > PICTURE_BYTES_MAX)
		return err_tell(e, ERR_LIMIT, "error_picture_large",
				"a picture of %zu bytes", p->bytes);
	if (db_query(db, e, db_keep_number, &used, "SELECT"
		     " CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM pictures"
		     " WHERE user_id = $1", "t", user_id) < 0)
		return -1;
	if (used + (int64_t)p->bytes > account_max)
		return err_tell(e, ERR_LIMIT, "error_pictures_full",
				"pictures of %lld bytes", (long long)used);
	return 0;
}

static int add(struct db *db, const char *user_id, const struct picture *p,
	       int64_t account_max, const char *id, struct err *e)
{
	char name[PICTURE_NAME_MAX + 1];
	int64_t now = clock_now_ms();

	if (db_run(db, e, "DELETE FROM pictures WHERE user_id = $1"
		   " AND created_at < $2 AND NOT EXISTS (SELECT 1 FROM"
		   " message_pictures m WHERE m.picture_id = pictures.id)",
		   "tn", user_id, now - PICTURE_DRAFT_MS) < 0 ||
	    check_room(db, user_id, p, account_max, e) < 0)
		return -1;
	clean_name(name, p->name);
	return db_run(db, e, "INSERT INTO pictures (id, user_id, name,"
		      " media_type, width, height, bytes, data, created_at)"
		      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		      "ttttnnnbn", id, user_id, name, p->media_type, p->width,
		      p->height, (int64_t)p->bytes, p->data, p->bytes, now);
}

int picture_add(struct db *db, const char *user_id, const struct picture *p,
		int64_t account_max, char id[ID_SIZE], struct err *e)
{
	char fresh[ID_SIZE];

	id_new(fresh);
	if (db_begin(db, e) < 0 ||
	    db_end(db, add(db, user_id, p, account_max, fresh, e), e) < 0)
		return -1;
	memcpy(id, fresh, ID_SIZE);
	return 0;
}

struct loading {
	const void *ctx;
	struct picture *picture;
};

static int keep_picture(void *data, const struct db_row *row, struct err *e)
{
	struct loading *l = data;
	struct picture *p = alloc_checked(talloc_zero(l->ctx, struct picture));
	const void *bytes = db_bytes(row, 5, &p->bytes);

	if (!str_copy(p->id, sizeof(p->id), db_text(row, 0))) {
		talloc_free(p);
		return err_set(e, ERR_INTERNAL, "id of a picture is too long");
	}
	p->name = db_own(p, db_text(row, 1));
	p->media_type = db_own(p, db_text(row, 2));
	p->width = db_number(row, 3);
	p->height = db_number(row, 4);
	p->data = alloc_checked(talloc_memdup(p, p->bytes ? bytes : "", p->bytes ? p->bytes : 1));
	l->picture = p;
	return 0;
}

struct picture *picture_load(struct db *db, const void *ctx, const char *id,
			     const char *user_id, struct err *e)
{
	struct loading l = { .ctx = ctx };

	if (db_query(db, e, keep_picture, &l, "SELECT id, name, media_type,"
		     " width, height, data FROM pictures WHERE id = $1"
		     " AND user_id = coalesce($2, user_id)", "tt", id,
		     user_id) < 0)
		return NULL;
	if (!l.picture)
		err_tell(e, ERR_MISSING, "error_picture_gone", "no such picture");
	return l.picture;
}

struct describing {
	struct buf *out;
	int64_t bytes;
};

static int describe(void *data, const struct db_row *row, struct err *e)
{
	struct describing *d = data;

	d->bytes += db_number(row, 5);
	return buf_addf(d->out, e, "%s{\"id\":\"%s\",\"media_type\":\"%s\","
			"\"width\":%lld,\"height\":%lld,\"name\":\"%s\"}",
			d->out->len > 1 ? "," : "", db_text(row, 0),
			db_text(row, 1), (long long)db_number(row, 2),
			(long long)db_number(row, 3), db_text(row, 4));
}

/* One picture; its account is the conversation's. */
static int attach(struct db *db, const char *message_id, const char *id,
		  struct describing *d, struct err *e)
{
	size_t before = d->out->len;

	if (db_query(db, e, describe, d, "SELECT p.id, p.media_type, p.width,"
		     " p.height, p.name, p.bytes FROM pictures p"
		     " JOIN conversations c ON c.user_id = p.user_id"
		     " JOIN messages m ON m.conversation_id = c.id"
		     " WHERE p.id = $1 AND m.id = $2", "tt", id,
		     message_id) < 0)
		return -1;
	if (d->out->len == before)
		return err_tell(e, ERR_MISSING, "error_picture_gone",
				"no such picture");
	return db_run(db, e, "INSERT INTO message_pictures (message_id,"
		      " picture_id) VALUES ($1, $2)", "tt", message_id, id);
}

int message_set_pictures(struct db *db, const char *message_id, const char *ids,
			 struct err *e)
{
	auto_buf json = BUF_INIT(PICTURES_JSON_MAX);
	struct describing d = { .out = &json };
	char id[ID_SIZE];
	size_t n = 0;

	if (!*ids)
		return 0;
	if (buf_add(&json, "[", 1, e) < 0)
		return -1;
	for (; *ids; ids += ID_SIZE - 1, ids += *ids == ' ') {
		if (strlen(ids) < ID_SIZE - 1)
			return err_set(e, ERR_INPUT, "a picture's id");
		memcpy(id, ids, ID_SIZE - 1);
		id[ID_SIZE - 1] = '\0';
		if (!id_valid(id))
			return err_set(e, ERR_INPUT, "a picture's id");
		if (n++ == PICTURES_PER_MESSAGE)
			return err_tell(e, ERR_LIMIT, "error_pictures_many",
					"more than %d pictures",
					PICTURES_PER_MESSAGE);
		if (attach(db, message_id, id, &d, e) < 0)
			return -1;
	}
	if (d.bytes > PICTURES_BYTES_MAX)
		return err_tell(e, ERR_LIMIT, "error_pictures_many",
				"pictures of %lld bytes", (long long)d.bytes);
	if (buf_add(&json, "]", 1, e) < 0)
		return -1;
	return db_run(db, e, "UPDATE messages SET pictures = $2 WHERE id = $1",
		      "tt", message_id, buf_text(&json));
}

struct copying {
	const void *ctx;
	char *text;
};

static int copy(void *data, const struct db_row *row, struct err *e)
{
	struct copying *c = data;

	(void)e;
	c->text = alloc_checked(talloc_strdup(c->ctx, db_text(row, 0)));
	return 0;
}

char *message_pictures(struct db *db, const void *ctx, const char *message_id,
		       struct err *e)
{
	struct copying c = { .ctx = ctx };

	if (db_query(db, e, copy, &c, "SELECT pictures FROM messages"
		     " WHERE id = $1", "t", message_id) < 0)
		return NULL;
	return c.text ? c.text : alloc_checked(talloc_strdup(ctx, ""));
}
