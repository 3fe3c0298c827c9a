#include "config.h"
#include "shim/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#define NUMBERS 0x40000000	/* x32's numbers start here */
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#define NUMBERS 0x40000000
#else
#error "seccomp's name of this architecture is needed"
#endif

#define FILE_SETATTR 469	/* Linux 6.17; headers of Debian 12 lack it */

#define WORD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
			     offsetof(struct seccomp_data, field))
/* Skips the next n statements unless the word is, or reaches, k. */
#define UNLESS(k, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), 0, (n))
#define UNLESS_FROM(k, n) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (k), 0, (n))
#define IF(k, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), (n), 0)
#define REFUSE(code) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (code))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

int seccomp_filter(struct err *e)
{
	struct sock_filter code[] = {
		WORD(arch),
		IF(ARCH, 1),
		REFUSE(ENOSYS),
		WORD(nr),
		UNLESS_FROM(NUMBERS, 1),
		REFUSE(ENOSYS),
		UNLESS(SYS_io_uring_setup, 1),
		REFUSE(ENOSYS),
		UNLESS(SYS_io_uring_enter, 1),
		REFUSE(ENOSYS),
		UNLESS(SYS_io_uring_register, 1),
		REFUSE(ENOSYS),
		UNLESS(FILE_SETATTR, 1),
		REFUSE(ENOSYS),
		/*
		 * Only for the process itself: its owner could limit another
		 * one to death.
		 */
		UNLESS(SYS_prlimit64, 4),
		WORD(args[0]),
		IF(0, 1),
		REFUSE(EPERM),
		ALLOW,
		/* An inode's project decides which quota counts it. */
		UNLESS(SYS_ioctl, 6),
		WORD(args[1]),
		IF(FS_IOC_FSSETXATTR, 3),
		IF(FS_IOC_SETFLAGS, 2),
		IF(TIOCSTI, 1),
		ALLOW,
		REFUSE(EPERM),
		IF(SYS_socket, 2),
		IF(SYS_socketpair, 1),
		ALLOW,
		WORD(args[0]),		/* the family: its low half */
		IF(AF_UNIX, 4),
		IF(AF_INET, 3),
		IF(AF_INET6, 2),
		IF(AF_NETLINK, 1),
		REFUSE(EAFNOSUPPORT),
		ALLOW,
	};
	struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]), .filter = code,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "seccomp");
	return 0;
}

void seccomp_filter_processes(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
