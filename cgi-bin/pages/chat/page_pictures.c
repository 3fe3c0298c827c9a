/*
 * Pictures of messages: POST /pictures takes one (its bytes are the body) and
 * answers with its description; GET /pictures/{id} shows it to its owner.
 */
#include "config.h"
#include <string.h>
#include <json-c/json.h>
#include <talloc.h>

#include "core/str.h"
#include "json/field.h"
#include "pages/chat/composer_view.h"
#include "pages/pages.h"
#include "preview/picture_size.h"
#include "preview/preview_type.h"
#include "store/pictures.h"

#define API_SIDE_MAX 8000	/* pixels; the Messages API takes no larger picture */

/* The types that the Messages API takes. */
static bool api_type(const char *media)
{
	static const char *const types[] = {
		"image/png", "image/jpeg", "image/gif", "image/webp",
	};

	return table_find(types, media) != NULL;
}

/* By its bytes alone: what its name or the browser says of its type does not count. */
static int describe(struct picture *p, struct err *e)
{
	struct picture_size size;

	p->media_type = preview_type_find("", p->data, p->bytes)->media;
	if (!api_type(p->media_type))
		return err_tell(e, ERR_INPUT, "error_picture_type", "no picture");
	if (!picture_size_read(p->data, p->bytes, &size) || !size.width ||
	    !size.height)
		return err_tell(e, ERR_INPUT, "error_picture_broken",
				"a picture without a size");
	if (size.width > API_SIDE_MAX || size.height > API_SIDE_MAX)
		return err_tell(e, ERR_INPUT, "error_picture_sides",
				"%u x %u pixels", size.width, size.height);
	p->width = size.width;
	p->height = size.height;
	return 0;
}

int chat_add_picture(struct request *r, const char *name, const void *bytes,
		     size_t n, struct picture *out, struct err *e)
{
	const struct context *v = context_of(r);
	struct picture p = { .name = name, .data = bytes, .bytes = n };

	if (describe(&p, e) < 0 ||
	    picture_add(v->db, v->user->id, &p,
			settings_number(v->app->settings, SET_PICTURES_ACCOUNT_MAX) << 20,
			p.id, e) < 0)
		return -1;
	*out = p;
	return 0;
}

/* {"id","media_type","width","height"}, or {"problem"} in the user's words. */
int page_picture_add(struct request *r, struct response *out, struct err *e)
{
	struct json_object *o = json_object_new_object();
	struct err why = { 0 };
	struct picture p;
	int bad;

	if (chat_add_picture(r, form_text(r->args, "name"), r->body, r->body_len,
			     &p, &why) == 0) {
		field_put_string(o, "id", p.id);
		field_put_string(o, "media_type", p.media_type);
		field_put_number(o, "width", p.width);
		field_put_number(o, "height", p.height);
	} else {
		out->status = response_status(&why);
		field_put_string(o, "problem", page_sentence(r, &why));
	}
	out->type = "application/json";
	bad = buf_add_text(&out->body, json_object_to_json_string_ext(o,
			JSON_C_TO_STRING_PLAIN), e);
	json_object_put(o);
	return bad;
}

/* It never changes, and only its owner gets it. */
int page_picture(struct request *r, struct response *out, struct err *e)
{
	const struct context *v = context_of(r);
	struct picture *p = picture_load(v->db, r, request_arg(r, "id"),
					 v->user->id, e);

	if (!p)
		return -1;
	out->type = p->media_type;
	out->kept = true;
	return buf_add(&out->body, p->data, p->bytes, e);
}
