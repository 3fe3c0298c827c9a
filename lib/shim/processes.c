#include "config.h"
#include "shim/processes.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"

#define PROCESSES_MAX 4096
#define STOP_ROUNDS 20

struct process {
	pid_t pid, parent;
	char state;
	bool below;	/* under the root */
	bool hit;	/* to be killed */
};

/* Reads a file of /proc/<pid>; bytes read, 0 on any failure. */
static size_t slurp(pid_t pid, const char *name, char *out, size_t size)
{
	size_t used = 0;
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	while (used < size - 1 &&
	       (n = read(fd, out + used, size - 1 - used)) > 0)
		used += (size_t)n;
	close(fd);
	out[used] = '\0';
	return used;
}

static bool read_one(pid_t pid, struct process *out)
{
	char stat[1024], *at;
	int parent;

	if (!slurp(pid, "stat", stat, sizeof(stat)))
		return false;
	/* The name, in brackets, may contain anything: search from its end. */
	at = strrchr(stat, ')');
	if (!at || sscanf(at + 1, " %c %d", &out->state, &parent) != 2)
		return false;
	out->pid = pid;
	out->parent = parent;
	out->below = false;
	out->hit = false;
	return true;
}

static size_t read_all(struct process *out, size_t max)
{
	struct dirent *entry;
	size_t n = 0;
	DIR *d;

	d = opendir("/proc");
	if (!d)
		return 0;
	while (n < max && (entry = readdir(d))) {
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    read_one(atoi(entry->d_name), &out[n]) &&
		    out[n].state != 'Z' && out[n].state != 'X')
			n++;
	}
	closedir(d);
	return n;
}

static bool has_variable(pid_t pid, const char *name, const char *value)
{
	static char env[256 << 10];
	char pair[80];
	size_t n, at;

	snprintf(pair, sizeof(pair), "%s=%s", name, value);
	n = slurp(pid, "environ", env, sizeof(env));
	for (at = 0; at < n; at += strlen(env + at) + 1) {
		if (strcmp(env + at, pair) == 0)
			return true;
	}
	return false;
}

/* Only Claude and its helpers have GONGBANG_SESSION. */
static bool is_tool(pid_t pid, const char *id)
{
	char score[16];

	if (slurp(pid, "oom_score_adj", score, sizeof(score)) &&
	    atoi(score) >= TOOL_OOM_SCORE)
		return true;
	return has_variable(pid, "GONGBANG_TOOL", id);
}

static const struct process *parent_of(const struct process *all, size_t n,
				       const struct process *p)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (all[i].pid == p->parent)
			return &all[i];
	}
	return NULL;
}

/* Propagates a flag down the tree until nothing changes. */
static void inherit(struct process *all, size_t n, pid_t root, pid_t spare)
{
	const struct process *parent;
	bool changed = true;
	size_t i;

	while (changed) {
		changed = false;
		for (i = 0; i < n; i++) {
			parent = parent_of(all, n, &all[i]);
			if (!all[i].below && (all[i].parent == root ||
					      (parent && parent->below))) {
				all[i].below = true;
				changed = true;
			}
			if (!all[i].hit && parent && parent->hit &&
			    all[i].pid != spare) {
				all[i].hit = true;
				changed = true;
			}
		}
	}
}

static void mark(struct process *all, size_t n, enum sweep what, pid_t root,
		 pid_t spare, const char *id)
{
	size_t i;

	inherit(all, n, root, spare);
	for (i = 0; i < n; i++) {
		struct process *p = &all[i];

		if (p->pid == spare || p->pid == root || p->pid == getpid())
			continue;
		if (what == SWEEP_MARKED)
			p->hit = has_variable(p->pid, "GONGBANG_TOOL", id) ||
				 has_variable(p->pid, "GONGBANG_SESSION", id);
		else if (p->below)
			p->hit = what == SWEEP_ALL || p->parent == root ||
				 is_tool(p->pid, id);
	}
	inherit(all, n, root, spare);
}

static size_t sweep_once(enum sweep what, pid_t root, pid_t spare,
			 const char *id)
{
	static struct process all[PROCESSES_MAX];
	size_t n, i, round, moving = 1, killed = 0;

	/*
	 * Stop them first: a stopped process cannot fork while others are
	 * being found.
	 */
	for (round = 0; round < STOP_ROUNDS && moving; round++) {
		n = read_all(all, PROCESSES_MAX);
		mark(all, n, what, root, spare, id);
		for (i = 0, moving = 0; i < n; i++) {
			if (all[i].hit && all[i].state != 'T') {
				kill(all[i].pid, SIGSTOP);
				moving++;
			}
		}
	}
	for (i = 0; i < n; i++) {
		if (all[i].hit) {
			kill(all[i].pid, SIGKILL);
			killed++;
		}
	}
	return killed;
}

size_t processes_sweep(enum sweep what, pid_t root, pid_t spare,
		       const char *id, int ms)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	int64_t deadline = clock_mono_ms() + ms;
	size_t killed = 0, n;

	while ((n = sweep_once(what, root, spare, id))) {
		killed = n > killed ? n : killed;
		if (clock_mono_ms() > deadline)
			break;
		nanosleep(&pause, NULL);
	}
	return killed;
}

bool processes_entered(pid_t pid)
{
	struct process p;

	return pid > 1 && read_one(pid, &p) && p.parent == 0;
}

size_t processes_count(void)
{
	struct dirent *entry;
	size_t n = 0;
	DIR *d;

	d = opendir("/proc");
	if (!d)
		return 0;
	while ((entry = readdir(d)))
		n += isdigit((unsigned char)entry->d_name[0]) != 0;
	closedir(d);
	return n;
}
