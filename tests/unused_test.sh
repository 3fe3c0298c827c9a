#!/bin/sh
# Functions that no program calls: each name that a .c file of lib/ or cgi-bin/
# exports must be said once more than by its definition. What only tests need
# is listed below, by why they do.
set -eu
cd "${top_srcdir:-.}"

# Which port or connections a listener of the test's own has.
# What is inside, to be compared with what it should be.
# The blocking half of what programs do by callbacks.
# The official tests of Mustache, and of the engine's streams.
# Of volumes: what their callers to come need.
allowed='
demo_server_port
listener_connections
listener_port
inbound_drop
journal_bytes
journal_on_booked
journal_pending
journal_trouble
fair_queue_calling
fair_queue_waiting
link_is_ready
period_day
prices_date
gateway_token_put
kv_expire
session_message
template_render_text
view_append_list
engine_stream_pause
engine_stream_resume
engine_stream_unsent
volume_held
'

find lib cgi-bin -name '*.[ch]' -exec awk '
	# Comments and texts away, so that a word in them is no call.
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
	# Of a header, macros and inline functions: a prototype is no call.
	FILENAME !~ /\.h$/ || line ~ /^(#|\t)/ {
		while (match(line, /[A-Za-z_][A-Za-z_0-9]*/)) {
			seen[substr(line, RSTART, RLENGTH)]++
			line = substr(line, RSTART + RLENGTH)
		}
	}
	END {
		for (name in defined)
			if (seen[name] < 2 && name != "main")
				print name, defined[name]
	}' {} + | sort | {
	failed=0
	while read -r name file; do
		case $allowed in
		*"
$name
"*) continue ;;
		esac
		echo "unused: $name() of $file is called by nothing" >&2
		failed=1
	done
	exit $failed
}
