/*
 * A volume's size, number of files and owner on the host, with real loop
 * devices. Needs root; what this kernel cannot is counted as skipped. Tests
 * volume_image.c, project_quota.c, file_tree.c, loop.c and host_user.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "core/str.h"
#include "guard/host_user.h"
#include "guard/project_quota.h"
#include "guard/volume.h"
#include "guard/volume_image.h"

#define MIB (INT64_C(1) << 20)
#define USER_A "01980000-0000-7000-8000-00000000000a"
#define USER_B "01980000-0000-7000-8000-00000000000b"
#define USER_C "01980000-0000-7000-8000-00000000000c"
#define USER_D "01980000-0000-7000-8000-00000000000d"
#define OWNER 1900000007

static char folder[64], path[80];

static int set_up(void **state)
{
	snprintf(folder, sizeof(folder), "/var/tmp/volume_test.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/_data", folder);
	return mkdir(path, 0755);
}

static int tear_down(void **state)
{
	char command[160];

	umount2(path, MNT_DETACH);
	snprintf(command, sizeof(command), "rm -rf --one-file-system %s", folder);
	return system(command);
}

static struct volume volume(enum volume_quota quota)
{
	return (struct volume){
		.path = path, .owner = OWNER, .project = 1879048199,
		.bytes = 64 * MIB, .inodes = 1000, .quota = quota,
		.busy_ms = 60000,
	};
}

static void hold(const struct volume *v, enum volume_quota expected)
{
	enum volume_quota held;
	struct err e = { 0 };

	if (volume_hold(v, &held, &e) < 0 || volume_own(v, &e) < 0)
		fail_msg("%s", e.text);
	if (held != expected)
		fail_msg("held as %d: %s", held, e.text);
}

static int open_in(const char *name)
{
	char file[256];

	snprintf(file, sizeof(file), "%s/%s", path, name);
	return open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
}

/* Bytes that can be allocated for a new file, in MiB. */
static int room(void)
{
	int fd = open_in("room"), n = 0;
	char file[160];

	syncfs(fd);
	while (n < 500 && posix_fallocate(fd, n * MIB, MIB) == 0)
		n++;
	close(fd);
	snprintf(file, sizeof(file), "%s/room", path);
	unlink(file);
	return n;
}

/* What was just deleted is free when that is committed. */
static int64_t fill_up(int fd, int64_t n)
{
	int tries;

	for (tries = 0; tries < 3; tries++) {
		for (; posix_fallocate(fd, n * 65536, 65536) == 0; n++)
			;
		syncfs(fd);
	}
	return n;
}

/* Files that can be made, then removed again. */
static int files(int most)
{
	char name[160];
	int n, i;

	for (n = 0; n < most; n++) {
		int fd;

		snprintf(name, sizeof(name), "f%d", n);
		fd = open_in(name);
		if (fd < 0)
			break;
		close(fd);
	}
	assert_true(n == most || errno == ENOSPC || errno == EDQUOT);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/f%d", path, i);
		unlink(name);
	}
	return n;
}

static void expect_owner(const char *name, uid_t owner)
{
	char file[160];
	struct stat st;

	snprintf(file, sizeof(file), "%s/%s", path, name);
	assert_int_equal(lstat(file, &st), 0);
	assert_int_equal(st.st_uid, owner);
	assert_int_equal(st.st_gid, owner);
}

