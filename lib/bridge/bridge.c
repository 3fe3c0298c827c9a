#include "config.h"
#include "bridge/bridge.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include <talloc.h>

#include "bridge/bridge_internal.h"
#include "bridge/file_relay.h"
#include "core/log.h"
#include "core/piece.h"
#include "core/str.h"
#include "workspace/spec.h"

#define FILES_BESIDE 6000	/* descriptors that are not WebSockets: handshakes, engine, store */
#define STOP_MS 2500

static void fail_start(struct bridge *b)
{
	bridge_free(b);
}

/*
 * WebSockets that the descriptor limit allows; further ones get 503, because
 * MHD would stop accepting without an error.
 */
static void limit_sockets(struct bridge *b)
{
	int64_t want = settings_number(b->settings, SET_SOCKETS_MAX);
	rlim_t need = (rlim_t)(want + FILES_BESIDE);
	struct rlimit files;

	b->clients_max = want;
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	if (files.rlim_cur < need) {
		files.rlim_cur = need;
		if (files.rlim_max < need && files.rlim_max != RLIM_INFINITY)
			files.rlim_max = need;
		if (setrlimit(RLIMIT_NOFILE, &files) < 0) {
			getrlimit(RLIMIT_NOFILE, &files);
			files.rlim_cur = files.rlim_max;
			if (setrlimit(RLIMIT_NOFILE, &files) < 0)
				getrlimit(RLIMIT_NOFILE, &files);
		}
	}
	if (files.rlim_cur != RLIM_INFINITY && files.rlim_cur < need) {
		b->clients_max = (int64_t)files.rlim_cur / 2;
		log_event(LOG_WARN, "descriptors_low", NULL);
	}
}

/* ---- state that an earlier bridge left ---- */

struct taking {
	struct bridge *bridge;
	struct left {
		char id[ID_SIZE], user_id[ID_SIZE];
		bool working, deleted;
	} *rows;
	size_t n;
};

static int take_row(void *data, const struct conversation *c, struct err *e)
{
	struct taking *t = data;
	struct left *row;

	t->rows = talloc_realloc(t, t->rows, struct left, t->n + 1);
	row = &t->rows[t->n++];
	memcpy(row->id, c->id, ID_SIZE);
	memcpy(row->user_id, c->user_id, ID_SIZE);
	row->deleted = c->deleted_at != 0;
	row->working = !row->deleted && !str_equal(c->state, "idle");
	return 0;
}

static int take_work(void *data, struct db *db, struct err *e)
{
	struct taking *t = data;

	return conversation_each_open(db, take_row, t, e);
}

static bool among(const char *id, const char *const *ids, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (str_equal(ids[i], id))
			return true;
	}
	return false;
}

/* Work that was cut off with its container waits until a page opens. */
static void running_listed(void *data, const char *const *user_ids, size_t n,
			   const struct err *e)
{
	struct taking *t = data;
	struct bridge *b = t->bridge;
	size_t i;

	if (e)
		log_failure("list_containers", e, NULL);
	for (i = 0; i < t->n && !b->stopping; i++) {
		struct left *row = &t->rows[i];

		if (!row->working || e || among(row->user_id, user_ids, n))
			room_get(presence_get(b, row->user_id), row->id);
	}
	b->resumed = true;
	runs_poll(b);
	talloc_free(t);
}

static void taken(void *data, const struct err *e)
{
	struct taking *t = data;
	struct bridge *b = t->bridge;

	if (e || b->stopping) {
		if (e)
			log_failure("adopt_sessions", e, NULL);
		talloc_free(t);
		return;
	}
	engine_list(b->engine, settings_text(b->settings, SET_INSTANCE),
		    running_listed, t);
}

static void take_up(struct bridge *b)
{
	struct taking *t = talloc_zero(NULL, struct taking);

	t->bridge = b;
	jobs_add(b->jobs, take_work, taken, t);
}

/* ---- serving ---- */

static void release_idle(struct presence *p, void *data)
{
	presence_sweep(p);
	presence_release_unused(p);
}

