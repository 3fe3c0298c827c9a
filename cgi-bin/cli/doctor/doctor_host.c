/* gongbang doctor: the container engine, the image, the isolation of workspaces. */
#include "config.h"
#include "cli/doctor/doctor.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "core/host.h"
#include "core/str.h"
#include "guard/volume.h"
#include "http/http_client.h"
#include "json/strict_json.h"

#define ANSWER_MAX (4 << 20)
#define RULES_MAX (256 << 10)

static const char *setting(const struct call *c, enum setting id)
{
	return settings_text(c->settings, id);
}

/* The engine's answer to GET KIND/NAME, to json_object_put; NULL: e says why. */
static json_object *ask_engine(const struct call *c, const char *kind,
			       const char *name, const char *tail, struct err *e)
{
	static const struct strict_json_limits limits = {
		.bytes = ANSWER_MAX, .depth = 32, .containers = 50000,
		.elements = 500000, .loose = true,
	};
	struct http_client_call call = {
		.socket = setting(c, SET_ENGINE_SOCKET),
		.method = "GET",
		.deadline_ms = 2 * DOCTOR_MS,
	};
	auto_buf answer = BUF_INIT(ANSWER_MAX);
	json_object *o;
	char path[512];
	int status = 0;

	snprintf(path, sizeof(path), "/v1.41/%s%s%s", kind, name, tail);
	call.path = path;
	if (http_client_run(&call, &status, &answer, e) < 0) {
		err_wrap(e, "%s", call.socket);
		return NULL;
	}
	if (status != 200) {
		err_set(e, ERR_MISSING, "it responds %d to %s", status, path);
		return NULL;
	}
	o = strict_json_parse(buf_text(&answer), answer.len, &limits);
	if (!o)
		err_set(e, ERR_INTERNAL, "its response to %s is not JSON", path);
	return o;
}

static const char *text_of(json_object *o)
{
	const char *text = o ? json_object_get_string(o) : NULL;

	return text ? text : "";
}

static bool engine_limits(json_object *info)
{
	static const char *const names[] = { "MemoryLimit", "CpuCfsQuota", "PidsLimit" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!json_object_get_boolean(doctor_part(info, names[i], NULL)))
			return false;
	}
	return true;
}

static void judge_engine(json_object *info, struct finding *f)
{
	const char *security = text_of(doctor_part(info, "SecurityOptions", NULL));
	const char *version = text_of(doctor_part(info, "ServerVersion", NULL));
	const char *cgroup = text_of(doctor_part(info, "CgroupVersion", NULL));

	if (!engine_limits(info))
		finding_fail(f, "enable the memory, cpu and pids cgroup"
			     " controllers in this host's kernel", "%s is"
			     " running but can't limit workspaces", version);
	else if (!strstr(security, "name=seccomp") ||
		 strstr(security, "profile=unconfined"))
		finding_warn(f, "enable the engine's default seccomp profile", "%s"
			     " is running without a seccomp filter", version);
	else
		finding_ok(f, "%s is running (cgroup v%s, seccomp)", version,
			   *cgroup ? cgroup : "1");
}

void doctor_engine(const struct call *c, struct finding *f)
{
	struct err e = { 0 };
	json_object *info = ask_engine(c, "info", "", "", &e);

	if (info)
		judge_engine(info, f);
	else
		finding_fail(f, "start the engine, or correct the setting"
			     " engine_socket; run doctor as root", "%s", e.text);
	json_object_put(info);
}

void doctor_uids(const struct call *c, struct finding *f)
{
	struct err e = { 0 };
	json_object *info = ask_engine(c, "info", "", "", &e);
	const char *security = text_of(doctor_part(info, "SecurityOptions", NULL));
	bool remapped = strstr(security, "name=userns");
	int64_t first = settings_number(c->settings, SET_WORKSPACE_UID_FIRST);

	if (!info)
		finding_fail(f, "fix the engine check first", "%s", e.text);
	else if (first && *setting(c, SET_ENGINE_GUARD))
		finding_ok(f, "each user's container has its own uid%s",
			   remapped ? ", in the engine's user namespace" : "");
	else if (remapped)
		finding_warn(f, "set workspace_uid_first", "all containers"
			     " share one uid of the engine's user namespace");
	else
		finding_warn(f, "set workspace_uid_first and engine_guard",
			     "all containers run as uid 1000, like the host's"
			     " first user, and share its per-uid limits");
	json_object_put(info);
}

/* How many of the installation's volumes are limited by each kind. */
static void count_volumes(json_object *list, int held[VOLUME_WATCH + 1])
{
	size_t i, n = list ? json_object_array_length(list) : 0;

	for (i = 0; i < n; i++)
		held[volume_held(text_of(doctor_part(json_object_array_get_idx(
			list, i), "Mountpoint", NULL)))]++;
}

