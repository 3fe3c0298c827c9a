/* gongbang-guard: the bridge's only way to the container engine. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <talloc.h>
#include <uv.h>

#include "core/id.h"
#include "core/log.h"
#include "core/serve.h"
#include "core/settings.h"
#include "guard/guard.h"
#include "guard/host_user.h"
#include "workspace/spec.h"

static bool named(void *data, const char *name)
{
	return workspace_container_name_valid(name);
}

static struct container_spec *spec_of(const void *ctx, void *data,
				      const char *user_id)
{
	return id_valid(user_id) ? workspace_spec_new(ctx, data, user_id) : NULL;
}

static enum volume_quota quota_of(const struct settings *s)
{
	enum volume_quota quota = VOLUME_AUTO;
	struct err e = { 0 };

	if (volume_quota_parse(settings_text(s, SET_DISK_QUOTA), &quota, &e) < 0) {
		fprintf(stderr, "gongbang-guard: %s\n", e.text);
		exit(2);
	}
	return quota;
}

static struct host *open_host(const struct settings *s, struct err *e)
{
	const struct host_settings host = {
		.folder = settings_text(s, SET_GUARD_STATE),
		.engine_socket = settings_text(s, SET_ENGINE_SOCKET),
		.uid_first = settings_number(s, SET_WORKSPACE_UID_FIRST),
		.uid_count = settings_number(s, SET_WORKSPACE_UID_COUNT),
		.bytes = settings_number(s, SET_WORKSPACE_DISK) << 20,
		.inodes = settings_number(s, SET_WORKSPACE_INODES),
		.quota = quota_of(s),
		.reserve = settings_number(s, SET_DISK_RESERVE),
	};

	return host_new(NULL, &host, e);
}

int main(int argc, char **argv)
{
	static const char *const *const execs[] = { workspace_enter_argv, NULL };
	struct settings *s = settings_main(&argc, &argv);
	struct guard_policy policy = {
		.engine_socket = settings_text(s, SET_ENGINE_SOCKET),
		.socket = settings_text(s, SET_ENGINE_GUARD),
		.state = settings_text(s, SET_GUARD_STATE),
		.instance = settings_text(s, SET_INSTANCE),
		.image = settings_text(s, SET_IMAGE),
		.execs = execs,
		.named = named,
		.spec = spec_of,
		.data = s,
	};
	struct err e = { 0 };
	struct guard *g;
	uv_loop_t loop;

	log_start("gongbang-guard", settings_flag(s, SET_DEBUG));
	signal(SIGPIPE, SIG_IGN);
	uv_loop_init(&loop);
	policy.host = open_host(s, &e);
	g = policy.host && workspace_seccomp_load(s, &e) == 0 ?
	    guard_new(policy.host, &loop, &policy, &e) : NULL;
	if (!g) {
		log_failure("start", &e, NULL);
		return EXIT_FAILURE;
	}
	log_event(LOG_INFO, "started", "socket", policy.socket, "engine",
		  policy.engine_socket, NULL);
	serve_until_stopped(&loop);
	talloc_free(g);
	uv_run(&loop, UV_RUN_NOWAIT);
	talloc_free(policy.host);
	settings_free(s);
	return EXIT_SUCCESS;
}
