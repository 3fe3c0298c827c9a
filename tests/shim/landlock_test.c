/*
 * lib/shim/landlock.c with each Landlock ABI. The test plays the kernel: it
 * refuses unknown flags like a real one.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/landlock.h"

/* linux/landlock.h; Debian 12's knows ABI 2. */
enum {
	CREATE_RULESET = 444, ADD_RULE, RESTRICT_SELF, CREATE_VERSION = 1,
	WRITE_FILE = 1 << 1, READ_FILE = 1 << 2, REMOVE_MAKE = 0x1ff0,
	REFER = 1 << 13, TRUNCATE = 1 << 14,
	OF_FILES = 0x1 | WRITE_FILE | READ_FILE | TRUNCATE | 1 << 15,
};

#define FS_2 (WRITE_FILE | READ_FILE | REMOVE_MAKE | REFER)
#define FS_3 (FS_2 | TRUNCATE)
#define RULES_MAX 4000

static struct kernel {
	int abi, refuse;	/* errno of the last step; 0: none */
	int created, entered;
	uint64_t fs, scoped;	/* of the rule set */
	size_t size;
	struct {
		char path[300];
		uint64_t rights;
	} rules[RULES_MAX];
	size_t n;
} kernel;

static long refuse(int errnum)
{
	errno = errnum;
	return -1;
}

static long create(const uint64_t *r, size_t size, unsigned flags)
{
	static const uint64_t known[] = {
		0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff, 0xffff, 0xffff,
	};
	size_t mine = kernel.abi < 4 ? 8 : kernel.abi < 6 ? 16 : 24, i;

	if (!kernel.abi)
		return refuse(EOPNOTSUPP);
	if (flags == CREATE_VERSION)
		return !r && !size ? kernel.abi : refuse(EINVAL);
	for (i = mine / 8; i < size / 8; i++) {
		if (r[i])
			return refuse(E2BIG);
	}
	if (!r[0] || (r[0] & ~known[kernel.abi]) || (size > 8 && r[1]) ||
	    (size > 16 && (r[2] & ~UINT64_C(3))))
		return refuse(EINVAL);
	kernel.created++;
	kernel.fs = r[0];
	kernel.size = size;
	kernel.scoped = size > 16 ? r[2] : 0;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static long add_rule(const char *rule)
{
	uint64_t rights;
	int32_t parent;
	struct stat st;
	char link[64];
	ssize_t n;

	memcpy(&rights, rule, sizeof(rights));
	memcpy(&parent, rule + sizeof(rights), sizeof(parent));
	if (fstat(parent, &st) < 0)
		return refuse(EBADF);
	if (!rights)
		return refuse(ENOMSG);
	if ((rights & ~kernel.fs) ||
	    (!S_ISDIR(st.st_mode) && (rights & ~(uint64_t)OF_FILES)))
		return refuse(EINVAL);
	assert_true(kernel.n < RULES_MAX);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", (int)parent);
	n = readlink(link, kernel.rules[kernel.n].path,
		     sizeof(kernel.rules[0].path) - 1);
	assert_true(n > 0);
	kernel.rules[kernel.n].path[n] = '\0';
	kernel.rules[kernel.n++].rights = rights;
	return 0;
}

long __wrap_syscall(long number, ...);

long __wrap_syscall(long number, ...)
{
	const void *what;
	long result;
	size_t size;
	va_list ap;

	va_start(ap, number);
	if (number == CREATE_RULESET) {
		what = va_arg(ap, const void *);
		size = va_arg(ap, size_t);
		result = create(what, size, va_arg(ap, unsigned));
	} else if (number == ADD_RULE) {
		(void)va_arg(ap, int);
		assert_int_equal(va_arg(ap, int), 1);	/* a path beneath */
		result = add_rule(va_arg(ap, const void *));
	} else {
		assert_int_equal(number, RESTRICT_SELF);
		assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
		kernel.entered++;
		result = kernel.refuse ? refuse(kernel.refuse) : 0;
	}
	va_end(ap);
	return result;
}

static void boot(int abi)
{
	memset(&kernel, 0, sizeof(kernel));
	kernel.abi = abi;
}

/* Of a path; 0: no rule. */
static uint64_t rights_of(const char *path)
{
	uint64_t rights = 0;
	size_t i;

	for (i = 0; i < kernel.n; i++) {
		if (strcmp(kernel.rules[i].path, path) == 0)
			rights |= kernel.rules[i].rights;
	}
	return rights;
}

/* What a session's Claude gets by each kernel. */
static const struct {
	int abi, domains;
	uint64_t fs, scoped;
	size_t size;
} rows[] = {
	{ 0, 0, 0, 0, 0 },
	{ 1, 0, 0, 0, 0 },		/* renames would break */
	{ 2, 1, FS_2, 0, 8 },
	{ 3, 1, FS_3, 0, 8 },
	{ 5, 1, FS_3, 0, 8 },
	{ 6, 1, FS_3, 3, 24 },
	{ 7, 1, FS_3, 3, 24 },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void each_kernel_is_asked_for_what_it_has(void **state)
{
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < ROWS; i++) {
		boot(rows[i].abi);
		assert_int_equal(landlock_abi(), rows[i].abi);
		if (landlock_enter(NULL, NULL, &e) < 0)
			fail_msg("ABI %d: %s", rows[i].abi, e.text);
		assert_int_equal(kernel.created, rows[i].domains);
		assert_int_equal(kernel.entered, rows[i].domains);
		assert_int_equal(kernel.fs, rows[i].fs);
		assert_int_equal(kernel.scoped, rows[i].scoped);
		assert_int_equal(kernel.size, rows[i].size);
		assert_int_equal(kernel.n, rows[i].domains);
		assert_int_equal(rights_of("/"), rows[i].fs);
	}
}

static char base[64];

static const char *below(const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s%s", base, name);
	return path;
}

static int make_homes(void **state)
{
	char command[300];

	snprintf(base, sizeof(base), "/tmp/gongbang-domain-XXXXXX");
	assert_non_null(mkdtemp(base));
	snprintf(command, sizeof(command), "cd %s && mkdir homes homes/a homes/b"
		 " beside && touch file homes/c && ln -s homes/b link", base);
	return system(command);
}

static int remove_homes(void **state)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf '%s'", base);
	return system(command);
}