static void an_image_holds_bytes_and_files(void **state)
{
	struct volume v = volume(VOLUME_IMAGE);
	struct err e = { 0 };
	struct stat st;
	char file[80];
	int64_t n;
	int fd;

	hold(&v, VOLUME_IMAGE);
	assert_in_range(room(), 30, 64);
	assert_in_range(files(5000), 500, 1300);
	expect_owner("", OWNER);
	snprintf(file, sizeof(file), "%s/disk.img", folder);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_size, 64 * MIB);
	assert_in_range(st.st_blocks * 512, 0, 40 * MIB);	/* sparse: room's were given back or few */
	close(open_in("kept"));
	hold(&v, VOLUME_IMAGE);			/* again: nothing changes */
	assert_int_equal(volume_release(path, &e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);	/* nobody writes below it */
	assert_int_equal(st.st_uid, 0);
	v.bytes = 128 * MIB;			/* grown by the setting */
	hold(&v, VOLUME_IMAGE);
	assert_int_equal(close(open_in("kept")), 0);
	assert_in_range(room(), 80, 128);
	fd = open_in("all");			/* full: a twentieth more, once */
	n = fill_up(fd, 0);
	close(fd);
	hold(&v, VOLUME_IMAGE);
	assert_in_range(room(), 2, 7);
	fd = open_in("all");
	fill_up(fd, n);
	close(fd);
	hold(&v, VOLUME_IMAGE);
	assert_int_equal(room(), 0);
	v.quota = VOLUME_WATCH;			/* an image stays one */
	hold(&v, VOLUME_IMAGE);
}

/*
 * A mount namespace of its own, as each start of a container makes one: the
 * volume's file system lives on in it. Ends when the volume was unmounted here
 * and ms went by; its status is 0 when the image was left alone all the while.
 */
static pid_t keep_mounted(const char *file, int ms)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct stat before, after;
		int fd;

		if (unshare(CLONE_NEWNS) < 0 || stat(file, &before) < 0 ||
		    write(ready[1], "", 1) != 1)
			_exit(2);
		close(ready[1]);
		usleep((useconds_t)ms * 1000);
		fd = open_in("late");	/* it can be written all the while */
		_exit(fd < 0 || write(fd, "late", 4) != 4 || fsync(fd) < 0 ||
		      stat(file, &after) < 0 || after.st_size != before.st_size);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void expect_text(const char *name, const char *text)
{
	char file[160], have[32] = "";
	int fd;

	snprintf(file, sizeof(file), "%s/%s", path, name);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && read(fd, have, sizeof(have) - 1) >= 0);
	close(fd);
	assert_string_equal(have, text);
}

static void an_image_is_grown_when_the_kernel_let_go(void **state)
{
	struct volume v = volume(VOLUME_IMAGE);
	char file[80];
	int status;
	pid_t pid;

	snprintf(file, sizeof(file), "%s/disk.img", folder);
	hold(&v, VOLUME_IMAGE);
	pid = keep_mounted(file, 300);
	v.bytes = 128 * MIB;
	hold(&v, VOLUME_IMAGE);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	expect_text("late", "late");
	assert_in_range(room(), 80, 128);
}

static void an_image_in_use_elsewhere_is_mounted_as_it_is(void **state)
{
	struct volume v = volume(VOLUME_IMAGE);
	struct err e = { 0 };
	enum volume_quota held;
	char file[80], command[320];
	int status;
	pid_t pid;

	snprintf(file, sizeof(file), "%s/disk.img", folder);
	hold(&v, VOLUME_IMAGE);
	assert_int_equal(volume_release(path, &e), 0);
	snprintf(command, sizeof(command), "flock %s mount -o loop %s %s", file, file, path);
	assert_int_equal(system(command), 0);	/* by hand: without our lock */
	pid = keep_mounted(file, 60000);
	v.bytes = 128 * MIB;
	v.busy_ms = 50;
	assert_int_equal(volume_hold(&v, &held, &e), 0);
	assert_int_equal(held, VOLUME_IMAGE);
	assert_non_null(strstr(e.text, "disk.img is still mounted somewhere"));
	assert_true(volume_image_mounted(path));
	assert_in_range(room(), 30, 64);
	close(open_in("here"));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	v.busy_ms = 60000;
	hold(&v, VOLUME_IMAGE);			/* the next start */
	assert_in_range(room(), 80, 128);
	expect_text("here", "");
}