void doctor_volumes(const struct call *c, struct finding *f)
{
	static const char mend[] = "set disk_quota = image (each volume moves"
		" into a fixed-size file at its next start), or keep the"
		" engine's data on ext4 or XFS mounted with prjquota";
	char tail[160];
	int held[VOLUME_WATCH + 1] = { 0 };
	struct err e = { 0 };
	json_object *o;

	snprintf(tail, sizeof(tail), "?filters=%%7B%%22label%%22:%%5B%%22"
		 "gongbang.instance%%3D%s%%22%%5D%%7D", setting(c, SET_INSTANCE));
	o = ask_engine(c, "volumes", "", tail, &e);
	count_volumes(doctor_part(o, "Volumes", NULL), held);
	if (!o)
		finding_fail(f, "fix the engine check first", "%s", e.text);
	else if (str_equal(setting(c, SET_DISK_QUOTA), "watch") ||
		 !*setting(c, SET_ENGINE_GUARD))
		finding_warn(f, mend, "volumes have no hard limit: one user"
			     " can fill the engine's disk");
	else if (held[VOLUME_WATCH])
		finding_warn(f, mend, "%d volumes have a hard limit, %d don't"
			     " (see the guard's log): their users can fill"
			     " the engine's disk",
			     held[VOLUME_IMAGE] + held[VOLUME_PROJECT],
			     held[VOLUME_WATCH]);
	else
		finding_ok(f, "limited to %lld MiB and %lld files each: %d by"
			   " an image, %d by project quotas",
			   (long long)settings_number(c->settings, SET_WORKSPACE_DISK),
			   (long long)settings_number(c->settings, SET_WORKSPACE_INODES),
			   held[VOLUME_IMAGE], held[VOLUME_PROJECT]);
	json_object_put(o);
}

void doctor_reserve(const struct call *c, struct finding *f)
{
	static const char mend[] = "free up space there, or lower disk_reserve";
	int64_t reserve = settings_number(c->settings, SET_DISK_RESERVE);
	struct err e = { 0 };
	json_object *info = ask_engine(c, "info", "", "", &e);
	const char *places[] = {
		setting(c, SET_DATABASE), setting(c, SET_GATEWAY_JOURNAL),
		text_of(doctor_part(info, "DockerRootDir", NULL)),
	};
	int64_t least = INT64_MAX, left;
	size_t i, at = 0;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		left = *places[i] ? host_disk_left(places[i]) : INT64_MAX;
		if (left < least) {
			least = left;
			at = i;
		}
	}
	if (least < reserve)
		finding_fail(f, mend, "%lld MiB free at %s: below %lld no"
			     " message is accepted and no run or workspace starts",
			     (long long)least, places[at], (long long)reserve);
	else if (least < 2 * reserve)
		finding_warn(f, mend, "%lld MiB free at %s, close to the"
			     " reserve of %lld", (long long)least, places[at],
			     (long long)reserve);
	else
		finding_ok(f, "%lld MiB free, %lld reserved",
			   (long long)least, (long long)reserve);
	json_object_put(info);
}

/* Tried as the bridge: the guard refuses it, and there is no other way. */
void doctor_guard(const struct call *c, struct finding *f)
{
	const char *guard = setting(c, SET_ENGINE_GUARD);
	struct http_client_call call = {
		.socket = guard,
		.method = "GET",
		.path = "/info",
		.deadline_ms = DOCTOR_MS,
	};
	struct err e = { 0 };
	int status = 0;

	if (!*guard)
		finding_warn(f, "set engine_guard", "the bridge uses the"
			     " engine's socket directly, which amounts to"
			     " root");
	else if (http_client_run(&call, &status, NULL, &e) < 0)
		finding_fail(f, "see scripts/status and its log; scripts/up"
			     " starts it", "%s: %s", guard, e.text);
	else if (status != 403)
		finding_fail(f, "engine_guard must be gongbang-guard's socket",
			     "%s responds %d to a request it must refuse", guard, status);
	else if (access(setting(c, SET_ENGINE_SOCKET), R_OK | W_OK) == 0)
		finding_warn(f, "remove gongbang-bridge from the group of the"
			     " engine's socket, then restart both",
			     "the bridge can open %s and bypass the guard",
			     setting(c, SET_ENGINE_SOCKET));
	else
		finding_ok(f, "the bridge reaches the engine only through it");
}

