#include "config.h"
#include "engine/docker_spec.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/digest.h"
#include "engine/docker_http.h"

#define SECCOMP_MAX (128 << 10)
#define VOLUME_PATH "/var/lib/gongbang/volume"
#define CA_PATH "/etc/ssl/certs/ca-certificates.crt"

static struct json_object *text(const char *s)
{
	return json_object_new_string(s);
}

static void add_member(struct json_object *o, const char *key, struct json_object *v)
{
	if (json_object_object_add(o, key, v) < 0)
		err_abort("out of memory");
}

static struct json_object *list1(struct json_object *item)
{
	struct json_object *a = json_object_new_array();

	json_object_array_add(a, item);
	return a;
}

static struct json_object *number_text(int64_t n)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%lld", (long long)n);
	return text(digits);
}

struct json_object *docker_labels_new(const struct container_spec *spec)
{
	struct json_object *o = json_object_new_object();

	add_member(o, LABEL_INSTANCE, text(spec->instance));
	add_member(o, LABEL_USER, text(spec->user_id));
	if (spec->uids)
		add_member(o, LABEL_UIDS, number_text(spec->uids));
	return o;
}

static struct json_object *mount(const char *type, const char *source,
				 const char *target, bool read_only)
{
	struct json_object *o = json_object_new_object();

	add_member(o, "Type", text(type));
	add_member(o, "Source", text(source));
	add_member(o, "Target", text(target));
	add_member(o, "ReadOnly", json_object_new_boolean(read_only));
	return o;
}

static struct json_object *volume(const struct container_spec *spec,
				  const char *target)
{
	struct json_object *o = mount("volume", spec->volume, target, false);
	struct json_object *options = json_object_new_object();

	add_member(options, "Labels", docker_labels_new(spec));
	add_member(o, "VolumeOptions", options);
	return o;
}

/*
 * A new volume gets the content and the owner of the image's /workspace. Its
 * .gongbang is hidden there, so the user's processes have no path to it:
 * /var/lib/gongbang belongs to root, and only an exec begins below it
 * (shim/paths.h).
 */
static struct json_object *mounts(const struct container_spec *spec)
{
	struct json_object *a = json_object_new_array();

	json_object_array_add(a, volume(spec, "/workspace"));
	json_object_array_add(a, volume(spec, VOLUME_PATH));
	if (spec->extra_ca)
		json_object_array_add(a, mount("bind", spec->extra_ca, CA_PATH,
					       true));
	if (spec->passwd)
		json_object_array_add(a, mount("bind", spec->passwd, "/etc/passwd", true));
	if (spec->group)
		json_object_array_add(a, mount("bind", spec->group, "/etc/group", true));
	return a;
}

static struct json_object *ulimit(const char *name, int64_t n)
{
	struct json_object *o = json_object_new_object();

	add_member(o, "Name", text(name));
	add_member(o, "Soft", json_object_new_int64(n));
	add_member(o, "Hard", json_object_new_int64(n));
	return o;
}

static struct json_object *ulimits(void)
{
	struct json_object *a = list1(ulimit("nofile", 8192));

	json_object_array_add(a, ulimit("core", 0));
	return a;
}

static struct json_object *pair(const char *key, const char *value)
{
	struct json_object *o = json_object_new_object();

	add_member(o, key, text(value));
	return o;
}

static struct json_object *shares(bool boosted)
{
	return json_object_new_int(boosted ? DOCKER_SHARES_BOOSTED : DOCKER_SHARES);
}

static void put_limits(struct json_object *host,
		       const struct container_spec *spec)
{
	struct json_object *tmpfs;
	char options[96];

	add_member(host, "Memory", json_object_new_int64(spec->memory));
	add_member(host, "MemorySwap", json_object_new_int64(spec->memory));
	add_member(host, "MemorySwappiness", json_object_new_int(0));
	add_member(host, "NanoCpus", json_object_new_int64(spec->cpus * 1000000000));
	add_member(host, "CpuShares", shares(spec->boosted));
	add_member(host, "PidsLimit", json_object_new_int64(spec->pids));
	add_member(host, "OomScoreAdj", json_object_new_int(0));
	add_member(host, "Ulimits", ulimits());
	snprintf(options, sizeof(options),
		 "rw,exec,nosuid,nodev,size=%lldm,mode=1777",
		 (long long)(spec->tmp >> 20));
	tmpfs = pair("/tmp", options);
	add_member(tmpfs, "/workspace/.gongbang",
		   text("ro,noexec,nosuid,nodev,size=4k,mode=555"));
	add_member(tmpfs, "/run/gongbang",
		   text("rw,exec,nosuid,nodev,size=64m,mode=1777"));
	add_member(host, "Tmpfs", tmpfs);
}

static struct json_object *security(const struct container_spec *spec)
{
	struct json_object *a = list1(text("no-new-privileges"));
	auto_buf profile = BUF_INIT(SECCOMP_MAX);
	struct err e = { 0 };

