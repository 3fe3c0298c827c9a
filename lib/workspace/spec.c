#include "config.h"
#include "workspace/record.h"

#include <talloc.h>

#include "core/str.h"

#define MIB (INT64_C(1) << 20)
#define CA_PATH "/etc/ssl/certs/ca-certificates.crt"
#define ENV_MAX 24

/* Every program looks for the trusted certificates under a name of its own. */
static const char *const ca_names[] = {
	"SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS",
	"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
};

/* What is the same in every workspace. The token is no secret. */
static const char *const fixed[][2] = {
	{ "HOME", "/workspace" },
	{ "USER", "claude" },
	{ "SHELL", "/bin/bash" },
	{ "ANTHROPIC_AUTH_TOKEN", "none-needed" },
	{ "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1" },
	{ "DISABLE_AUTOUPDATER", "1" },
	{ "CLAUDE_CODE_SHELL_PREFIX", "/usr/local/bin/gongbang-tool" },
};

struct env {
	const char **list;
	size_t n;
};

static void add(struct env *env, const char *name, const char *value)
{
	const char *pair = talloc_asprintf(env->list, "%s=%s", name, value);

	if (!pair || env->n >= ENV_MAX)
		err_abort("environment of a workspace");
	env->list[env->n++] = pair;
}

static const char *const *compose(const void *ctx, const struct settings *s)
{
	struct env env = { .list = talloc_zero_array(ctx, const char *, ENV_MAX + 1) };
	bool korean = str_equal(settings_text(s, SET_DEFAULT_LOCALE), "ko");
	size_t i;

	if (!env.list)
		err_abort("out of memory");
	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		add(&env, fixed[i][0], fixed[i][1]);
	add(&env, "ANTHROPIC_BASE_URL", settings_text(s, SET_MODEL_BASE_URL));
	if (*settings_text(s, SET_MODEL))
		add(&env, "ANTHROPIC_MODEL", settings_text(s, SET_MODEL));
	add(&env, "LANG", korean ? "ko_KR.UTF-8" : "en_US.UTF-8");
	add(&env, "TZ", settings_text(s, SET_DEFAULT_TIMEZONE));
	if (*settings_text(s, SET_EXTRA_CA)) {
		for (i = 0; i < sizeof(ca_names) / sizeof(ca_names[0]); i++)
			add(&env, ca_names[i], CA_PATH);
	}
	return env.list;
}

struct container_spec *workspace_spec(const void *ctx, const struct workspace *w)
{
	const struct settings *s = w->all->settings;
	struct container_spec *spec = talloc_zero(ctx, struct container_spec);
	const char *ca = settings_text(s, SET_EXTRA_CA);

	if (!spec)
		err_abort("out of memory");
	*spec = (struct container_spec){
		.name = w->name,
		.image = settings_text(s, SET_IMAGE),
		.instance = settings_text(s, SET_INSTANCE),
		.user_id = w->user_id,
		.volume = w->name,
		.network = settings_text(s, SET_WORKSPACE_NETWORK),
		.env = compose(spec, s),
		.extra_ca = *ca ? ca : NULL,
		.memory = settings_number(s, SET_WORKSPACE_MEMORY) * MIB,
		.cpus = settings_number(s, SET_WORKSPACE_CPUS),
		.pids = settings_number(s, SET_WORKSPACE_PIDS),
		.tmp = settings_number(s, SET_WORKSPACE_TMP) * MIB,
	};
	return spec;
}
