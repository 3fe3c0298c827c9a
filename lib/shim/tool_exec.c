#include "config.h"
#include "shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "shim/landlock.h"
#include "shim/processes.h"

static void raise_oom_score(void)
{
	char score[8];
	int fd;

	/*
	 * The program is not readable, so its /proc entries would belong to
	 * root.
	 */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	snprintf(score, sizeof(score), "%d", TOOL_OOM_SCORE);
	(void)!write(fd, score, strlen(score));
	close(fd);
}

int tool_main(int argc, char **argv)
{
	const char *session = getenv("GONGBANG_SESSION");
	struct err e = { 0 };

	if (argc != 2) {
		fprintf(stderr, "usage: gongbang-tool COMMAND\n");
		return 2;
	}
	if (session)
		setenv("GONGBANG_TOOL", session, 1);
	raise_oom_score();
	if (landlock_enter_tool(&e) < 0) {
		fprintf(stderr, "gongbang-tool: %s\n", e.text);
		return 126;
	}
	execl("/bin/bash", "bash", "-c", argv[1], (char *)NULL);
	fprintf(stderr, "gongbang-tool: /bin/bash: %s\n", strerror(errno));
	return 127;
}
