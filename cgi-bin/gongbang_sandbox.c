/*
 * gongbang-sandbox LIST[,LIST...] PROGRAM [ARGUMENT...]: runs a service with
 * only the system calls that the lists name (seccomp(2)), sockets of four
 * families, no core dumps, and no memory that is both writable and executable.
 * scripts/up starts services through it; the systemd units use the same lists.
 */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif
#define REFUSE_EXEC_GAIN 1UL	/* PR_MDWE_REFUSE_EXEC_GAIN */
#define LINE_MAX_BYTES 4096

#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
		    CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "gongbang-sandbox: %s: %s\n", what, why);
	exit(126);
}

static void must(int bad, const char *what)
{
	if (bad < 0 && bad != -EEXIST)
		die(what, strerror(-bad));
}

static void allow_sockets(scmp_filter_ctx filter)
{
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		must(seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				      SCMP_A0(SCMP_CMP_EQ,
					      (scmp_datum_t)families[i])), "socket");
}

/*
 * clone3 passes its flags in memory, where a filter cannot read them: glibc
 * falls back to clone.
 */
static void allow_clone(scmp_filter_ctx filter)
{
	must(seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
			      SCMP_A0(SCMP_CMP_MASKED_EQ, NAMESPACES, 0)), "clone");
	must(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0),
	     "clone3");
}

/* A name that only another architecture has cannot be called here. */
static void allow(scmp_filter_ctx filter, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);

	if (number == __NR_SCMP_ERROR)
		die(name, "is not a system call that libseccomp knows");
	if (number < 0)
		return;
	if (number == SCMP_SYS(socket))
		allow_sockets(filter);
	else if (number == SCMP_SYS(clone))
		allow_clone(filter);
	else
		must(seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0), name);
}

static void read_list(scmp_filter_ctx filter, const char *path)
{
	char line[LINE_MAX_BYTES], *at, *name;
	FILE *in = fopen(path, "re");

	if (!in)
		die(path, strerror(errno));
	while (fgets(line, sizeof(line), in)) {
		at = line;
		if (*at == '#')
			continue;
		while ((name = strsep(&at, " \t\n"))) {
			if (*name)
				allow(filter, name);
		}
	}
	if (ferror(in))
		die(path, strerror(errno));
	fclose(in);
}

static void load_filter(char *lists)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	char *path;

	if (!filter)
		die("seccomp", "out of memory");
	while ((path = strsep(&lists, ",")))
		read_list(filter, path);
	must(seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 1), "no_new_privs");
	must(seccomp_load(filter), "seccomp");
	seccomp_release(filter);
}

int main(int argc, char **argv)
{
	const struct rlimit none = { 0, 0 };

	if (argc < 3)
		die("usage", "gongbang-sandbox LIST[,LIST...] PROGRAM [ARGUMENT...]");
	if (setrlimit(RLIMIT_CORE, &none) < 0)
		die("setrlimit", strerror(errno));
	/*
	 * Kernels before 6.3 do not support it (EINVAL): the filter applies
	 * nevertheless.
	 */
	if (prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0UL, 0UL, 0UL) < 0 &&
	    errno != EINVAL)
		die("PR_SET_MDWE", strerror(errno));
	load_filter(argv[1]);
	execvp(argv[2], argv + 2);
	die(argv[2], strerror(errno));
}
