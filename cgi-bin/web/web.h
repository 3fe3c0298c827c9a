/*
 * Shared by the pages: the request context, the common view, calls to the
 * bridge.
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "auth/login.h"
#include "html/view.h"
#include "http/form.h"
#include "http/multipart.h"
#include "http/router.h"
#include "i18n/i18n.h"
#include "store/conversations.h"
#include "time/period.h"
#include "web/app.h"

#define LOCALE_COOKIE "gongbang_locale"
#define THEME_COOKIE "gongbang_theme"

/*
 * Body cap of a route that takes a message: the setting message_max after
 * encoding.
 */
#define BODY_MESSAGE ((size_t)-1)

/* Body cap of a project's form: instructions after encoding, beside the rest. */
#define PROJECT_BODY ((size_t)32 << 10)

/* One request's user and preferences: r->state. */
struct context {
	struct page_worker *worker;
	const struct app *app;
	const struct request_source *src;
	struct db *db;		/* NULL on OPEN routes when the store is away */
	struct kv *kv;
	struct user *user;	/* NULL before login */
	char token[TOKEN_SIZE];	/* of the login, or of the cookie before it; "" */
	bool fresh;		/* token is new: its cookie must be set */
	const struct i18n_locale *text;
	const char *theme;	/* "", "light", "dark" */
	const char *zone;	/* IANA name */
};

static inline struct context *context_of(const struct request *r)
{
	return r->state;
}

/*
 * Fills r->state: login cookie -> Redis -> user; language, theme, zone. open:
 * tolerates a part that is away.
 */
int context_begin(struct request *r, struct page_worker *w,
		  const struct request_source *src, bool open,
		  struct err *e) must_check;

/*
 * The context of an unknown user, without Redis or store, for pages of refused
 * requests.
 */
void context_blank(struct request *r, struct page_worker *w,
		   const struct request_source *src);

/* Checks the Origin and CSRF token of an unsafe request: ERR_DENIED. */
int context_check_origin(const struct request *r, struct err *e) must_check;
int context_check_csrf(const struct request *r, struct err *e) must_check;

/* name: {relative, exact, iso} of a moment past or to come; false for 0. */
void page_time(const struct request *r, struct view *into, const char *name,
	       int64_t ms, int64_t now);

/* The view every page begins with; title is a catalogue key. A child of r. */
struct view *page_view(struct request *r, const char *title_key);

/* How many domains users have requested, at most REQUESTS_COUNTED. */
#define REQUESTS_COUNTED 100
int page_requests(const struct request *r);

/* The tabs of the administrators' pages. */
void page_admin_nav(const struct request *r, struct view *view);

/* The path of a static file, with the digest that no upgrade keeps. Gives (child of r). */
const char *page_static(const struct request *r, const char *name);

/* Renders a template into the answer, with the cookie a new visitor needs. */
int page_render(struct request *r, struct response *out, const char *name,
		const struct view *view, struct err *e) must_check;

/* The page of a failure: what happened, what is safe, what to do. */
int page_error(struct request *r, struct response *out, const struct err *why,
	       struct err *e) must_check;

/*
 * A failure's sentence for the user; never the text of an INTERNAL one.
 * Borrowed.
 */
const char *page_sentence(const struct request *r, const struct err *why);

/* A sentence by its key in the user's language; borrowed. */
const char *page_text(const struct request *r, const char *key);

/*
 * This request's URL below base_path, encoded, to come back to. Gives (child
 * of r).
 */
const char *page_here(const struct request *r);

/*
 * True for a URL of ours below base_path: one that no browser takes for
 * another host.
 */
bool page_is_ours(const char *next);

/*
 * Percent-encodes everything but unreserved bytes (RFC 3986, 2.3) and those in
 * keep. Gives (child of ctx).
 */
char *url_encode(const void *ctx, const char *s, const char *keep);

/* A conversation's title, or the word for an untitled one. Borrowed. */
const char *page_title(const struct request *r, const struct conversation *c);

/*
 * Counts a call against a limit per minute, in Redis under that key: ERR_LIMIT
 * with that sentence, and Retry-After, when there are more. Without Redis
 * nothing is counted.
 */
int page_check_rate(struct request *r, struct response *out, const char *key,
		    int64_t per_minute, const char *sentence_key,
		    struct err *e) must_check;

/*
 * Answers with a file as a download under its own name (RFC 6266). It is never
 * displayed or executed here, whatever its type. path: untrusted.
 */
int page_download(struct request *r, struct response *out, const char *path,
		  const void *content, size_t size, struct err *e) must_check;

/*
 * Content-Disposition with both names of RFC 6266: a plain one, and name by
 * RFC 5987.
 */
