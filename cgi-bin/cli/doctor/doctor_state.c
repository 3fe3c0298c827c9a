/*
 * gongbang doctor: settings, the store, logins, and the programs that answer
 * pages.
 */
#include "config.h"
#include "cli/doctor/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <talloc.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"
#include "egress/allow_list.h"
#include "http/http_client.h"
#include "kv/kv.h"
#include "notify/mail.h"
#include "store/db.h"
#include "store/notices.h"
#include "store/planning.h"
#include "time/zone.h"

#define MIB (INT64_C(1) << 20)
#define DISK_FAIL (200 * MIB)
#define DISK_WARN (1024 * MIB)
#define LATE_MAX_MS 5000	/* of the schedule */

static const char *setting(const struct call *c, enum setting id)
{
	return settings_text(c->settings, id);
}

/* Settings were parsed before this; the files they name must be readable too. */
void doctor_settings(const struct call *c, struct finding *f)
{
	static const enum setting files[] = { SET_TEMPLATES, SET_PRICES };
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *path = setting(c, files[i]);

		if (access(path, R_OK) < 0) {
			finding_fail(f, "correct the setting, or run"
				     " scripts/up to install it again", "%s: %s", path,
				     strerror(errno));
			return;
		}
	}
	if (!zone_find("UTC")) {
		finding_fail(f, "apt-get install --reinstall tzdata",
			     "the list of time zones can't be read");
		return;
	}
	if (!allow_list_load(c->ctx, setting(c, SET_EGRESS_ALLOW), &e))
		finding_fail(f, "fix that line; the bridge reads the list"
			     " when it starts", "%s", e.text);
	else
		finding_ok(f, "settings and the files they name are readable");
}

/* False, with f set, when the disk below path is nearly full. */
static bool disk_has_room(const char *path, struct finding *f, int64_t *free_mib)
{
	struct statvfs s;
	int64_t bytes;

	if (statvfs(path, &s) < 0) {
		finding_fail(f, "check that its disk is mounted", "%s: %s",
			     path, strerror(errno));
		return false;
	}
	bytes = (int64_t)s.f_bavail * (int64_t)s.f_frsize;
	*free_mib = bytes / MIB;
	if (bytes >= DISK_WARN && (!s.f_files || s.f_favail > 1000))
		return true;
	if (bytes < DISK_FAIL || (s.f_files && s.f_favail < 100))
		finding_fail(f, "free up space on that disk",
			     "%lld MiB left for %s",
			     (long long)*free_mib, path);
	else
		finding_warn(f, "free up space on that disk",
			     "%lld MiB left for %s",
			     (long long)*free_mib, path);
	return false;
}

void doctor_store(const struct call *c, struct finding *f)
{
	static const char mend[] = "scripts/up creates it and sets its"
		" permissions; if it is damaged, restore a backup";
	const char *path = setting(c, SET_DATABASE);
	int64_t free_mib = 0;
	struct err e = { 0 };
	struct db *db;

	if (access(path, R_OK | W_OK) < 0) {
		finding_fail(f, mend, "%s: %s", path, strerror(errno));
		return;
	}
	db = db_open(c->ctx, path, &e);
	if (!db || db_begin(db, &e) < 0) {
		finding_fail(f, mend, "%s", e.text);
		return;
	}
	if (db_run(db, &e, "DELETE FROM users WHERE id = $1", "t", "") < 0)
		finding_fail(f, mend, "it can't be written: %s", e.text);
	else if (disk_has_room(path, f, &free_mib))
		finding_ok(f, "%s is writable, %lld MiB free", path,
			   (long long)free_mib);
	db_rollback(db);
}

void doctor_redis(const struct call *c, struct finding *f)
{
	static const char mend[] = "start it with the conf/redis.conf that"
		" scripts/up writes; its disk may be full";
	struct kv *kv = kv_new(c->ctx, setting(c, SET_REDIS_SOCKET));
	struct err e = { 0 };
	char *info;

	if (kv_info(kv, c->ctx, "persistence", &info, &e) < 0)
		finding_fail(f, "see scripts/status and its log; scripts/up"
			     " starts it", "%s", e.text);
	else if (!strstr(info, "\naof_enabled:1\r"))
		finding_warn(f, mend, "running, but loses all logins when it"
			     " stops (appendonly is off)");
	else if (!strstr(info, "\naof_last_write_status:ok\r") ||
		 !strstr(info, "\naof_last_bgrewrite_status:ok\r"))
		finding_fail(f, mend, "running, but its last write failed");
	else
		finding_ok(f, "running, and its data is on disk");
}

