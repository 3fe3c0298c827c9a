#!/bin/sh
# What nothing uses. Functions that no program calls, macros and enumerators:
# each name that lib/ or cgi-bin/ defines must be said once more than by its
# definition. Functions that only tests call are listed below, by why they do.
# Settings that nothing reads, templates that nothing renders, and classes of
# our style sheets that no page has (icons come as a set).
# shellcheck disable=SC2013  # the words have no spaces
set -eu
cd "${top_srcdir:-.}"

# Which port or connections a listener of the test's own has.
# What is inside, to be compared with what it should be.
# The blocking half of what programs do by callbacks.
# The official tests of Mustache, and of the engine's streams.
# What a driver of the engine offers to callers to come.
allowed='
demo_server_port
listener_connections
listener_port
inbound_drop
journal_bytes
journal_on_booked
fair_queue_calling
fair_queue_waiting
gateway_token_put
kv_expire
template_render_text
view_append_list
engine_stream_pause
engine_stream_resume
engine_stream_unsent
'

failed=0
complain() {
	echo "unused: $*" >&2
	failed=1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
find lib cgi-bin -name '*.[ch]' -exec awk '
	# Removes comments and texts, so that a word in them is not a call.
	function strip(s,   out, i, c, two) {
		out = ""
		for (i = 1; i <= length(s); i++) {
			c = substr(s, i, 1)
			two = substr(s, i, 2)
			if (comment) {
				if (two == "*/") { comment = 0; i++ }
			} else if (two == "/*") {
				comment = 1
				i++
			} else if (c == "\"") {
				for (i++; i <= length(s) && substr(s, i, 1) != "\""; i++)
					if (substr(s, i, 1) == "\\") i++
				out = out " "
			} else {
				out = out c
			}
		}
		return out
	}
	FNR == 1 { comment = 0 }
	{ line = strip($0) }
	# "int name(...": neither static nor a prototype, at the beginning of a line.
	FILENAME ~ /\.c$/ && line ~ /^[a-z_].*[ *][a-z_][a-z_0-9]*\(/ && line !~ /^(static|typedef|extern)/ && line !~ /;[ \t]*$/ {
		name = line
		sub(/\(.*/, "", name)
		sub(/.*[ *]/, "", name)
		defined[name] = FILENAME
	}
	# A macro, and an enumerator on a line of its own; the first one names zero.
	line ~ /^#define [A-Z]/ {
		name = line
		sub(/^#define /, "", name)
		sub(/[^A-Z_0-9a-z].*/, "", name)
		constant[name] = FILENAME
	}
	!first && line ~ /^\t[A-Z][A-Z_0-9]*( = [^;(]*)?,[ \t]*$/ {
		name = line
		sub(/^\t/, "", name)
		sub(/[ =,].*/, "", name)
		constant[name] = FILENAME
	}
	{ first = line ~ /^(static )?enum [a-z_ ]*\{[ \t]*$/ }
	# Of a header, macros and inline functions: a prototype is no call.
	FILENAME !~ /\.h$/ || line ~ /^(#|\t)/ {
		while (match(line, /[A-Za-z_][A-Za-z_0-9]*/)) {
			seen[substr(line, RSTART, RLENGTH)]++
			line = substr(line, RSTART + RLENGTH)
		}
	}
	END {
		for (name in defined)
			if (name != "main")
				print (seen[name] < 2 ? "unused" : "used"), name, defined[name]
		for (name in constant)
			if (seen[name] < 2)
				print "constant", name, constant[name]
	}' {} + | sort >"$work/names"

while read -r what name file; do
	case $what$allowed in
	unused*"
$name
"*) ;;
	unused*) complain "$name() of $file is called by nothing" ;;
	constant*) complain "$name of $file is named by nothing" ;;
	used*"
$name
"*) complain "$name() is allowed to be unused, but is called" ;;
	esac
done <"$work/names"
for name in $allowed; do
	grep -q " $name " "$work/names" || complain "$name() is allowed to be unused, but is not there"
done

find lib cgi-bin -name '*.[ch]' -exec cat {} + >"$work/code"
find templates -name '*.html' -exec cat {} + >"$work/templates"
find static -name node_modules -prune -o -name '*.js' -exec cat {} + >"$work/scripts"
cat "$work/scripts" "$work/templates" "$work/code" >"$work/pages"
for name in $(sed -n 's/^SETTING(\([A-Z_0-9]*\),.*/\1/p' lib/core/settings.def); do
	grep -qw "SET_$name" "$work/code" || complain "setting $name is read by nothing"
done
for name in $(cd templates && find . -name '*.html' | sed 's|^\./||; s|\.html$||'); do
	grep -q "\"$name\"" "$work/code" || grep -q "{{> *$name *}}" "$work/templates" ||
		complain "templates/$name.html is rendered by nothing"
done
# A class is named whole, or made of what is named before a value ("part-{{kind}}").
for name in $(find static -maxdepth 1 -name '*.css' ! -name 'pico*' ! -name icons.css -exec sed 's|/\*.*\*/||' {} + | grep -o '\.[a-zA-Z][a-zA-Z0-9_-]*' | tr -d . | sort -u); do
	begin=${name%%-*}- rest=${name#*-}
	grep -qw -- "$name" "$work/pages" || {
		grep -qE -- "$begin(\{\{|%|\\$\{|\")" "$work/pages" &&
			case $rest in
			[0-9]*) ;;
			*) grep -qw -- "$rest" "$work/pages" ;;
			esac
	} || complain "class $name of static/*.css is on no page"
done
exit $failed
