#!/bin/sh
# README, ARCHITECTURE and CONTRIBUTING name only files and functions that exist.
set -eu
cd "${top_srcdir:-.}"
failed=0

complain() {
	echo "documents: $*" >&2
	failed=1
}

for document in README.md ARCHITECTURE.md CONTRIBUTING.md; do
	# A path that ends in .c, .h, .sh, .md, .js or .html, patterns aside.
	for path in $(grep -oE '(lib|cgi-bin|tests|templates|conf|scripts)/[A-Za-z0-9_./-]+\.(c|h|sh|md|js|html|list)\b' "$document" | sort -u); do
		[ -e "$path" ] || complain "$document names $path"
	done
	# `name()`: defined at the beginning of a line of C.
	for name in $(grep -oE '`[a-z_0-9]+\(\)`' "$document" | tr -d '`()' | sort -u); do
		grep -rqE --include='*.[ch]' "^[a-z].*[ *]$name\(" lib cgi-bin ||
			complain "$document names $name(), which nothing defines"
	done
done
exit $failed