/* No rule for it, nor for a folder it lies in. */
static void expect_shut(const char *path)
{
	char above[160];
	char *slash;

	snprintf(above, sizeof(above), "%s", path);
	while ((slash = strrchr(above, '/'))) {
		assert_int_equal(rights_of(above), 0);
		*slash = '\0';
	}
	assert_int_equal(rights_of("/"), 0);
}

static void other_sessions_homes_are_shut_by_each_kernel(void **state)
{
	char except[160], own[160];
	struct err e = { 0 };
	size_t i;

	snprintf(except, sizeof(except), "%s/homes", base);
	snprintf(own, sizeof(own), "%s/homes/a", base);
	for (i = 0; i < ROWS; i++) {
		boot(rows[i].abi);
		if (landlock_enter(except, own, &e) < 0)
			fail_msg("ABI %d: %s", rows[i].abi, e.text);
		assert_int_equal(kernel.entered, rows[i].domains);
		assert_int_equal(kernel.scoped, rows[i].scoped);
		assert_int_equal(rights_of(own), rows[i].fs);
		assert_int_equal(rights_of(below("/beside")), rows[i].fs);
		assert_int_equal(rights_of(below("/file")),
				 rows[i].fs & OF_FILES);
		assert_int_equal(rights_of(below("/link")), 0);
		expect_shut(below("/homes/b"));
		expect_shut(below("/homes/c"));
	}
}

/* A tool's own limits nothing, or renames would fail with it. */
static void a_tools_domain_allows_renames_by_each_kernel(void **state)
{
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < ROWS; i++) {
		boot(rows[i].abi);
		if (landlock_enter_tool(&e) < 0)
			fail_msg("ABI %d: %s", rows[i].abi, e.text);
		assert_int_equal(kernel.entered, rows[i].domains);
		assert_int_equal(kernel.fs, rows[i].domains ? REFER : 0);
		assert_int_equal(kernel.scoped, 0);
		assert_int_equal(rights_of("/"), kernel.fs);
	}
}

static void sixteen_nested_ones_are_enough(void **state)
{
	struct err e = { 0 };

	boot(6);
	kernel.refuse = E2BIG;
	assert_int_equal(landlock_enter_tool(&e), 0);
	assert_int_equal(landlock_enter(NULL, NULL, &e), -1);
	kernel.refuse = EPERM;
	assert_int_equal(landlock_enter_tool(&e), -1);
	assert_int_equal(e.kind, ERR_UNAVAILABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kernel_is_asked_for_what_it_has),
		cmocka_unit_test(other_sessions_homes_are_shut_by_each_kernel),
		cmocka_unit_test(a_tools_domain_allows_renames_by_each_kernel),
		cmocka_unit_test(sixteen_nested_ones_are_enough),
	};

	return cmocka_run_group_tests(tests, make_homes, remove_homes);
}
