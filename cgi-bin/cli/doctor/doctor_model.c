/* gongbang doctor: access to the model, and the egress proxy. */
#include "config.h"
#include "cli/doctor/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <time.h>
#include <unistd.h>

#include "auth/gateway_token.h"
#include "core/str.h"
#include "http/probe.h"
#include "ledger/client.h"

#define KEYS_MAX 64
#define KEY_MAX 4096
#define CLOCK_WARN_S 60
#define CLOCK_FAIL_S 300
#define BEARER "Bearer "

static const char *setting(const struct call *c, enum setting id)
{
	return settings_text(c->settings, id);
}

/* A line of the key file: "KEY" or "Bearer KEY", visible ASCII. */
static bool key_valid(const char *line)
{
	const char *key = str_starts(line, BEARER) ?
		line + sizeof(BEARER) - 1 : line, *p;

	for (p = key; *p; p++) {
		if (*p <= ' ' || *p > '~')
			return false;
	}
	return *key && p - key < KEY_MAX;
}

struct keys {
	char *lines[KEYS_MAX];
	size_t n;
	int wrong;		/* the first malformed line; 0: none */
};

/* Children of c->ctx. -1: f says why. */
static int keys_read(const struct call *c, const char *path, struct keys *keys,
		     struct finding *f)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0, n;
	int number = 0;

	if (!file) {
		finding_fail(f, "set the key again:"
			     " ANTHROPIC_API_KEY_FILE=FILE scripts/up", "%s: %s", path,
			     strerror(errno));
		return -1;
	}
	while (getline(&line, &size, file) > 0 && keys->n < KEYS_MAX) {
		number++;
		for (n = strlen(line); n && strchr(" \t\r\n", line[n - 1]); n--)
			line[n - 1] = '\0';
		if (!*line || *line == '#')
			continue;
		if (key_valid(line))
			keys->lines[keys->n++] = talloc_strdup(c->ctx, line);
		else if (!keys->wrong)
			keys->wrong = number;
	}
	if (line)
		explicit_bzero(line, size);
	free(line);
	fclose(file);
	return 0;
}

/* Only its owner, this user, may read the file or its folder. */
static bool keys_closed(const char *path, struct finding *f)
{
	static const char mend[] = "scripts/up sets the folder's permissions;"
		" for the file: chown gongbang-gateway FILE && chmod 0400 FILE";
	char *folder = alloc_checked(strdup(path)), *slash;
	struct stat st;
	bool closed;

	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	closed = stat(path, &st) == 0 && st.st_uid == geteuid() &&
		 !(st.st_mode & 0077);
	if (!closed)
		finding_fail(f, mend, "%s must be owned by the gateway's user"
			     " and closed to others (mode 0400)", path);
	else if (stat(folder, &st) < 0 || st.st_uid != geteuid() ||
		 (st.st_mode & 0077)) {
		closed = false;
		finding_fail(f, mend, "%s must be owned by the gateway's user"
			     " with mode 0700", folder);
	}
	free(folder);
	return closed;
}

void doctor_keys(const struct call *c, struct finding *f)
{
	const char *path = setting(c, SET_MODEL_KEYS);
	struct keys keys = { .n = 0 };

	if (!*path) {
		if (settings_flag(c->settings, SET_MODEL_DEMO))
			finding_ok(f, "none needed in demo mode");
		else
			finding_warn(f, "ANTHROPIC_API_KEY_FILE=FILE"
				     " scripts/up (or the setting"
				     " model_keys), unless the service needs"
				     " no key", "none for %s",
				     setting(c, SET_MODEL_UPSTREAM));
		return;
	}
	if (keys_read(c, path, &keys, f) < 0 || !keys_closed(path, f))
		return;
	if (keys.wrong)
		finding_fail(f, "write each line as KEY or \"Bearer KEY\"",
			     "%s:%d is not a valid key", path, keys.wrong);
	else if (!keys.n)
		finding_fail(f, "add a key, or remove the file and run"
			     " scripts/up for demo mode",
			     "%s is empty", path);
	else
		finding_ok(f, "%zu in %s, readable only by the gateway",
			   keys.n, path);
}

