/* gongbang doctor: checks the installation, and says how to repair it. */
#include "config.h"
#include "cli/doctor/doctor.h"

#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"

#define PATIENCE_MS 20000	/* per check */

/* Run each check as the service's own user: what root can read proves nothing. */
static const struct row {
	const char *name;
	const char *user;	/* NULL: the caller, preferably root */
	doctor_check *check;
} rows[] = {
	{ "settings", "gongbang", doctor_settings },
	{ "keys", "gongbang-gateway", doctor_keys },
	{ "upstream", "gongbang-gateway", doctor_upstream },
	{ "clock", "gongbang-gateway", doctor_clock },
	{ "gateway", "gongbang", doctor_gateway },
	{ "journal", "gongbang-gateway", doctor_journal },
	{ "ledger", "gongbang-gateway", doctor_ledger },
	{ "squid", "gongbang", doctor_squid },
	{ "redis", "gongbang", doctor_redis },
	{ "store", "gongbang", doctor_store },
	{ "bridge", "gongbang", doctor_bridge },
	{ "worker", "gongbang", doctor_worker },
	{ "mail", "gongbang", doctor_mail },
	{ "pages", NULL, doctor_pages },
	{ "engine", NULL, doctor_engine },
	{ "guard", "gongbang-bridge", doctor_guard },
	{ "uids", NULL, doctor_uids },
	{ "volumes", NULL, doctor_volumes },
	{ "reserve", NULL, doctor_reserve },
	{ "image", NULL, doctor_image },
	{ "prices", NULL, doctor_prices },
	{ "network", NULL, doctor_network },
	{ "firewall", NULL, doctor_firewall },
	{ "wall", NULL, doctor_wall },
	{ "landlock", NULL, doctor_landlock },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

json_object *doctor_part(json_object *o, ...)
{
	const char *name;
	va_list names;

	va_start(names, o);
	while (o && (name = va_arg(names, const char *))) {
		if (!json_object_object_get_ex(o, name, &o))
			o = NULL;
	}
	va_end(names);
	return o;
}

/* False, with f set, when this process cannot become that user. */
static bool switch_user(const char *user, struct finding *f)
{
	struct passwd *p = getpwnam(user);

	if (!p) {
		finding_fail(f, "run scripts/up (or systemd-sysusers) to"
			     " create the users", "user %s does not exist", user);
		return false;
	}
	if (initgroups(user, p->pw_gid) < 0 || setgid(p->pw_gid) < 0 ||
	    setuid(p->pw_uid) < 0) {
		finding_fail(f, "run doctor as root", "can't check as %s", user);
		return false;
	}
	return true;
}

static _Noreturn void run_check(const struct row *row, const struct call *c,
				int to)
{
	struct finding f = { .grade = GRADE_FAIL };

	if (geteuid() != 0 || !row->user || switch_user(row->user, &f))
		row->check(c, &f);
	_exit(write(to, &f, sizeof(f)) == (ssize_t)sizeof(f) ? 0 : 1);
}

/* The finding of the check's process, or how that failed. */
static void read_finding(int from, struct finding *f)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS, left;
	struct pollfd p = { .fd = from, .events = POLLIN };
	char *at = (char *)f;
	size_t n = 0;
	ssize_t got = 1;

	while (n < sizeof(*f) && got > 0 &&
	       (left = end - clock_mono_ms()) > 0) {
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		got = read(from, at + n, sizeof(*f) - n);
		if (got > 0)
			n += (size_t)got;
	}
	if (n == sizeof(*f))
		return;
	finding_fail(f, "see that program's log (scripts/status)",
		     got > 0 ? "no response in %d seconds" :
		     "the check itself failed", PATIENCE_MS / 1000);
}

static int examine(const struct row *row, const struct call *c,
		   struct finding *f, struct err *e)
{
	int ends[2], status;
	pid_t pid;

	if (pipe(ends) < 0 || (pid = fork()) < 0)
		return err_set(e, ERR_INTERNAL, "can't start a process for"
						" the check");
	if (pid == 0) {
		close(ends[0]);
		run_check(row, c, ends[1]);
	}
	close(ends[1]);
	read_finding(ends[0], f);
	close(ends[0]);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return 0;
}

static const char *const grades[] = { "ok", "warn", "fail" };

static void print_line(const struct row *row, const struct finding *f)
{
	printf("%-4s  %-8s  %s\n", grades[f->grade], row->name, f->text);
	if (*f->mend)
		printf("                fix: %s\n", f->mend);
	fflush(stdout);
}

static void add_line(json_object *list, const struct row *row,
		     const struct finding *f)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "check", json_object_new_string(row->name));
	json_object_object_add(o, "state",
			       json_object_new_string(grades[f->grade]));
	json_object_object_add(o, "text", json_object_new_string(f->text));
	json_object_object_add(o, "mend", json_object_new_string(f->mend));
	json_object_array_add(list, o);
}

static bool is_asked(const struct row *row, const char *check)
{
	return !check || str_equal(check, row->name);
}

int command_doctor(const struct call *c, struct err *e)
{
	json_object *list = json_object_new_array();
	int failed = 0, done = 0, rc = 0;
	struct finding f;
	size_t i;

	fflush(stdout);		/* or each child inherits it */
	for (i = 0; i < ROWS && rc == 0; i++) {
		if (!is_asked(&rows[i], c->words[0]))
			continue;
		done++;
		rc = examine(&rows[i], c, &f, e);
		if (rc < 0)
			break;
		failed += f.grade == GRADE_FAIL;
		if (c->options[OPTION_JSON])
			add_line(list, &rows[i], &f);
		else
			print_line(&rows[i], &f);
	}
	if (c->options[OPTION_JSON] && rc == 0)
		puts(json_object_to_json_string_ext(list,
			JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(list);
	if (!done)
		return err_set(e, ERR_INPUT, "unknown check \"%.20s\"",
			       c->words[0]);
	if (failed)
		return err_set(e, ERR_UNAVAILABLE, "%d of %d checks failed",
			       failed, done);
	return rc;
}