/* A tool of a killed guard may be at work for a moment longer. */
static void an_image_that_a_tool_works_on_is_left_alone(void **state)
{
	struct volume v = volume(VOLUME_IMAGE);
	struct err e = { 0 };
	enum volume_quota held;
	char file[80];
	int fd;

	snprintf(file, sizeof(file), "%s/disk.img", folder);
	hold(&v, VOLUME_IMAGE);
	assert_int_equal(volume_release(path, &e), 0);
	v.bytes = 128 * MIB;
	v.busy_ms = 60000;
	hold(&v, VOLUME_IMAGE);			/* waits for the device to detach */
	assert_int_equal(volume_release(path, &e), 0);
	fd = open(file, O_RDWR | O_CLOEXEC);
	while (flock(fd, LOCK_EX | LOCK_NB) < 0)
		usleep(1000);
	v.busy_ms = 50;
	assert_int_equal(volume_hold(&v, &held, &e), -1);
	assert_non_null(strstr(e.text, "disk.img is still worked on"));
	close(fd);
	v.busy_ms = 60000;
	hold(&v, VOLUME_IMAGE);
}

/* The file was made longer, and then the guard was killed. */
static void a_growing_that_was_cut_short_is_finished(void **state)
{
	struct volume v = volume(VOLUME_IMAGE);
	char file[80];

	snprintf(file, sizeof(file), "%s/disk.img", folder);
	hold(&v, VOLUME_IMAGE);
	close(open_in("kept"));
	assert_int_equal(truncate(file, 128 * MIB), 0);
	v.bytes = 128 * MIB;
	hold(&v, VOLUME_IMAGE);
	assert_in_range(room(), 80, 128);
	expect_text("kept", "");
}

/* What is wrong with an image is said by the tool's name. */
static void a_broken_image_names_its_tool(void **state)
{
	struct volume v = volume(VOLUME_IMAGE);
	struct err e = { 0 };
	enum volume_quota held;
	char command[256];

	hold(&v, VOLUME_IMAGE);
	assert_int_equal(volume_release(path, &e), 0);
	snprintf(command, sizeof(command), "flock %s/disk.img dd if=/dev/zero of=%s/disk.img "
		 "conv=notrunc bs=1k count=64 status=none", folder, folder);
	assert_int_equal(system(command), 0);
	v.bytes = 128 * MIB;
	assert_int_equal(volume_hold(&v, &held, &e), -1);
	assert_non_null(strstr(e.text, "e2fsck ended with "));
	assert_false(volume_image_mounted(path));
}

