#include "config.h"
#include "shim/cgroup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "shim/disk_usage.h"
#include "shim/paths.h"
#include "shim/processes.h"

struct layout {
	const char *oom, *memory, *memory_max, *memory_stat, *inactive;
	const char *cpu, *cpu_key;
	int cpu_per_usec;
};

/* Row 0 is cgroup v1 (one folder per controller), row 1 v2. */
static const struct layout layouts[] = {
	{
		"memory/memory.oom_control", "memory/memory.usage_in_bytes",
		"memory/memory.limit_in_bytes", "memory/memory.stat",
		"total_inactive_file ", "cpuacct/cpuacct.usage", "", 1000,
	},
	{
		"memory.events", "memory.current", "memory.max", "memory.stat",
		"inactive_file ", "cpu.stat", "usage_usec ", 1,
	},
};

static const char *folder = "/sys/fs/cgroup";
static const struct layout *layout = &layouts[0];
static int oom_fd = -1;

static int open_below(const char *name)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

void cgroup_init(void)
{
	const char *other = getenv("GONGBANG_SHIM_CGROUP");

	if (!path_is_workspace() && other)
		folder = other;
	oom_fd = open_below(layouts[0].oom);
	if (oom_fd < 0) {
		layout = &layouts[1];
		oom_fd = open_below(layout->oom);
	}
}

/* The number after key at the start of a line, 0 when absent. */
static int64_t number_after(int fd, const char *key)
{
	size_t n = strlen(key);
	const char *at;
	char text[8192];
	ssize_t len;

	len = pread(fd, text, sizeof(text) - 1, 0);
	text[len > 0 ? len : 0] = '\0';
	for (at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, key, n) == 0)
			return strtoll(at + n, NULL, 10);
	}
	return 0;
}

static int64_t read_number(const char *name, const char *key)
{
	int fd = open_below(name);
	int64_t n;

	if (fd < 0)
		return 0;
	n = number_after(fd, key);
	close(fd);
	return n;
}

int64_t cgroup_oom_kills(void)
{
	return oom_fd < 0 ? 0 : number_after(oom_fd, "oom_kill ");
}

/* Allowed CPUs in hundredths, 0: no limit. */
static int64_t cpus(void)
{
	int64_t quota, period;
	char text[64] = "";
	int fd;

	if (layout == &layouts[0]) {
		quota = read_number("cpu/cpu.cfs_quota_us", "");
		period = read_number("cpu/cpu.cfs_period_us", "");
		return quota > 0 && period > 0 ? quota * 100 / period : 0;
	}
	fd = open_below("cpu.max");
	if (fd < 0)
		return 0;
	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	if (sscanf(text, "%" SCNd64 " %" SCNd64, &quota, &period) != 2 ||
	    period <= 0)
		return 0;
	return quota * 100 / period;
}

int cgroup_format(struct buf *out, unsigned sessions, unsigned blocked,
		  struct err *e)
{
	int64_t memory, inactive, max, hundredths = cpus();
	struct statvfs disk = { 0 };

	memory = read_number(layout->memory, "");
	inactive = read_number(layout->memory_stat, layout->inactive);
	max = read_number(layout->memory_max, "");
	if (max >= INT64_C(1) << 60)	/* v1 writes "none" as a huge number */
		max = 0;
	(void)!statvfs(path_home(), &disk);
	return buf_addf(out, e,
		"version %s\nmemory %" PRId64 "\nmemory_max %" PRId64 "\n"
		"cpu_usec %" PRId64 "\ncpus %" PRId64 ".%02" PRId64 "\n"
		"oom_kills %" PRId64 "\ndisk_free %llu\ndisk_size %llu\n"
		"disk_used %" PRId64 "\n"
		"processes %zu\nsessions %u\nblocked %u\n",
		PACKAGE_VERSION, inactive < memory ? memory - inactive : memory,
		max, read_number(layout->cpu, layout->cpu_key) /
		layout->cpu_per_usec, hundredths / 100, hundredths % 100,
		cgroup_oom_kills(),
		(unsigned long long)disk.f_bavail * disk.f_frsize,
		(unsigned long long)disk.f_blocks * disk.f_frsize,
		disk_usage_bytes(), processes_count(), sessions, blocked);
}