void doctor_image(const struct call *c, struct finding *f)
{
	static const char mend[] = "scripts/image builds it; workspaces use"
		" it at their next start";
	const char *name = setting(c, SET_IMAGE);
	struct err e = { 0 };
	json_object *o = ask_engine(c, "images/", name, "/json", &e);
	json_object *labels = doctor_part(o, "Config", "Labels", NULL);
	const char *shim = text_of(doctor_part(labels, "gongbang.shim", NULL));
	const char *claude = text_of(doctor_part(labels, "gongbang.claude", NULL));

	if (!o)
		finding_fail(f, mend, "%s: %s", name, e.text);
	else if (!*claude)
		finding_warn(f, mend, "%s has no version labels", name);
	else if (!str_equal(shim, PACKAGE_VERSION))
		finding_fail(f, mend, "%s has gongbang-shim %s, but %s is"
				      " installed",
			     name, shim, PACKAGE_VERSION);
	else
		finding_ok(f, "%s: Claude Code %s, gongbang-shim %s", name,
			   claude, shim);
	json_object_put(o);
}

static bool option_is(json_object *network, const char *name, const char *value)
{
	return str_equal(text_of(doctor_part(network, "Options", name, NULL)),
			 value);
}

void doctor_network(const struct call *c, struct finding *f)
{
	static const char mend[] = "scripts/down, then scripts/up creates it"
		" again";
	const char *name = setting(c, SET_WORKSPACE_NETWORK);
	const char *listen = setting(c, SET_GATEWAY_LISTEN);
	struct err e = { 0 };
	json_object *o = ask_engine(c, "networks/", name, "", &e);
	json_object *config = doctor_part(o, "IPAM", "Config", NULL);
	const char *address = text_of(doctor_part(
		config ? json_object_array_get_idx(config, 0) : NULL,
		"Gateway", NULL));

	if (!o)
		finding_fail(f, "scripts/up creates it", "%s: %s", name, e.text);
	else if (!json_object_get_boolean(doctor_part(o, "Internal", NULL)) ||
		 !option_is(o, "com.docker.network.bridge.enable_icc", "false"))
		finding_fail(f, mend, "%s is not isolated: it must be"
			     " internal, without traffic between containers", name);
	else if (!*address || !str_starts(listen, address))
		finding_fail(f, "set gateway_listen to the network's address", "%s"
			     " has the address %s, but the gateway listens on"
			     " %s", name, address, listen);
	else
		finding_ok(f, "%s is internal, without traffic between"
			   " containers", name);
	json_object_put(o);
}

/*
 * A tool's output, whatever its exit status; false: it could not be run or
 * crashed.
 */
