#include "config.h"
#include "workspace/spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "core/digest.h"
#include "core/id.h"
#include "core/str.h"
#include "workspace/workspace.h"

#define MIB (INT64_C(1) << 20)
#define CA_PATH "/etc/ssl/certs/ca-certificates.crt"
#define ENV_MAX 32
#define NAME_PREFIX "gongbang-"
#define NAME_DIGITS 16

static char seccomp[64 << 10];

/* An absolute path: the user's own folders come first in PATH. */
const char *const workspace_enter_argv[] = {
	"/usr/local/bin/gongbang-shim", "link", NULL
};

/* Programs look for the trusted certificates under different names. */
static const char *const ca_names[] = {
	"SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS",
	"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
};

/* Some programs read the lower-case name, some the other. */
static const char *const proxy_names[] = {
	"HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy",
};

/* Identical in every workspace. */
static const char *const fixed[][2] = {
	{ "HOME", "/workspace" },
	{ "USER", "claude" },
	{ "SHELL", "/bin/bash" },
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

/* The proxy is for everything but the gateway itself. */
static void add_proxy(struct env *env, const struct settings *s)
{
	const char *proxy = settings_text(s, SET_EGRESS_PROXY);
	const char *gateway = settings_text(s, SET_MODEL_BASE_URL);
	const char *host = strstr(gateway, "://"), *url, *direct;
	size_t i;

	if (!*proxy)
		return;
	host = host ? host + 3 : gateway;
	url = talloc_asprintf(env->list, "http://%s", proxy);
	direct = talloc_asprintf(env->list, "%.*s,localhost,127.0.0.1",
				 (int)strcspn(host, ":/"), host);
	for (i = 0; i < sizeof(proxy_names) / sizeof(proxy_names[0]); i++)
		add(env, proxy_names[i], url);
	add(env, "NO_PROXY", direct);
	add(env, "no_proxy", direct);
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
	add_proxy(&env, s);
	if (*settings_text(s, SET_EXTRA_CA)) {
		for (i = 0; i < sizeof(ca_names) / sizeof(ca_names[0]); i++)
			add(&env, ca_names[i], CA_PATH);
	}
	return env.list;
}

void workspace_container_name(const char *user_id, char out[WORKSPACE_NAME_SIZE])
{
	char hash[DIGEST_SIZE];

	digest_hex(user_id, strlen(user_id), hash);
	snprintf(out, WORKSPACE_NAME_SIZE, NAME_PREFIX "%.*s", NAME_DIGITS, hash);
}

bool workspace_container_name_valid(const char *name)
{
	const char *digits = name + strlen(NAME_PREFIX);

	return str_starts(name, NAME_PREFIX) &&
	       strlen(digits) == NAME_DIGITS &&
	       strspn(digits, "0123456789abcdef") == NAME_DIGITS;
}

int workspace_seccomp_load(const struct settings *s, struct err *e)
{
	const char *path = settings_text(s, SET_WORKSPACE_SECCOMP);
	size_t n;
	FILE *f;

	seccomp[0] = '\0';
	if (!*path)
		return 0;
	f = fopen(path, "re");
	if (!f)
		return err_errno(e, ERR_INPUT, errno,
				 "%s (see the setting workspace_seccomp)", path);
	n = fread(seccomp, 1, sizeof(seccomp) - 1, f);
	fclose(f);
	seccomp[n] = '\0';
	if (seccomp[0] != '{' || n == sizeof(seccomp) - 1)
		return err_set(e, ERR_INPUT, "%s is not a seccomp profile", path);
	return 0;
}

struct container_spec *workspace_spec_new(const void *ctx,
					  const struct settings *s,
					  const char *user_id)
{
	struct container_spec *spec = talloc_zero(ctx, struct container_spec);
	char *name = talloc_size(spec, WORKSPACE_NAME_SIZE);
	const char *ca = settings_text(s, SET_EXTRA_CA);

	if (!spec || !name || !id_valid(user_id))
		err_abort("the spec of a workspace");
	workspace_container_name(user_id, name);
	*spec = (struct container_spec){
		.name = name,
		.image = settings_text(s, SET_IMAGE),
		.instance = settings_text(s, SET_INSTANCE),
		.user_id = talloc_strdup(spec, user_id),
		.volume = talloc_asprintf(spec, NAME_PREFIX "%s", user_id),
		.network = settings_text(s, SET_WORKSPACE_NETWORK),
		.env = compose(spec, s),
		.extra_ca = *ca ? ca : NULL,
		.seccomp = seccomp[0] ? seccomp : NULL,
		.memory = settings_number(s, SET_WORKSPACE_MEMORY) * MIB,
		.cpus = settings_number(s, SET_WORKSPACE_CPUS),
		.pids = settings_number(s, SET_WORKSPACE_PIDS),
		.tmp = settings_number(s, SET_WORKSPACE_TMP) * MIB,
		.uids = *settings_text(s, SET_ENGINE_GUARD) ?
			settings_number(s, SET_WORKSPACE_UID_FIRST) : 0,
	};
	return spec;
}

void workspace_spec_token(struct container_spec *spec)
{
	char token[TOKEN_SIZE], hash[DIGEST_SIZE];

	token_new(token);
	digest_hex(token, strlen(token), hash);
	spec->secret = talloc_asprintf(spec, "ANTHROPIC_AUTH_TOKEN=%s", token);
	spec->token_hash = talloc_strdup(spec, hash);
	if (!spec->secret || !spec->token_hash)
		err_abort("out of memory");
	explicit_bzero(token, sizeof(token));
}