/* GET PATH from the model service, with that key (NULL: none). */
static int ask_upstream(const struct call *c, const char *path, const char *key,
			struct probe_answer *a, struct err *e)
{
	const char *headers[] = { "anthropic-version: 2023-06-01", NULL, NULL };
	const char *base = setting(c, SET_MODEL_UPSTREAM);
	struct probe_call call = { .headers = headers, .deadline_ms = DOCTOR_MS };
	size_t n = strlen(base);

	while (n && base[n - 1] == '/')
		n--;
	call.url = talloc_asprintf(c->ctx, "%.*s%s", (int)n, base, path);
	if (key)
		headers[1] = str_starts(key, BEARER) ?
			talloc_asprintf(c->ctx, "Authorization: %s", key) :
			talloc_asprintf(c->ctx, "x-api-key: %s", key);
	return probe_run(&call, a, NULL, e);
}

static void judge_keys(const struct call *c, const struct keys *keys,
		       struct finding *f)
{
	struct probe_answer a = { 0 };
	struct err e = { 0 };
	size_t i, refused = 0, first = 0;

	for (i = 0; i < (keys->n ? keys->n : 1); i++) {
		if (ask_upstream(c, "/v1/models", keys->lines[i], &a, &e) < 0) {
			finding_fail(f, "check the setting model_upstream,"
				     " the network and this host's trusted"
				     " certificates",
				     "%s: %s", setting(c, SET_MODEL_UPSTREAM),
				     e.text);
			return;
		}
		if ((a.status == 401 || a.status == 403) && !refused++)
			first = i + 1;
	}
	if (refused && keys->n)
		finding_fail(f, "replace the key in the file, then run sv hup"
			     " SERVICE or scripts/up",
			     "%s rejects %zu of %zu keys, the first is number"
			     " %zu",
			     setting(c, SET_MODEL_UPSTREAM), refused, keys->n,
			     first);
	else if (refused)
		finding_fail(f, "ANTHROPIC_API_KEY_FILE=FILE scripts/up",
			     "%s requires a key", setting(c, SET_MODEL_UPSTREAM));
	else if (a.status >= 500)
		finding_warn(f, "wait, or contact the service",
			     "%s responds %d",
			     setting(c, SET_MODEL_UPSTREAM), a.status);
	else
		finding_ok(f, "%s responds (%d to /v1/models)",
			   setting(c, SET_MODEL_UPSTREAM), a.status);
}

void doctor_upstream(const struct call *c, struct finding *f)
{
	const char *path = setting(c, SET_MODEL_KEYS);
	struct keys keys = { .n = 0 };

	if (*path && keys_read(c, path, &keys, f) < 0)
		return;
	judge_keys(c, &keys, f);
}

void doctor_clock(const struct call *c, struct finding *f)
{
	static const char mend[] = "enable NTP (systemd-timesyncd or chrony):"
		" budgets and certificates depend on the clock";
	struct probe_answer a = { 0 };
	struct err e = { 0 };
	long long off;

	if (ask_upstream(c, "/", NULL, &a, &e) < 0 || !a.date) {
		finding_ok(f, "not compared: the model service sends no date");
		return;
	}
	off = (long long)time(NULL) - a.date;
	if (llabs(off) > CLOCK_FAIL_S)
		finding_fail(f, mend, "%lld s off the model service's clock", off);
	else if (llabs(off) > CLOCK_WARN_S)
		finding_warn(f, mend, "%lld s off the model service's clock", off);
	else
		finding_ok(f, "within %d s of the model service's clock",
			   CLOCK_WARN_S);
}

void doctor_gateway(const struct call *c, struct finding *f)
{
	const char *listen = setting(c, SET_GATEWAY_LISTEN);
	const char *base = setting(c, SET_MODEL_BASE_URL);
	struct probe_call call = { .deadline_ms = DOCTOR_MS };
	struct probe_answer a = { 0 };
	struct err e = { 0 };

	call.url = talloc_asprintf(c->ctx, "http://%s/v1/models", listen);
	if (!str_starts(base, "http://") || !str_starts(base + 7, listen))
		finding_fail(f, "set model_base_url to http:// followed by"
				" gateway_listen",
			     "workspaces call %s, but the gateway listens on"
			     " %s", base,
			     listen);
	else if (probe_run(&call, &a, NULL, &e) < 0)
		finding_fail(f, "see scripts/status and its log; scripts/up"
			     " starts it", "%s: %s", listen, e.text);
	else if (a.status != 401)
		finding_fail(f, "another program uses that port: find it with"
			     " ss -ltnp", "%s accepts a call without a token"
			     " (%d)", listen, a.status);
	else
		finding_ok(f, "%s responds and requires a token", listen);
}

