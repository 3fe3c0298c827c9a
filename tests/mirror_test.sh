#!/bin/sh
# Tests mirror the tree: lib/X/y.c is tested by tests/X/y_test.c, or is named in
# the first comment of the test that is to fail when it breaks: there as y.c, or
# from other folders, and in JavaScript, as lib/X/y.c. A test program is named
# after the file it tests, or names one.
set -eu
cd "${top_srcdir:-.}"

find lib -mindepth 2 -maxdepth 2 -name '*.c' | LC_ALL=C sort | awk '
# The first comment of a file.
function comment(file,    line, text, c) {
	c = file ~ /\.c$/
	while ((getline line < file) > 0) {
		if (!c && line !~ /^\/\//)
			break
		text = text " " line
		if (c && line ~ /\*\//)
			break
	}
	close(file)
	return text
}

# What it names, as lib/X/y.c.
function names(test,    words, n, i, folder, name, any) {
	folder = test
	sub(/^tests\//, "", folder)
	sub(/\/[^\/]*$/, "", folder)
	n = split(comment(test), words, /[^a-z0-9_\/.]+/)
	for (i = 1; i <= n; i++) {
		name = words[i]
		sub(/\.$/, "", name)
		if (name !~ /\.c$/)
			continue
		if (name !~ /\//)
			name = "lib/" folder "/" name
		if (name in units) {
			named[name] = 1
			any = 1
		} else if (name ~ /^lib\// && test ~ /\.c$/) {
			complain(test " names " name ", which is not there")
		}
	}
	return any
}

function complain(text) {
	print "mirror: " text > "/dev/stderr"
	failed = 1
}

{ units[$0] = 1 }

END {
	while (("find tests -name \"*_test.c\" -o -name \"*.test.js\" ! -path \"*/node_modules/*\" | LC_ALL=C sort" | getline test) > 0) {
		any = names(test)
		unit = test
		sub(/^tests/, "lib", unit)
		sub(/_test\.c$/, ".c", unit)
		if (unit in units)
			named[unit] = 1
		else if (!any && test ~ /_test\.c$/ && test !~ /^tests\/cgi-bin\//)
			complain(test ": which file of lib does it test?")
	}
	for (unit in units) {
		if (!(unit in named))
			complain(unit ": no test has its name or names it")
	}
	exit failed
}'
