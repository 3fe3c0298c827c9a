#!/bin/sh
# The style sheets keep to base.css: its sizes and three weights of type, its
# colours, and motion only for those who have not asked for less.
set -eu
cd "${top_srcdir:-.}/static"
sheets='base.css chat.css agents.css pages.css preview.css files.css'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck disable=SC2086  # a list of words
declared() {
	grep -noE "$1: [^;}]+" $sheets
}

{
	declared '(^|[^a-z-])(font-size|--pico-font-size|--gb-input)' |
		grep -vE ': (inherit|100%|var\(--gb-(badge|meta|chrome|body|lead|title|figure|input)\))$'
	declared '(font-weight|--pico-font-weight)' | grep -vE ': (inherit|400|500|600)$'
	grep -nE '#[0-9a-f]{3,8}\b' chat.css agents.css pages.css preview.css files.css | grep -vE 'mask: linear-gradient\(#000' | sed 's/{.*//'
} >"$work/found" || true
[ ! -s "$work/found" ] || sed 's/^/style: not one of base.css: /' "$work/found" >&2

# shellcheck disable=SC2086
awk '
	FNR == 1 { depth = calm = 0 }
	/^@media \(prefers-reduced-motion: no-preference\)/ { calm = depth + 1 }
	!calm && /(^|[^-a-z])(transition|animation|scroll-behavior: smooth)[:;]/ {
		print "style: moves under reduced motion: " FILENAME ":" FNR > "/dev/stderr"
		bad = 1
	}
	{
		depth += gsub(/{/, "{") - gsub(/}/, "}")
		if (calm && depth < calm)
			calm = 0
	}
	END { exit bad }' $sheets && [ ! -s "$work/found" ]