void doctor_bridge(const struct call *c, struct finding *f)
{
	struct http_client_call call = {
		.socket = setting(c, SET_CONTROL_SOCKET),
		.method = "GET",
		.path = "/healthz",
		.deadline_ms = DOCTOR_MS,
	};
	struct err e = { 0 };
	int status = 0;

	if (http_client_run(&call, &status, NULL, &e) < 0)
		finding_fail(f, "see scripts/status and its log; scripts/up"
			     " starts it", "%s: %s", call.socket, e.text);
	else if (status != 200)
		finding_fail(f, "see the bridge's log", "it responds %d", status);
	else
		finding_ok(f, "running");
}

struct workers {
	struct kv *kv;
	const void *ctx;
	int alive;
};

static int count_alive(void *data, const char *name, struct err *e)
{
	struct workers *w = data;
	char *value;
	char key[80];

	snprintf(key, sizeof(key), "worker:%s", name);
	if (kv_get(w->kv, w->ctx, key, &value, e) < 0)
		return -1;
	w->alive += value != NULL;
	return 0;
}

/* How late the scheduler is: 0 when no agent is due. */
static int planning_late(const struct call *c, int64_t *ms, struct err *e)
{
	struct db *db = db_open(c->ctx, setting(c, SET_DATABASE), e);
	int64_t next;

	if (!db || due_next(db, &next, e) < 0)
		return -1;
	*ms = next && next < clock_now_ms() ? clock_now_ms() - next : 0;
	return 0;
}

void doctor_worker(const struct call *c, struct finding *f)
{
	struct workers w = { .ctx = c->ctx,
		.kv = kv_new(c->ctx, setting(c, SET_REDIS_SOCKET)) };
	struct err e = { 0 };
	int64_t late = 0;

	if (kv_set_each(w.kv, "workers", count_alive, &w, &e) < 0 ||
	    planning_late(c, &late, &e) < 0)
		finding_fail(f, "fix the redis and store checks first", "%s", e.text);
	else if (!w.alive)
		finding_fail(f, "see scripts/status and its log; scripts/up"
			     " starts it", "no worker is running: scheduled"
				     " runs don't start");
	else if (late > LATE_MAX_MS)
		finding_warn(f, "see its log; add a second worker to share"
				" the load",
			     "%d running, %lld s behind schedule", w.alive,
			     (long long)late / 1000);
	else
		finding_ok(f, "%d running, on time", w.alive);
}

/* The worker delivers notifications: this reports the results. */
void doctor_mail(const struct call *c, struct finding *f)
{
	struct db *db;
	struct err e = { 0 };
	char error[64];
	int64_t waiting;

	db = db_open(c->ctx, setting(c, SET_DATABASE), &e);
	if (!db || notice_mail_trouble(db, &waiting, error, sizeof(error),
				       &e) < 0)
		finding_fail(f, "fix the store check first", "%s", e.text);
	else if (waiting)
		finding_warn(f, "correct smtp_url, smtp_from, smtp_user or"
			     " smtp_password; emails are retried for three"
			     " days",
			     "emails waiting: %lld; the mail server"
			     " rejects them: %s", (long long)waiting, error);
	else if (!mail_ready(c->settings))
		finding_ok(f, "off: smtp_url or smtp_from is empty");
	else
		finding_ok(f, "no email is waiting");
}

void doctor_pages(const struct call *c, struct finding *f)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	const char *path = setting(c, SET_PAGES_SOCKET);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!str_copy(a.sun_path, sizeof(a.sun_path), path) || fd < 0 ||
	    connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		finding_fail(f, "see scripts/status and its log; scripts/up"
			     " starts it", "%s: %s", path, strerror(errno));
	else
		finding_ok(f, "running");
	if (fd >= 0)
		close(fd);
}