	if (!spec->seccomp)
		return a;
	if (buf_addf(&profile, &e, "seccomp=%s", spec->seccomp) < 0)
		err_abort("the seccomp profile's cap");
	json_object_array_add(a, text(buf_text(&profile)));
	return a;
}

static void put_isolation(struct json_object *host,
			  const struct container_spec *spec)
{
	add_member(host, "ReadonlyRootfs", json_object_new_boolean(true));
	add_member(host, "Privileged", json_object_new_boolean(false));
	add_member(host, "CapDrop", list1(text("ALL")));
	add_member(host, "SecurityOpt", security(spec));
	add_member(host, "IpcMode", text("private"));
	add_member(host, "NetworkMode", text(spec->network));
	add_member(host, "Dns", list1(text("127.0.0.1")));
	/* A kernel without IPv6 lacks this sysctl, and start would fail. */
	if (access("/proc/sys/net/ipv6", F_OK) == 0)
		add_member(host, "Sysctls",
			   pair("net.ipv6.conf.all.disable_ipv6", "1"));
}

static struct json_object *host_config(const struct container_spec *spec)
{
	struct json_object *host = json_object_new_object();

	add_member(host, "Mounts", mounts(spec));
	put_limits(host, spec);
	put_isolation(host, spec);
	add_member(host, "Init", json_object_new_boolean(false));
	add_member(host, "LogConfig", pair("Type", "none"));
	add_member(host, "RestartPolicy", pair("Name", "no"));
	return host;
}

static struct json_object *build(const struct container_spec *spec)
{
	struct json_object *o = json_object_new_object();
	struct json_object *env = json_object_new_array();
	struct json_object *health = json_object_new_object();
	const long long uid = spec->uid ? spec->uid : 1000;
	const char *const *e;
	char user[48];

	for (e = spec->env; e && *e; e++)
		json_object_array_add(env, text(*e));
	add_member(o, "Image", text(spec->image));
	add_member(o, "Hostname", text("workspace"));
	snprintf(user, sizeof(user), "%lld:%lld", uid, uid);
	add_member(o, "User", text(user));
	add_member(o, "WorkingDir", text("/workspace"));
	add_member(o, "Env", env);
	add_member(o, "Labels", docker_labels_new(spec));
	add_member(o, "StopTimeout", json_object_new_int(5));
	add_member(health, "Test", list1(text("NONE")));
	add_member(o, "Healthcheck", health);
	add_member(o, "HostConfig", host_config(spec));
	return o;
}

static void hash(struct json_object *o, char out[65])
{
	const char *s = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);

	digest_hex(s, strlen(s), out);
}

struct json_object *docker_spec_new(const struct container_spec *spec)
{
	struct json_object *o = build(spec), *label = NULL, *env = NULL;
	char hex[65];

	container_spec_hash(spec, hex);
	if (json_object_object_get_ex(o, "Labels", &label)) {
		add_member(label, LABEL_SPEC, text(hex));
		if (spec->token_hash)
			add_member(label, LABEL_TOKEN, text(spec->token_hash));
	}
	if (spec->secret && json_object_object_get_ex(o, "Env", &env))
		json_object_array_add(env, text(spec->secret));
	return o;
}

void container_spec_hash(const struct container_spec *spec, char out[65])
{
	struct container_spec plain = *spec;
	struct json_object *o;

	plain.uid = 0;
	plain.passwd = plain.group = NULL;
	plain.boosted = false;
	o = build(&plain);
	hash(o, out);
	json_object_put(o);
}

struct json_object *docker_boost_new(bool boosted)
{
	struct json_object *o = json_object_new_object();

	add_member(o, "CpuShares", shares(boosted));
	return o;
}

struct json_object *docker_exec_new(const char *const *argv)
{
	static const char *const attach[] = {
		"AttachStdin", "AttachStdout", "AttachStderr",
	};
	struct json_object *o = json_object_new_object();
	struct json_object *cmd = json_object_new_array();
	size_t i;

	for (i = 0; i < sizeof(attach) / sizeof(attach[0]); i++)
		json_object_object_add(o, attach[i],
				       json_object_new_boolean(true));
	json_object_object_add(o, "Tty", json_object_new_boolean(false));
	for (; *argv; argv++)
		json_object_array_add(cmd, json_object_new_string(*argv));
	json_object_object_add(o, "Cmd", cmd);
	add_member(o, "WorkingDir", text(VOLUME_PATH));
	return o;
}

int docker_list_path(struct buf *path, bool all, const char *filter,
		     const char *value, struct err *e)
{
	struct json_object *filters = json_object_new_object();
	int rc;

	add_member(filters, filter, list1(text(value)));
	rc = buf_addf(path, e, "/containers/json?%sfilters=", all ? "all=1&" : "");
	if (rc == 0)
		rc = docker_encode(path, json_object_to_json_string_ext(
					filters, JSON_C_TO_STRING_PLAIN), e);
	json_object_put(filters);
	return rc;
}

int docker_instance_path(struct buf *path, const char *instance, struct err *e)
{
	char label[256];

	snprintf(label, sizeof(label), LABEL_INSTANCE "=%s", instance);
	return docker_list_path(path, false, "label", label, e);
}
