#include "config.h"
#include "shim/write_notifier.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"
#include "shim/paths.h"
#include "shim/shim_written.h"

#define WRITES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)
#define NAME_MAX_BYTES 4096	/* of a path as a process gives it */
#define FULL_MAX (NAME_MAX_BYTES + 64)
#define PAGE 4096

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV	/* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* Which arguments are a folder's descriptor and a path; HERE: no descriptor. */
#define HERE (-1)
static const struct call {
	int nr;
	int folder, path;
	int from_folder, from;	/* of a move; from 0 and folder HERE: rename() */
	bool moves;
} calls[] = {
	{ .nr = SYS_openat, .folder = 0, .path = 1 },
	{ .nr = SYS_openat2, .folder = 0, .path = 1 },
	{ .nr = SYS_renameat2, .folder = 2, .path = 3, .from_folder = 0,
	  .from = 1, .moves = true },
	{ .nr = SYS_linkat, .folder = 2, .path = 3 },
	{ .nr = SYS_truncate, .folder = HERE, .path = 0 },
#ifdef SYS_renameat
	{ .nr = SYS_renameat, .folder = 2, .path = 3, .from_folder = 0,
	  .from = 1, .moves = true },
#endif
#ifdef SYS_open
	{ .nr = SYS_open, .folder = HERE, .path = 0 },
	{ .nr = SYS_creat, .folder = HERE, .path = 0 },
	{ .nr = SYS_rename, .folder = HERE, .path = 1, .from_folder = HERE,
	  .from = 0, .moves = true },
	{ .nr = SYS_link, .folder = HERE, .path = 1 },
#endif
};

#define NCALLS (sizeof(calls) / sizeof(calls[0]))

#define WORD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
			     offsetof(struct seccomp_data, field))
/* Skips the next n statements unless the word is k, or has none of its bits. */
#define UNLESS(k, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), 0, (n))
#define UNLESS_BITS(k, n) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (k), 0, (n))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define NOTIFY BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)

/* Other architectures' calls were refused before (shim/seccomp.c). */
static size_t make_filter(struct sock_filter *code)
{
	size_t n = 0, i;

	code[n++] = (struct sock_filter)WORD(nr);
	for (i = 0; i < NCALLS; i++) {
		const int flags = calls[i].nr == SYS_openat ? 2 :
#ifdef SYS_open
			calls[i].nr == SYS_open ? 1 :
#endif
			0;

		code[n++] = (struct sock_filter)UNLESS((unsigned)calls[i].nr,
						       flags ? 4 : 1);
		if (flags == 2)
			code[n++] = (struct sock_filter)WORD(args[2]);
		else if (flags)
			code[n++] = (struct sock_filter)WORD(args[1]);
		if (flags)
			code[n++] = (struct sock_filter)UNLESS_BITS(WRITES, 1);
		code[n++] = (struct sock_filter)NOTIFY;
		if (flags)
			code[n++] = (struct sock_filter)ALLOW;
	}
	code[n++] = (struct sock_filter)ALLOW;
	return n;
}

int write_notifier_install(void)
{
	struct sock_filter code[2 + 5 * NCALLS];
	struct sock_fprog program = { .filter = code };
	int fd;

	program.len = (unsigned short)make_filter(code);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	/* A call that the subreaper has read is not interrupted by a signal. */
	fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			  SECCOMP_FILTER_FLAG_NEW_LISTENER |
			  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
	if (fd < 0 && errno == EINVAL)
		fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				  SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	return fd;
}

static bool read_bytes(pid_t pid, uint64_t address, void *out, size_t n)
{
	struct iovec mine = { out, n };
	struct iovec theirs = { (void *)(uintptr_t)address, n };

	return process_vm_readv(pid, &mine, 1, &theirs, 1, 0) == (ssize_t)n;
}

/* Page by page: the next one may not exist. */
static bool read_text(pid_t pid, uint64_t address, char *out, size_t size)
{
	size_t used = 0, n;

	while (used < size) {
		n = PAGE - ((address + used) & (PAGE - 1));
		if (n > size - used)
			n = size - used;
		if (!read_bytes(pid, address + used, out + used, n))
			return false;
		if (memchr(out + used, '\0', n))
			return true;
		used += n;
	}
	return false;
}

