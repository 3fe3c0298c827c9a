#!/bin/sh
# conf/gongbang.conf.sample equals the output of --dump-settings.
set -eu
./gongbang-demo-model --dump-settings |
	sed -E 's#^(templates|prices|egress_allow|workspace_seccomp) = .*/#\1 = /usr/share/gongbang/#' |
	diff -u "${top_srcdir:-.}/conf/gongbang.conf.sample" - ||
	{ echo "run: ./gongbang-demo-model --dump-settings (with the paths below /usr/share/gongbang as they are)"; exit 1; }