/* Redis has a check of its own. */
static bool ledger_trouble(const struct call *c, char **why)
{
	struct kv *kv = kv_new(c->ctx, setting(c, SET_REDIS_SOCKET));
	struct err e = { 0 };

	return kv_get(kv, c->ctx, GATEWAY_LEDGER_KEY, why, &e) == 0 && *why;
}

void doctor_journal(const struct call *c, struct finding *f)
{
	const char *folder = setting(c, SET_GATEWAY_JOURNAL);
	int64_t cap = settings_number(c->settings, SET_GATEWAY_JOURNAL_MAX);
	int64_t bytes = 0;
	char *why = NULL;
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct stat st;

	if (!dir) {
		finding_fail(f, "scripts/up creates it", "%s: %s", folder,
			     strerror(errno));
		return;
	}
	while ((entry = readdir(dir))) {
		if (fstatat(dirfd(dir), entry->d_name, &st,
			    AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
			bytes += st.st_size;
	}
	closedir(dir);
	if (ledger_trouble(c, &why))
		finding_fail(f, "check that the database can be written;"
			     " the journal keeps calls until it is full",
			     "calls can't be stored: %s", why);
	else if (bytes * 2 > cap << 20)
		finding_fail(f, "check that the database can be written;"
			     " the gateway refuses calls once the journal is full",
			     "%lld KiB of %lld MiB wait to be stored",
			     (long long)bytes >> 10, (long long)cap);
	else
		finding_ok(f, "%lld KiB in %s", (long long)(bytes + 1023) >> 10,
			   folder);
}

/*
 * Checked as the gateway's user: it can reach the ledger, and cannot open the
 * store.
 */
void doctor_ledger(const struct call *c, struct finding *f)
{
	const char *path = setting(c, SET_LEDGER_SOCKET);
	const char *store = setting(c, SET_DATABASE);
	const struct passwd *gateway = getpwnam("gongbang-gateway");
	struct ledger_client *ledger = ledger_client_new(c->ctx, path, DOCTOR_MS);
	struct ledger_installation installation;
	struct err e = { 0 };

	if (gateway && gateway->pw_uid == geteuid() && access(store, R_OK) == 0)
		finding_fail(f, "remove its user from group gongbang (gpasswd"
			     " -d gongbang-gateway gongbang) and close the"
			     " database's folder to others", "the gateway's user"
			     " can read %s", store);
	else if (ledger_client_installation(ledger, &installation, &e) < 0)
		finding_fail(f, "see scripts/status and its log; scripts/up"
			     " starts it", "%s", e.text);
	else
		finding_ok(f, "%s responds to the gateway, which has no"
			      " access to the database",
			   path);
}

void doctor_squid(const struct call *c, struct finding *f)
{
	const char *proxy = setting(c, SET_EGRESS_PROXY);
	struct probe_call call = { .url = "http://doctor.invalid/",
				   .deadline_ms = 3 * DOCTOR_MS };
	struct probe_answer a = { 0 };
	auto_buf body = BUF_INIT(4096);
	struct err e = { 0 };

	if (!*proxy) {
		finding_ok(f, "workspaces have no internet access"
			      " (egress_proxy is empty)");
		return;
	}
	call.proxy = talloc_asprintf(c->ctx, "http://%s", proxy);
	if (probe_run(&call, &a, &body, &e) < 0)
		finding_fail(f, "see scripts/status and its log; scripts/up"
			     " starts it", "%s: %s", proxy, e.text);
	else if (a.status != 403)
		finding_fail(f, "another program uses that port: find it with"
			     " ss -ltnp", "%s responds %d to a request it"
				     " must refuse",
			     proxy, a.status);
	else if (strstr(buf_text(&body), "away"))
		finding_fail(f, "see scripts/status: the bridge must run, and"
			     " gongbang-egress must be able to open"
			     " egress_socket",
			     "%s responds, but its helper can't reach the"
			     " bridge", proxy);
	else
		finding_ok(f, "%s responds and refuses unknown clients",
			   proxy);
}