/* A path through the process's own folder, for this process. */
static bool full_path(const struct seccomp_notif *rq, int folder, int path,
		      char out[FULL_MAX])
{
	const int fd = folder == HERE ? AT_FDCWD :
		       (int)(uint32_t)rq->data.args[folder];
	char text[NAME_MAX_BYTES];
	int n;

	if (!read_text((pid_t)rq->pid, rq->data.args[path], text, sizeof(text)))
		return false;
	if (text[0] == '/')
		return !str_starts(text, "/dev/") && !str_starts(text, "/proc/") &&
		       str_copy(out, FULL_MAX, text);
	if (fd == AT_FDCWD)
		n = snprintf(out, FULL_MAX, "/proc/%u/cwd/%s", rq->pid, text);
	else
		n = snprintf(out, FULL_MAX, "/proc/%u/fd/%d/%s", rq->pid, fd,
			     text);
	return n > 0 && n < FULL_MAX;
}

/* Where the path leads, if that is below the home; *mode: its type, 0 missing. */
static bool where(const char *full, mode_t *mode, size_t room, char *out)
{
	char self[40];
	struct stat st;
	ssize_t n;
	int fd;

	*mode = 0;
	fd = open(full, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return false;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	n = readlink(self, out, room - 1);
	if (fstat(fd, &st) == 0)
		*mode = st.st_mode & S_IFMT;
	close(fd);
	if (n <= 0 || (size_t)n >= room - 1)
		return false;
	out[n] = '\0';
	return true;
}

/* The same for a path whose last name may not exist yet. */
static bool where_to_be(char *full, mode_t *mode, char out[FULL_MAX])
{
	char *slash = strrchr(full, '/');
	size_t n;

	if (where(full, mode, FULL_MAX, out))
		return true;
	if (!slash || !slash[1])
		return false;
	*slash = '\0';
	if (!where(slash == full ? "/" : full, mode, FULL_MAX, out) ||
	    *mode != S_IFDIR)
		return false;
	*mode = 0;
	n = strlen(out);
	if (n + strlen(slash + 1) + 2 > FULL_MAX)
		return false;
	snprintf(out + n, FULL_MAX - n, "/%s", slash + 1);
	return true;
}

/* Whether a file there would be listed; then its name below the home. */
static bool below_home(const char *path, char out[WRITE_NOTIFIER_PATH_MAX + 1])
{
	const size_t home = strlen(path_home());
	const char *name;
	size_t n;

	if (!str_starts(path, path_home()) || path[home] != '/')
		return false;
	path += home + 1;
	for (name = path; *name; name += n + (name[n] == '/')) {
		n = strcspn(name, "/");
		if (changes_leave_out(name, n))
			return false;
	}
	return *path && str_copy(out, WRITE_NOTIFIER_PATH_MAX + 1, path);
}

static const struct call *find_call(int nr)
{
	size_t i;

	for (i = 0; i < NCALLS; i++) {
		if (calls[i].nr == nr)
			return &calls[i];
	}
	return NULL;
}

static bool fill(const struct seccomp_notif *rq, struct write_notice *out)
{
	const struct call *c = find_call(rq->data.nr);
	char full[FULL_MAX], path[FULL_MAX];
	uint64_t flags;
	mode_t mode;

	out->from[0] = '\0';
	if (!c || (c->nr == SYS_openat2 &&
		   (!read_bytes((pid_t)rq->pid, rq->data.args[2], &flags,
				sizeof(flags)) || !(flags & WRITES))))
		return false;
	if (c->moves) {
		if (!full_path(rq, c->from_folder, c->from, full) ||
		    !where(full, &mode, sizeof(path), path))
			return false;
		if (mode == S_IFDIR && !below_home(path, out->from))
			return false;
	}
	return full_path(rq, c->folder, c->path, full) &&
	       where_to_be(full, &mode, path) &&
	       (!mode || mode == S_IFREG || out->from[0]) &&
	       below_home(path, out->path);
}

bool write_notifier_read(int fd, void (*each)(const struct write_notice *n))
{
	/* A later kernel's may be longer. */
	union {
		struct seccomp_notif rq;
		char room[512];
	} in;
	union {
		struct seccomp_notif_resp answer;
		char room[512];
	} out;
	struct write_notice notice;

	memset(&in, 0, sizeof(in));
	memset(&out, 0, sizeof(out));
	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &in.rq) < 0)
		return errno == EINTR || errno == ENOENT;
	notice.at = clock_now_ms();
	/* The process may have ended, and another got its number. */
	if (fill(&in.rq, &notice) &&
	    ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &in.rq.id) == 0)
		each(&notice);
	out.answer.id = in.rq.id;
	out.answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	return ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &out.answer) == 0 ||
	       errno == ENOENT;
}
