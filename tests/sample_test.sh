#!/bin/sh
# conf/gongbang.conf.sample is what --dump-settings prints, word for word.
set -eu
./gongbang-demo-model --dump-settings |
	sed 's|^templates = .*/templates$|templates = /usr/share/gongbang/templates|' |
	diff -u "${top_srcdir:-.}/conf/gongbang.conf.sample" - ||
	{ echo "run: ./gongbang-demo-model --dump-settings (with the path of templates as it is)"; exit 1; }
