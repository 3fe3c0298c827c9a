#!/bin/sh
# Names that a search finds: the base name of a source file occurs once, a
# header's guard is its name, and no function, struct, enumeration, macro or
# file of ours has a word of names.list in its name.
set -eu
cd "${top_srcdir:-.}"
failed=0
complain() {
	echo "names: $*" >&2
	failed=1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
find lib cgi-bin tests -name node_modules -prune -o -name '*.[ch]' ! -name static_version.h -print >"$work/files"
[ "$(wc -l <"$work/files")" -gt 500 ] || complain "few files were found"

grep -E '^(lib|cgi-bin)/' "$work/files" >"$work/ours"
# Programs of tests/bench are named by what they measure.
grep -v '^tests/bench/' "$work/files" | sed 's|.*/||' | sort | uniq -d >"$work/twice"
while read -r name; do
	complain "several files are called $name: $(grep "/$name\$" "$work/files" | tr '\n' ' ')"
done <"$work/twice"
while read -r file; do
	case $file in
	*.h) ;;
	*) continue ;;
	esac
	guard=$(echo "${file##*/}" | tr 'a-z.' 'A-Z_')
	grep -q "^#ifndef .*$guard\$" "$file" || complain "$file has no guard that ends in $guard"
done <"$work/ours"

# What lib/ and cgi-bin/ define: functions, structs, enumerations, macros, and
# the files themselves. Words are separated by underscores.
{
	tr '\n' '\0' <"$work/ours" | xargs -0 grep -ohE '^([a-z_].*[ *])?[a-z_0-9]+\(|^(struct|enum) [a-z_0-9]+ \{|^#define [A-Za-z_0-9]+' |
		sed -E 's/\($//; s/ \{$//; s/.*[ *]//'
	sed 's|.*/||; s|\.[ch]$||' "$work/ours"
} | tr '[:upper:]' '[:lower:]' | sort -u >"$work/names"
[ "$(wc -l <"$work/names")" -gt 3000 ] || complain "few names were found"
while IFS='	' read -r word better; do
	case $word in
	'' | \#*) continue ;;
	esac
	grep -E "(^|_)$word(_|\$)" "$work/names" >"$work/old" || continue
	complain "not \"$word\" but $better: $(paste -sd' ' "$work/old")"
done <tests/names.list
exit $failed