int page_attachment(struct request *r, struct response *out, const char *plain,
		    const char *name, struct err *e) must_check;

/* A number in the query, 0 when absent: ERR_INPUT. */
int page_number(const struct request *r, const char *name, int64_t *out,
		struct err *e) must_check;

/*
 * The days "from" and "to" of the query (2026-11-30, in the page's zone) and
 * what came "before", as UTC ms: from <= at < to; 0: no bound. ERR_INPUT
 * "error_run_date".
 */
int page_days(const struct request *r, int64_t *from, int64_t *to, int64_t *before,
	      struct err *e) must_check;

/* Whether conversations may be in that mode. */
bool chat_mode_known(const char *mode);
/* Refuses a message that is too long. */
int chat_check_message(const struct request *r, const char *text, struct err *e) must_check;
/* What the empty and the filled chat both have. ws: the WebSocket's path below /ws/. */
struct view *page_chat_view(struct request *r, const char *ws, const char *mode);
/* The choices of the message box: a conversation's (NULL: of a new one). */
int page_chat_choices(struct request *r, struct view *view,
		      const struct conversation *c, struct err *e) must_check;
/* As page_render, of pages/workspace. */
int page_chat_render(struct request *r, struct response *out, struct view *view,
		     struct err *e) must_check;

/* Names of time zones as suggestions: the list zones. */
void page_zones(struct view *view);

/* The user's conversations, as the sidebar shows them. */
int page_conversations(struct request *r, struct view *view, const char *current,
		       const char *search, int64_t before, struct err *e) must_check;

/* The user's projects, one of them chosen ("" or NULL none). */
int page_project_list(struct request *r, struct view *view, const char *chosen,
		      struct err *e) must_check;

/* Which parts of a conversation are shown, and how. */
struct transcript {
	const char *id;
	const char *author;	/* who wrote what Claude did not */
	int64_t before;		/* an offset; 0: no bound */
	int limit;		/* of parts: the last ones */
	bool chat;		/* a user can be asked: leaves out why a run ended */
	int64_t again;		/* the `at` of a question that is asked again; -1 none */
	bool shared;		/* for others: only what was said; no buttons */
	bool tools;		/* if shared: tool calls, thinking and pictures too */
};
#define PARTS_SHOWN 200
/*
 * As the messages of a list ({{{html}}}). *older: the offset before which there
 * are more, 0 for none.
 */
int page_transcript(struct request *r, struct view *list,
		    const struct transcript *t, int64_t *older,
		    struct err *e) must_check;

/*
 * What the query asks for: before=, or at= (a part to show); 0: the last page.
 */
int page_place(const struct request *r, const char *conversation_id,
	       int64_t *before, struct err *e) must_check;

/*
 * POSTs to the bridge's control socket. A bridge that is away is logged (and
 * false) and no failure of the page: the bridge reads the store at start.
 */
bool bridge_tell(const struct request *r, const char *fmt, ...) printf_like(2, 3);

/* An answer of the workspace's shim, shim/shim_api.h. */
struct bridge_answer {
	int status;
	struct buf body;		/* release it, also after a failure */
	char version[17], type[16];	/* of GET /files/<path>; "" absent */
	int64_t size, mtime;		/* -1 absent */
};

/*
 * Sends a request for files to the workspace of the page's user, which is
 * started if it is not running, and waits. path: the shim's, with its query.
 * body: n bytes, NULL for none. body_max: bytes of the answer's; ERR_LIMIT
 * beyond. ERR_UNAVAILABLE "error_bridge" without an answer within deadline_ms.
 */
int bridge_fetch(const struct request *r, const char *method, const char *path,
		 const void *body, size_t n, size_t body_max,
		 int64_t deadline_ms, struct bridge_answer *out,
		 struct err *e) must_check;

/* 0 when the bridge is healthy. */
int bridge_check(const struct request *r, struct err *e) must_check;

/* A login's lifetime in seconds. */
int64_t page_login_ttl(const struct request *r);

/*
 * The cookie by which this browser's login attempts are counted apart from
 * those of strangers.
 */
int page_remember_browser(struct request *r, struct response *out,
			  const struct user *u, struct err *e) must_check;

/* Its links in the view, as partials/share_rows shows them; subject_id "": of everything. */
int page_share_rows(struct request *r, struct view *view, const char *subject_id,
		    struct err *e) must_check;

/* The installation's public URL, without a trailing slash. Gives (child of r). */
const char *page_site_url(const struct request *r);

/* Closes the sockets of the login with this token. */
void bridge_login_ended(const struct request *r, const char *token);

#endif
