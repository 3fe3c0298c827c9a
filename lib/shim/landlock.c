#include "config.h"
#include "shim/landlock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/str.h"

/* linux/landlock.h as of ABI 6: the headers of Debian 12 know ABI 2. */
struct ruleset {
	uint64_t fs, net, scoped;
};

struct __attribute__((packed)) rule {
	uint64_t allowed;
	int32_t parent;
};

enum {
	CREATE_RULESET = 444, ADD_RULE, RESTRICT_SELF,	/* all architectures */
	CREATE_VERSION = 1,
	RULE_PATH = 1,
	SCOPE_ABSTRACT_SOCKET = 1 << 0, SCOPE_SIGNAL = 1 << 1,
	FS_WRITE_FILE = 1 << 1, FS_READ_FILE = 1 << 2,
	FS_REMOVE_MAKE = 0x1ff0,	/* REMOVE_DIR (4) to MAKE_SYM (12) */
	FS_REFER = 1 << 13, FS_TRUNCATE = 1 << 14,
};

#define FS_OF_FILES (FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)

int landlock_abi(void)
{
	long abi = syscall(CREATE_RULESET, NULL, 0, CREATE_VERSION);

	return abi > 0 ? (int)abi : 0;
}

/* Closes nothing. An entry that vanished, or is a link, needs no rule. */
static int allow(int rules, int folder, const char *name, uint64_t rights,
		 struct err *e)
{
	int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct rule r = { .allowed = rights, .parent = fd };
	struct stat st;
	int failed = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 :
		       err_errno(e, ERR_INTERNAL, errno, "open %s", name);
	if (fstat(fd, &st) < 0 || S_ISLNK(st.st_mode)) {
		close(fd);
		return 0;
	}
	if (!S_ISDIR(st.st_mode))
		r.allowed &= FS_OF_FILES;
	if (r.allowed && syscall(ADD_RULE, rules, RULE_PATH, &r, 0) < 0)
		failed = err_errno(e, ERR_INTERNAL, errno, "allow %s", name);
	close(fd);
	return failed;
}

/* Adds every entry of a folder except one. Takes fd. */
static int allow_others(int rules, int fd, const char *skip, size_t n,
			uint64_t rights, struct err *e)
{
	struct dirent *entry;
	int failed = 0;
	DIR *d;

	d = fdopendir(fd);
	if (!d) {
		err_errno(e, ERR_INTERNAL, errno, "list a folder");
		close(fd);
		return -1;
	}
	while (!failed && (entry = readdir(d))) {
		if (str_equal(entry->d_name, ".") ||
		    str_equal(entry->d_name, "..") ||
		    (strlen(entry->d_name) == n &&
		     memcmp(entry->d_name, skip, n) == 0))
			continue;
		failed = allow(rules, dirfd(d), entry->d_name, rights, e);
	}
	closedir(d);
	return failed;
}

/* A rule applies to a whole tree, so allow everything beside the path instead. */
static int allow_beside(int rules, const char *except, uint64_t rights,
			struct err *e)
{
	char above[4096] = "/";
	const char *at = except + 1;
	size_t n;
	int fd;

	for (; *at; at += n + (at[n] == '/')) {
		n = strcspn(at, "/");
		fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return err_errno(e, ERR_INTERNAL, errno, "open %s", above);
		if (allow_others(rules, fd, at, n, rights, e) < 0)
			return -1;
		if ((size_t)(at - except) + n >= sizeof(above))
			return err_set(e, ERR_INPUT, "the path is too long");
		memcpy(above, except, (size_t)(at - except) + n);
		above[(size_t)(at - except) + n] = '\0';
	}
	return 0;
}

/* Takes rules. */
static int restrict_self(int rules, struct err *e)
{
	int rc = -1;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		rc = (int)syscall(RESTRICT_SELF, rules, 0);
	if (rc < 0)
		err_errno(e, ERR_UNAVAILABLE, errno, "enter a domain");
	close(rules);
	return rc;
}

/* The kernel accepts a structure that ends earlier. */
static int create(struct ruleset r, int abi, struct err *e)
{
	size_t size = abi >= LANDLOCK_ABI_SCOPES ? sizeof(r) : sizeof(r.fs);
	int rules = (int)syscall(CREATE_RULESET, &r, size, 0);

	if (rules < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "make a domain");
	return rules;
}

int landlock_enter(const char *except, const char *own, struct err *e)
{
	struct ruleset r = {
		.fs = FS_WRITE_FILE | FS_READ_FILE | FS_REMOVE_MAKE | FS_REFER,
		.scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL,
	};
	int abi = landlock_abi(), rules;

	if (abi < LANDLOCK_ABI_LEAST)
		return 0;
	if (abi >= LANDLOCK_ABI_TRUNCATE)
		r.fs |= FS_TRUNCATE;
	rules = create(r, abi, e);
	if (rules < 0)
		return -1;
	if ((except ? allow_beside(rules, except, r.fs, e) :
		      allow(rules, AT_FDCWD, "/", r.fs, e)) < 0 ||
	    (own && allow(rules, AT_FDCWD, own, r.fs, e) < 0)) {
		close(rules);
		return -1;
	}
	return restrict_self(rules, e);
}

int landlock_enter_tool(struct err *e)
{
	/*
	 * A domain refuses REFER unless it allows it, even if it does not
	 * handle it.
	 */
	int abi = landlock_abi(), rules;

	if (abi < LANDLOCK_ABI_LEAST)
		return 0;
	rules = create((struct ruleset){ .fs = FS_REFER }, abi, e);
	if (rules < 0)
		return -1;
	if (allow(rules, AT_FDCWD, "/", FS_REFER, e) < 0) {
		close(rules);
		return -1;
	}
	if (restrict_self(rules, e) == 0 || errno == E2BIG)
		return 0;
	return -1;
}
