/* What all pages have: addresses, the common view, rendering. */
#include "config.h"
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "pages.h"
#include "cgi-bin/static_version.h"

char *url_encode(const void *ctx, const char *s, const char *keep)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz0123456789-._~";
	static const char digits[] = "0123456789ABCDEF";
	char *out = talloc_array(ctx, char, 3 * strlen(s) + 1), *to = out;

	if (!out)
		err_abort("out of memory");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (strchr(plain, c) || strchr(keep, c)) {
			*to++ = *s;
			continue;
		}
		*to++ = '%';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	*to = '\0';
	return out;
}

bool page_is_ours(const char *next)
{
	const char *c;

	if (next[0] != '/' || next[1] == '/' || strlen(next) > 2000)
		return false;
	for (c = next; *c; c++) {
		if (*c <= ' ' || *c >= 0x7f || *c == '\\')
			return false;
	}
	return true;
}

const char *page_here(const struct request *r)
{
	const char *path = r->path;
	const char *here;

	/* A form's own address mostly has no page; these two have. */
	if (r->method == METHOD_POST && !str_equal(path, "/login") &&
	    !str_equal(path, "/account"))
		return "/workspace";
	here = url_encode(r, path, "/:@!$&'()*+,;=");
	if (*r->query && r->method != METHOD_POST)
		here = talloc_asprintf(r, "%s?%s", here, r->query);
	return page_is_ours(here) ? here : "/";
}

const char *page_text(const struct request *r, const char *key)
{
	const char *s = i18n_sentence(visit_of(r)->text, key);

	return s ? s : key;
}

static void add_nav(const struct request *r, struct view *view)
{
	struct view *item = view_append(view_list(view, "nav"));

	view_textf(item, "href", "%s/workspace", visit_of(r)->site->base_path);
	view_text(item, "label", page_text(r, "nav_workspace"));
	view_flag(item, "current", str_starts(r->path, "/workspace") ||
				   str_starts(r->path, "/conversations"));
}

static void add_user(const struct visit *v, struct view *view)
{
	struct view *user;

	if (!v->user) {
		view_flag(view, "user", false);
		return;
	}
	user = view_map(view, "user");
	view_text(user, "login", v->user->login);
	view_text(user, "display_name", v->user->display_name);
	view_flag(user, "admin", v->user->admin);
}

struct view *page_view(struct request *r, const char *title_key)
{
	const struct visit *v = visit_of(r);
	struct view *view = view_new(r);
	char csrf[TOKEN_SIZE];

	csrf_token(v->token, csrf);
	view_text(view, "base", v->site->base_path);
	view_text(view, "lang", i18n_name(v->text));
	view_flag(view, "lang_ko", str_equal(i18n_name(v->text), "ko"));
	view_text(view, "title", page_text(r, title_key));
	view_flag(view, "theme_light", str_equal(v->theme, "light"));
	view_flag(view, "theme_dark", str_equal(v->theme, "dark"));
	view_text(view, "csrf", csrf);
	view_text(view, "path", page_here(r));
	view_flag(view, "demo", settings_flag(v->site->settings, SET_MODEL_DEMO));
	view_text(view, "version", STATIC_VERSION);
	add_user(v, view);
	add_nav(r, view);
	return view;
}

int page_render(struct request *r, struct response *out, const char *name,
		const struct view *view, struct err *e)
{
	const struct visit *v = visit_of(r);
	const struct cookie before = {
		.name = LOGIN_PRE_COOKIE, .value = v->token, .max_age = -1,
		.path = *v->site->base_path ? v->site->base_path : "/",
		.secure = r->secure,
	};

	if (v->fresh && response_cookie(out, &before, e) < 0)
		return -1;
	if (template_render(v->site->templates, name, view, v->text,
			    &out->body, e) < 0)
		return err_wrap(e, "render %s", name);
	return 0;
}