static bool run_tool(const char *const *argv, struct buf *out)
{
	struct err e = { 0 };
	char bytes[4096];
	int ends[2], status = -1;
	ssize_t n;
	pid_t pid;

	if (pipe(ends) < 0 || (pid = fork()) < 0)
		return false;
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(ends[1]);
	while ((n = read(ends[0], bytes, sizeof(bytes))) > 0) {
		if (buf_add(out, bytes, (size_t)n, &e) < 0)
			break;
	}
	close(ends[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The rules of a chain, one per line; NULL: f says why. */
static const char *rules(const char *tool, const char *chain, struct buf *out,
			 struct finding *f)
{
	const char *const argv[] = { tool, "-w", "5", "-S", chain, NULL };

	if (run_tool(argv, out))
		return buf_text(out);
	finding_fail(f, geteuid() == 0 ? "scripts/up installs the rules" :
		     "run doctor as root", "%s -S %s: %.*s", tool, chain,
		     (int)strcspn(buf_text(out), "\n"), buf_text(out));
	return NULL;
}

static bool has_rule(const char *rules, const char *fmt, ...) printf_like(2, 3);

/* Complete lines only. */
static bool has_rule(const char *rules, const char *fmt, ...)
{
	char line[512];
	const char *at = rules;
	va_list args;
	size_t n;

	va_start(args, fmt);
	n = (size_t)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	while ((at = strstr(at, line))) {
		if ((at == rules || at[-1] == '\n') &&
		    (at[n] == '\n' || !at[n]))
			return true;
		at += n;
	}
	return false;
}

static int count_of(const char *rules, const char *word)
{
	int n = 0;

	for (; (rules = strstr(rules, word)); rules += strlen(word))
		n++;
	return n;
}

/* The port after the last colon. */
static const char *port_of(const char *address)
{
	const char *colon = strrchr(address, ':');

	return colon ? colon + 1 : "";
}

/* The chain accepts exactly the two ports, and drops the rest. */
static bool chain_is_right(const struct call *c, const char *chain,
			   const char *text)
{
	const char *gateway = setting(c, SET_GATEWAY_LISTEN);
	const char *proxy = setting(c, SET_EGRESS_PROXY);
	int host = (int)strcspn(gateway, ":"), ports = *proxy ? 2 : 1;
	const char *drop = strstr(text, " -j DROP\n");

	for (; drop && strstr(drop + 1, " -j DROP\n");)
		drop = strstr(drop + 1, " -j DROP\n");
	return count_of(text, " -j ACCEPT\n") == ports + 1 &&
	       count_of(text, "--ctstate RELATED,ESTABLISHED -j ACCEPT\n") == 1 &&
	       has_rule(text, "-A %s -d %.*s/32 -p tcp -m tcp --dport %s -j"
			" ACCEPT", chain, host, gateway, port_of(gateway)) &&
	       (!*proxy || has_rule(text, "-A %s -d %.*s/32 -p tcp -m tcp"
				    " --dport %s -j ACCEPT", chain, host,
				    gateway, port_of(proxy))) &&
	       has_rule(text, "-A %s -j DROP", chain) && drop &&
	       !strstr(drop, " -j ACCEPT");
}

/* No rule of INPUT before the jump accepts packets from that interface. */
static bool input_is_right(const char *chain, const char *text)
{
	char jump[128];
	const char *at;
	size_t i, n;

	n = (size_t)snprintf(jump, sizeof(jump), "-A INPUT -i %s -j %s\n", chain, chain);
	at = strstr(text, jump);
	if (!at || n >= sizeof(jump))
		return false;
	for (i = 0; text + i < at;) {
		n = strcspn(text + i, "\n");
		if (memmem(text + i, n, "-j ACCEPT", 9) &&
		    !memmem(text + i, n, " -i ", 4))
			return false;
		i += n + 1;
	}
	return true;
}

void doctor_firewall(const struct call *c, struct finding *f)
{
	static const char mend[] = "scripts/up (or gongbang-network.service)"
		" restores the rules; another firewall may remove them";
	const char *chain = setting(c, SET_WORKSPACE_NETWORK);
	auto_buf own = BUF_INIT(RULES_MAX);
	auto_buf input = BUF_INIT(RULES_MAX);
	auto_buf forward = BUF_INIT(RULES_MAX);
	const char *text = rules("iptables", chain, &own, f);

	if (!text || !rules("iptables", "INPUT", &input, f) ||
	    !rules("iptables", "FORWARD", &forward, f))
		return;
	if (!chain_is_right(c, chain, text))
		finding_fail(f, mend, "the chain %s has the wrong rules",
			     chain);
	else if (!input_is_right(chain, buf_text(&input)))
		finding_fail(f, mend, "INPUT does not send traffic from %s to"
			     " the chain %s first", chain, chain);
	else if (!has_rule(buf_text(&forward), "-A FORWARD -i %s -j DROP", chain))
		finding_fail(f, mend, "FORWARD does not drop traffic from %s",
			     chain);
	else
		finding_ok(f, "workspaces reach this host only at port %s%s%s",
			   port_of(setting(c, SET_GATEWAY_LISTEN)),
			   *setting(c, SET_EGRESS_PROXY) ? " and " : "",
			   port_of(setting(c, SET_EGRESS_PROXY)));
}

void doctor_wall(const struct call *c, struct finding *f)
{
	static const char mend[] = "scripts/up installs it where the kernel"
		" supports xt_owner; squid still refuses these addresses"
		" itself";
	const char *network = setting(c, SET_WORKSPACE_NETWORK);
	struct passwd *user = getpwnam("gongbang-egress");
	auto_buf output = BUF_INIT(RULES_MAX);
	auto_buf own = BUF_INIT(RULES_MAX);
	char chain[64];

	snprintf(chain, sizeof(chain), "%.40s-out", network);
	if (!*setting(c, SET_EGRESS_PROXY))
		finding_ok(f, "workspaces have no internet access"
			      " (egress_proxy is empty)");
	else if (!user)
		finding_fail(f, "run scripts/up (or systemd-sysusers)",
			     "user gongbang-egress does not exist");
	else if (!rules("iptables", "OUTPUT", &output, f))
		return;
	else if (!has_rule(buf_text(&output), "-A OUTPUT -m owner --uid-owner %u"
			   " -j %s", (unsigned)user->pw_uid, chain))
		finding_warn(f, mend, "the firewall does not check squid's"
			     " traffic");
	else if (rules("iptables", chain, &own, f) &&
		 count_of(buf_text(&own), " -j REJECT") < 2)
		finding_warn(f, mend, "the chain %s rejects nothing", chain);
	else if (own.len)
		finding_ok(f, "squid can't reach internal addresses, whatever"
			      " DNS says");
}
