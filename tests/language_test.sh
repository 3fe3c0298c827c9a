#!/bin/sh
# The language of comments and documents: no phrase of language.list in the
# comments of sources and scripts, in the first comment of a test, or in a
# document outside of code.
# shellcheck disable=SC2016  # patterns are not expanded
set -eu
cd "${top_srcdir:-.}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One comment per line: file:line, tab, its words; " . " ends a sentence.
find lib cgi-bin tests \( -name node_modules \) -prune -o \( -name '*.[ch]' -o -name '*.js' -o -name '*.sh' \) -print >"$work/files"
find scripts -type f >>"$work/files"
find . -maxdepth 1 -name '*.md' ! -name CHANGELOG.md | cut -c 3- >>"$work/files"
find lib docs -name '*.md' >>"$work/files" 2>/dev/null || :
tr "\n" "\0" <"$work/files" | xargs -0 awk '
	function put(text) {
		text = tolower(text)
		gsub(/`[^`]*`/, " ", text)
		gsub(/[.?!]( |$)/, " . ", text)
		gsub(/[^a-z_.'\''-]+/, " ", text)
		print file ":" start "\t . " text " . "
	}
	function flush() {
		if (said != "" && (!first || file !~ /^tests\//))
			put(said)
		first += said != ""
		said = ""
	}
	FNR == 1 { flush(); file = FILENAME; first = inside = fenced = 0; mark = FILENAME ~ /\.js$/ ? "//" : "#" }
	FILENAME ~ /\.[ch]$/ {
		line = $0
		for (;;) {
			if (!inside) {
				at = index(line, "/*")
				if (!at)
					next
				line = substr(line, at + 2)
				inside = 1
				start = FNR
			}
			at = index(line, "*/")
			if (!at) {
				sub(/^[ \t]*\*/, "", line)
				said = said " " line
				next
			}
			said = said " " substr(line, 1, at - 1)
			line = substr(line, at + 2)
			inside = 0
			flush()
		}
	}
	FILENAME ~ /\.md$/ {
		if (/^ *```/)
			fenced = !fenced
		if (fenced || /^ *```/ || /^ *$/ || /^ *[-#|0-9]/)
			flush()
		if (fenced || /^ *```/)
			next
		start = said == "" ? FNR : start
		said = said " " $0
		next
	}
	{
		line = $0
		if (sub("^[ \t]*" mark " ", "", line)) {
			start = said == "" ? FNR : start
			said = said " " line
			next
		}
		flush()
		at = match(line, "[ \t]" mark " [^\"'\'']*$")
		if (at) {
			start = FNR
			said = substr(line, at + length(mark) + 1)
			flush()
		}
	}
	END { flush() }' >"$work/comments"
[ -s "$work/comments" ] || { echo "language: no comments found" >&2; exit 1; }

awk -F '\t' '
	FNR == NR {
		if ($1 !~ /^#/ && NF >= 2) {
			phrase[++n] = " " $1 " "
			better[n] = $2
			but[n] = $3
		}
		next
	}
	{
		for (i = 1; i <= n; i++) {
			text = $2
			if (but[i] != "")
				gsub(but[i], " ", text)
			if (index(text, phrase[i]))
				print "language: " $1 " says \"" phrase[i] "\": " better[i]
		}
	}' tests/language.list "$work/comments" >"$work/found"
cat "$work/found" >&2
[ ! -s "$work/found" ]
