#!/bin/sh
# The documents name only files, functions, commands and settings that exist.
# shellcheck disable=SC2013,SC2016  # the words have no spaces, patterns are not expanded
set -eu
cd "${top_srcdir:-.}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

complain() {
	echo "documents: $*" >&2
	failed=1
}

# Every function defined at the beginning of a line of C.
find lib cgi-bin -name '*.[ch]' -exec grep -hoE '^[a-z].*[ *][a-z_0-9]+\(' {} + |
	grep -oE '[a-z_0-9]+\($' | tr -d '(' | sort -u >"$work/functions"
[ "$(wc -l <"$work/functions")" -gt 2000 ] || complain "few functions were found"

for document in README.md README.ko.md ARCHITECTURE.md CONTRIBUTING.md lib/*/*.md; do
	# A path that ends in .c, .h, .sh, .md, .js or .html, patterns aside.
	for path in $(grep -oE '(lib|cgi-bin|tests|templates|conf|scripts)/[A-Za-z0-9_./-]+\.(c|h|sh|md|js|html|list|png)\b' "$document" | sort -u); do
		[ -e "$path" ] || complain "$document names $path"
	done
	! grep -qE '^(<{7}|>{7}) ' "$document" || complain "$document has a conflict that was not resolved"
	# A link, relative to the document.
	for path in $(grep -oE '\]\([A-Za-z0-9_./-]+\)' "$document" | sed 's/^](//; s/)$//' | sort -u); do
		[ -e "$(dirname "$document")/$path" ] || complain "$document links to $path"
	done
	# name() in backticks, and any name() in a drawing.
	{
		grep -oE '`[a-z_0-9]+\(\)`' "$document" | tr -d '`' || :
		sed -n '/^```mermaid/,/^```$/p' "$document" | grep -oE '[a-z_0-9]+\(\)' || :
	} | tr -d '()' | sort -u | comm -23 - "$work/functions" >"$work/unknown"
	while read -r name; do
		complain "$document names $name(), which nothing defines"
	done <"$work/unknown"
done

# The drawing of the states of Claude's process, by its table: "state" and "event".
sed -n '/^A loaded session/,/^```$/s/^  \([a-z_]*\) --> \([a-z_]*\): \(.*\)$/\1\n\2\n\3/p' ARCHITECTURE.md |
	tr _ ' ' | sort -u >"$work/drawn"
[ -s "$work/drawn" ] || complain "the states of Claude's process are not drawn"
while read -r word; do
	grep -q "\"$word\"" lib/session/claude_states.c ||
		complain "ARCHITECTURE.md draws \"$word\", which is neither state nor event of lib/session/claude_states.c"
done <"$work/drawn"

# gongbang NOUN, as the command line's table has them.
sed -n 's/^\t{ "\([a-z-]*\)", "[a-z-]*", {.*/\1/p' cgi-bin/gongbang.c | sort -u >"$work/nouns"
for noun in $(grep -ohE '`(scripts/)?gongbang [a-z][a-z-]*' README.md README.ko.md CONTRIBUTING.md ARCHITECTURE.md | sed 's/.* //' | sort -u); do
	grep -qx "$noun" "$work/nouns" || complain "\"gongbang $noun\" is named, which is no command"
done
exit $failed