static void on_tick(uv_timer_t *timer)
{
	struct bridge *b = timer->data;

	runs_poll(b);
	presence_each(b, release_idle, NULL);
	file_relays_check(b);
	client_check(b, b->slot);
	if (b->slot % 2 == 0)
		terminal_client_check(b);
	b->slot = (b->slot + 1) % CHECK_SLOTS;
}

static void stop_now(struct bridge *b)
{
	b->stopped = true;
	uv_stop(b->loop);
}

static void too_late(uv_timer_t *timer)
{
	stop_now(timer->data);
}

void bridge_left(struct bridge *b)
{
	if (b->stopping && !b->nclients && !b->handshakes &&
	    !jobs_left(b->jobs))
		stop_now(b);
}

static void recorded(void *data)
{
	bridge_left(data);
}

static void say_goodbye(struct presence *p, void *data)
{
	struct terminal_client *t;
	struct client *c;
	struct room *r;

	LIST_FOREACH(r, &p->rooms, in_person)
		session_flush(r->session);
	TAILQ_FOREACH(t, &p->terminals, in_person)
		terminal_client_close(t, WEBSOCKET_GOING_AWAY, "restarting");
	TAILQ_FOREACH(c, &p->clients, in_person)
		client_close(c, WEBSOCKET_GOING_AWAY, "restarting");
}

static void on_signal(uv_signal_t *signal, int number)
{
	struct bridge *b = signal->data;

	if (b->stopping)
		return;
	b->stopping = true;
	log_event(LOG_INFO, "stopping", NULL);
	bridge_server_quiesce(b->web);
	bridge_server_quiesce(b->control);
	uv_timer_start(&b->last, too_late, STOP_MS, 0);
	presence_each(b, say_goodbye, NULL);
	jobs_when_idle(b->jobs, recorded, b);
}

static int open_parts(struct bridge *b, struct err *e)
{
	const struct settings *s = b->settings;
	const char *guard;
	struct db *db;

	if (workspace_seccomp_load(s, e) < 0)
		return -1;
	b->i18n = i18n_load(b, talloc_asprintf(b, "%s/locale",
					       settings_text(s, SET_TEMPLATES)), e);
	if (!b->i18n)
		return -1;
	b->templates = templates_load(b, settings_text(s, SET_TEMPLATES), b->i18n,
				      e);
	if (!b->templates)
		return -1;
	db = db_open(b, settings_text(s, SET_DATABASE), e);
	if (!db)
		return -1;
	b->jobs = jobs_new(b, b->loop, db);
	b->kv = kv_async_new(b->loop, settings_text(s, SET_REDIS_SOCKET));
	guard = settings_text(s, SET_ENGINE_GUARD);
	b->engine = engine_docker_new(b, b->loop, *guard ? guard :
				      settings_text(s, SET_ENGINE_SOCKET));
	b->workspaces = workspaces_new(b, b->loop, b->engine, s);
	b->tokens = token_registry_new(b, b->loop, b->kv);
	b->address_map = address_map_new(b, b->loop, b->engine,
					 settings_text(s, SET_INSTANCE));
	render_queue_open(b);
	token_lifecycle_open(b);
	budget_status_open(b);
	b->env = (struct session_env){
		.loop = b->loop,
		.jobs = b->jobs,
		.workspaces = b->workspaces,
		.settings = s,
		.rules = runs_read_rules,
	};
	return 0;
}

static int open_egress(struct bridge *b, struct err *e)
{
	const struct settings *s = b->settings;

	b->prices = prices_load(b, settings_text(s, SET_PRICES), e);
	if (!b->prices)
		return err_wrap(e, "prices");
	b->gate_env = (struct egress_policy_env){
		.jobs = b->jobs,
		.address_map = b->address_map,
		.list = settings_text(s, SET_EGRESS_ALLOW),
		.refused = blocked_note,
		.data = b,
	};
	b->policy = egress_policy_new(b, &b->gate_env, e);
	if (!b->policy)
		return err_wrap(e, "egress_allow");
	b->egress = egress_server_new(b, b->loop,
				      settings_text(s, SET_EGRESS_SOCKET),
				      b->policy, e);
	return b->egress ? 0 : -1;
}

static void web_request(void *data, struct exchange *x)
{
	struct bridge *b = data;

	if (file_request_is_ours(b, x))
		file_request_begin(b, x);
	else
		handshake_begin(b, x);
}