static void files_are_moved_into_an_image(void **state)
{
	struct volume v = volume(VOLUME_AUTO);
	char name[160];
	struct stat st;

	close(open_in("old"));
	snprintf(name, sizeof(name), "%s/link", path);
	assert_int_equal(symlink("/etc/passwd", name), 0);
	hold(&v, VOLUME_WATCH);			/* auto lets it be */
	assert_false(volume_image_exists(path));
	v.quota = VOLUME_IMAGE;
	hold(&v, VOLUME_IMAGE);
	expect_owner("old", OWNER);
	expect_owner("link", OWNER);
	assert_int_equal(stat("/etc/passwd", &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_in_range(files(5000), 500, 1300);
}

/* Killed at any moment, the next one finishes it. */
static void a_move_may_be_killed(void **state)
{
	struct volume v = volume(VOLUME_IMAGE);
	char command[512];
	int round;

	snprintf(command, sizeof(command), "for i in $(seq 200); do echo $i >%s/n$i; done", path);
	assert_int_equal(system(command), 0);
	for (round = 0; round < 12; round++) {
		pid_t pid = fork();

		if (pid == 0) {
			enum volume_quota held;
			struct err e = { 0 };

			_exit(volume_hold(&v, &held, &e) < 0 ||
			      volume_own(&v, &e) < 0);
		}
		usleep(4000u * (unsigned)round);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	hold(&v, VOLUME_IMAGE);
	expect_owner("n200", OWNER);
	snprintf(command, sizeof(command), "test \"$(cat %s/n* | sort -n | md5sum)\" = \"$(seq 200 | md5sum)\"", path);
	assert_int_equal(system(command), 0);
}

static void a_tree_gets_its_owner(void **state)
{
	struct volume v = volume(VOLUME_WATCH);
	char command[512];
	struct stat st;

	snprintf(command, sizeof(command), "mkdir -p %s/a/b/c && touch %s/a/b/c/x && chown -R 1000:1000 %s && "
		 "chown %d:%d %s/a/b", path, path, path, OWNER, OWNER, path);
	assert_int_equal(system(command), 0);
	hold(&v, VOLUME_WATCH);
	expect_owner("a/b/c/x", OWNER);
	expect_owner("a", OWNER);
	expect_owner("", OWNER);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	v.owner = 1000;				/* and back */
	hold(&v, VOLUME_WATCH);
	expect_owner("a/b/c/x", 1000);
}

/* Missing when its container starts, the runtime would make it, as root's. */
static void the_shims_folder_is_the_owners(void **state)
{
	struct volume v = volume(VOLUME_WATCH);
	char name[160];
	struct err e = { 0 };
	struct stat st;

	snprintf(name, sizeof(name), "%s/.gongbang", path);
	hold(&v, VOLUME_WATCH);			/* empty: the engine fills it */
	assert_int_equal(lstat(name, &st), -1);
	close(open_in("old"));
	hold(&v, VOLUME_WATCH);
	expect_owner(".gongbang", OWNER);
	assert_int_equal(lstat(name, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	strcat(name, "/sessions");		/* of an earlier start */
	assert_int_equal(mkdir(name, 0755), 0);
	name[strlen(name) - strlen("/sessions")] = '\0';
	assert_int_equal(chown(name, 0, 0), 0);
	assert_int_equal(chmod(name, 0555), 0);
	hold(&v, VOLUME_WATCH);
	expect_owner(".gongbang", OWNER);
	expect_owner(".gongbang/sessions", OWNER);
	assert_int_equal(lstat(name, &st), 0);
	assert_int_equal(st.st_mode & 0700, 0700);
	strcat(name, "/sessions");
	assert_int_equal(rmdir(name), 0);
	name[strlen(name) - strlen("/sessions")] = '\0';
	assert_int_equal(rmdir(name), 0);
	assert_int_equal(symlink("/etc", name), 0);
	assert_int_equal(volume_own(&v, &e), -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
	assert_int_equal(stat("/etc", &st), 0);
	assert_int_equal(st.st_uid, 0);
}

/* On an ext4 of our own with project quotas, where the kernel has them. */
static void a_project_quota_holds(void **state)
{
	struct volume v = volume(VOLUME_AUTO);
	char command[512];

	snprintf(command, sizeof(command),
		 "truncate -s 300M %s/fs && mkfs.ext4 -q -F -O quota,project -E quotatype=prjquota %s/fs && "
		 "mount -o loop,prjquota %s/fs %s 2>/dev/null && mkdir %s/v", folder, folder, folder, path, path);
	if (system(command) != 0) {
		puts("skipped: ext4 with prjquota does not mount: this kernel needs CONFIG_QUOTA and CONFIG_QFMT_V2");
		skip();
	}
	strcat(path, "/v");
	close(open_in("old"));
	hold(&v, VOLUME_PROJECT);
	assert_true(project_quota_holds(path, v.project));
	assert_in_range(room(), 50, 64);
	assert_in_range(files(5000), 900, 1000);
	v.bytes = 128 * MIB;
	hold(&v, VOLUME_PROJECT);
	assert_in_range(room(), 110, 128);
	path[strlen(path) - 2] = '\0';
}

static void numbers_are_given_once(void **state)
{
	const struct host_settings s = { .folder = folder, .uid_first = 1900000000,
		.uid_count = 4, .bytes = 64 * MIB, .inodes = 1000,
		.engine_socket = "/nonexistent" };
	struct host_user a, b, again, c;
	char file[100], passwd[1024] = "";
	struct err e = { 0 };
	struct host *h = host_new(NULL, &s, &e);
	int fd;

	assert_int_equal(host_user_find(h, USER_A, path, &a, &e), 0);
	assert_int_equal(host_user_find(h, USER_B, path, &b, &e), 0);
	assert_int_equal(a.uid, 1900000000);
	assert_int_equal(b.owner, 1900000001);
	e = (struct err){ 0 };
	assert_int_equal(host_user_names(h, &a, &e), 0);
	fd = open(a.passwd, O_RDONLY);
	assert_true(read(fd, passwd, sizeof(passwd) - 1) > 0);
	close(fd);
	assert_non_null(strstr(passwd, "\nclaude:x:1900000000:1900000000::/workspace:"));
	talloc_free(h);
	snprintf(file, sizeof(file), "%s/uids", folder);	/* a line that was cut short */
	fd = open(file, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, "7 0198", 6), 6);
	close(fd);
	e = (struct err){ 0 };
	h = host_new(NULL, &s, &e);
	assert_int_equal(host_user_find(h, USER_B, path, &again, &e), 0);
	assert_int_equal(again.uid, b.uid);
	assert_int_equal(host_user_find(h, USER_A, "/var/lib/docker/165536.165536/volumes/x/_data", &again, &e), 0);
	assert_int_equal(again.uid, 10000);
	assert_int_equal(again.owner, 175536);
	assert_int_equal(host_user_find(h, USER_C, path, &c, &e), 0);
	talloc_free(h);
	h = host_new(NULL, &s, &e);
	assert_int_equal(host_user_find(h, USER_D, path, &again, &e), 0);
	assert_int_equal(again.uid, 1900000003);
	assert_int_equal(host_user_find(h, USER_C, path, &again, &e), 0);
	assert_int_equal(again.uid, c.uid);
	assert_int_equal(host_user_find(h, "01980000-0000-7000-8000-00000000000e", path, &c, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	talloc_free(h);
}

/* Of who is gone nothing is kept, and nobody gets his uid. */
static void a_number_is_not_given_again(void **state)
{
	const struct host_settings s = { .folder = folder, .uid_first = 1900000000,
		.uid_count = 9, .bytes = 64 * MIB, .inodes = 1000,
		.engine_socket = "/nonexistent" };
	struct host_user a, b, c;
	struct err e = { 0 };
	struct host *h = host_new(NULL, &s, &e);
	const char outside[ID_SIZE] = "../x";
	char command[320];
	int i;

	assert_int_equal(host_user_find(h, USER_A, path, &a, &e), 0);
	assert_int_equal(host_user_find(h, USER_B, path, &b, &e), 0);
	assert_int_equal(host_user_names(h, &b, &e), 0);
	snprintf(command, sizeof(command), "grep -rqs " USER_B " %s || ls %s | grep -q " USER_B, folder, folder);
	assert_int_equal(system(command), 0);
	for (i = 0; i < 2; i++)		/* the second time it is known no more */
		assert_int_equal(host_user_forget(h, USER_B, &e), 0);
	assert_int_not_equal(system(command), 0);
	talloc_free(h);
	h = host_new(NULL, &s, &e);	/* after a restart, too */
	assert_int_equal(host_user_find(h, USER_C, path, &c, &e), 0);
	assert_int_equal(c.number, b.number + 1);
	assert_int_equal(host_user_forget(h, USER_C, &e), 0);
	assert_int_equal(host_user_find(h, USER_B, path, &c, &e), 0);
	assert_int_equal(c.number, b.number + 2);
	assert_int_equal(host_user_find(h, USER_A, path, &c, &e), 0);
	assert_int_equal(c.uid, a.uid);
	assert_int_equal(host_user_forget(h, outside, &e), -1);
	talloc_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_image_holds_bytes_and_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_image_is_grown_when_the_kernel_let_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_image_in_use_elsewhere_is_mounted_as_it_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_image_that_a_tool_works_on_is_left_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_growing_that_was_cut_short_is_finished, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_broken_image_names_its_tool, set_up, tear_down),
		cmocka_unit_test_setup_teardown(files_are_moved_into_an_image, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_move_may_be_killed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_tree_gets_its_owner, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_shims_folder_is_the_owners, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_project_quota_holds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(numbers_are_given_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_number_is_not_given_again, set_up, tear_down),
	};

	if (geteuid() != 0) {
		puts("skipped: needs root for loop devices and owners");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
