/*
 * gongbang-shim: process 1 of a workspace; `gongbang-shim link` connects an
 * exec to it; as gongbang-tool it starts one of Claude's commands.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/err.h"
#include "core/str.h"
#include "shim/paths.h"
#include "shim/shim.h"
#include "shim/stdio_proxy.h"
#include "shim/subreaper.h"

static int usage(void)
{
	fprintf(stderr, "usage: gongbang-shim [link | --version]\n");
	return 2;
}

static int complain(const struct err *e)
{
	fprintf(stderr, "gongbang-shim: %s\n", e->text);
	return 1;
}

int main(int argc, char **argv)
{
	const struct shim_limits limits = SHIM_LIMITS;
	const char *name = strrchr(argv[0], '/');
	struct err e = { 0 };
	int result;

	name = name ? name + 1 : argv[0];
	if (str_equal(name, "gongbang-tool"))
		return tool_main(argc, argv);
	result = path_init(&e);
	if (result < 0)
		return complain(&e);
	if (argc > 3 && str_equal(argv[1], "subreaper"))
		return subreaper_main(argv[2], argv + 3);
	if (argc == 2 && str_equal(argv[1], "--version")) {
		printf("gongbang-shim %s\n", PACKAGE_VERSION);
		return 0;
	}
	if (argc > 2 || (argc == 2 && !str_equal(argv[1], "link")))
		return usage();
	signal(SIGPIPE, SIG_IGN);
	result = argc == 2 ? stdio_proxy_run(&e) : shim_run(&limits, &e);
	return result < 0 ? complain(&e) : 0;
}