static int open_servers(struct bridge *b, struct err *e)
{
	b->web = bridge_server_new(b, b->loop, settings_text(b->settings,
							     SET_WEB_SOCKET),
				   web_request, b, e);
	if (!b->web)
		return -1;
	b->control = bridge_server_new(b, b->loop,
				       settings_text(b->settings,
						     SET_CONTROL_SOCKET),
				       control_request, b, e);
	return b->control ? 0 : -1;
}

static void watch_signal(struct bridge *b, uv_signal_t *handle, int number)
{
	uv_signal_init(b->loop, handle);
	handle->data = b;
	uv_signal_start(handle, on_signal, number);
}

struct bridge *bridge_new(const struct settings *s, struct err *e)
{
	struct bridge *b = talloc_zero(NULL, struct bridge);
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	b->settings = s;
	b->loop = talloc_zero(b, uv_loop_t);
	uv_loop_init(b->loop);
	for (i = 0; i < PEOPLE_BUCKETS; i++)
		LIST_INIT(&b->people[i]);
	LIST_INIT(&b->terminals);
	for (i = 0; i < CHECK_SLOTS; i++)
		LIST_INIT(&b->slots[i]);
	TAILQ_INIT(&b->relays);
	uv_timer_init(b->loop, &b->tick);
	uv_timer_init(b->loop, &b->last);
	uv_timer_init(b->loop, &b->spend_timer);
	uv_timer_init(b->loop, &b->survey_timer);
	uv_timer_init(b->loop, &b->backlog_timer);
	b->tick.data = b->last.data = b;
	b->spend_timer.data = b->survey_timer.data = b->backlog_timer.data = b;
	watch_signal(b, &b->term, SIGTERM);
	watch_signal(b, &b->interrupt, SIGINT);
	if (open_parts(b, e) < 0 || open_egress(b, e) < 0 ||
	    open_servers(b, e) < 0) {
		fail_start(b);
		return NULL;
	}
	limit_sockets(b);
	uv_timer_start(&b->tick, on_tick, TICK_MS, TICK_MS);
	take_up(b);
	search_backlog_begin(b);
	return b;
}

void bridge_run(struct bridge *b)
{
	while (!b->stopped) {
		int64_t began = piece_begin();

		uv_run(b->loop, UV_RUN_ONCE);
		piece_end(began, 1, "loop", NULL);
	}
}

static void close_rooms(struct presence *p, void *data)
{
	struct room *r;

	while ((r = LIST_FIRST(&p->rooms)))
		room_close(r);
}

static void close_own(struct bridge *b)
{
	uv_handle_t *const own[] = {
		(uv_handle_t *)&b->tick, (uv_handle_t *)&b->last,
		(uv_handle_t *)&b->term, (uv_handle_t *)&b->interrupt,
		(uv_handle_t *)&b->spend_timer, (uv_handle_t *)&b->survey_timer,
		(uv_handle_t *)&b->backlog_timer,
	};
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		uv_close(own[i], NULL);
}

/* Handles that are still open after a second are left to process exit. */
static bool drain(struct bridge *b)
{
	int i;

	for (i = 0; i < 100; i++) {
		if (!uv_run(b->loop, UV_RUN_NOWAIT))
			return true;
		uv_sleep(10);
	}
	return false;
}

void bridge_free(struct bridge *b)
{
	struct kv_async *kv = b->kv;

	b->stopping = true;
	presence_each(b, close_rooms, NULL);
	if (b->egress)
		egress_server_close(b->egress);
	if (b->address_map)
		address_map_close(b->address_map);
	if (b->tokens)
		token_registry_close(b->tokens);
	if (kv) {
		b->kv = NULL;
		kv_async_free(kv);
	}
	/*
	 * Handshakes whose database query is still running look it up and do
	 * not find it.
	 */
	if (b->web)
		bridge_server_close(b->web);
	b->web = NULL;
	if (b->control)
		bridge_server_close(b->control);
	b->control = NULL;
	if (b->workspaces)
		workspaces_close(b->workspaces);
	TALLOC_FREE(b->engine);
	close_own(b);
	if (!drain(b))
		return;
	uv_loop_close(b->loop);
	talloc_free(b);
}
