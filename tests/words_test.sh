#!/bin/sh
# The catalogues' language: no word of words.list, no sentence under two keys,
# and no key that nothing uses. A key is used where a source names it, or where
# a source builds it ("run_status_%s") and names the rest.
set -eu
cd "${top_srcdir:-.}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
complain() {
	sed 's/^/words: /' "$1" >&2
	[ ! -s "$1" ] || failed=1
}

# key, tab, sentence
for language in en ko; do
	sed -n 's/^\t"\([a-z_0-9.]*\)": "\(.*\)",\{0,1\}$/\1\t\2/p' templates/locale/$language.json >"$work/$language"
	[ -s "$work/$language" ] || { echo "words: no sentences in $language.json" >&2; exit 1; }
done

words() {
	awk -F '\t' -v language="$1" '
		FNR == NR {
			if ($1 !~ /^#/ && NF >= 3 && ($1 == language || $1 == "*")) {
				word[++n] = $2
				plain[n] = $1 == "en"
				better[n] = $3
				but[n] = " " $4 " "
			}
			next
		}
		{
			text = " " tolower($2) " "
			gsub(/[^a-z'\''-]/, " ", text)
			for (i = 1; i <= n; i++)
				if (index(plain[i] ? text : $2, plain[i] ? " " word[i] " " : word[i]) &&
				    !index(but[i], " " $1 " "))
					print language ": " $1 " says \"" word[i] "\": " better[i]
		}' tests/words.list "$2"
}
words en "$work/en" >"$work/found"
words ko "$work/ko" >>"$work/found"
complain "$work/found"

# Errors are codes, too: two may have the same sentence.
paste "$work/ko" "$work/ko" | awk -F '\t' -v en="$work/en" '
	BEGIN { while ((getline <en) > 0) english[$1] = $2 }
	$1 !~ /^(error|notify_error|gateway)_/ && length(english[$1]) > 24 {
		if (seen[english[$1], $2])
			print $1 " says what " seen[english[$1], $2] " says"
		seen[english[$1], $2] = $1
	}' >"$work/double"
complain "$work/double"

find lib cgi-bin \( -name '*.[ch]' -o -name '*.def' \) -exec cat {} + >"$work/code"
find templates -name '*.html' -exec grep -oh '{{[#^]*t\.[a-z_0-9]*' {} + | sed 's/.*t\.//' >"$work/named"
grep -oE '"[^"]*"' "$work/code" | tr -d '"' | sort -u >"$work/literals"
cut -f 1 "$work/en" | sed 's/\.one$//' | sort -u | awk -v literals="$work/literals" -v named="$work/named" '
	BEGIN {
		while ((getline <named) > 0)
			used[$0] = 1
		while ((getline <literals) > 0) {
			used[$0] = 1
			word = $0
			sub(/ .*/, "", word)
			rest[word] = 1
			# "error_" and "status_" are looked for, not made.
			if ($0 ~ /^[a-z_]+_(%[.*0-9a-z]+)?[a-z_]*$/ && $0 !~ /^[a-z]+_$/ &&
			    ($0 ~ /%/ || $0 ~ /_$/)) {
				begin = end = $0
				sub(/%.*/, "", begin)
				if (!sub(/.*%[.*0-9]*[a-z]/, "", end))
					end = ""
				made[begin] = end
				ends[begin] = ends[begin] " " (end == "" ? "-" : end)
			}
		}
	}
	function is_made(key,   begin, i, n, list, left) {
		for (begin in ends) {
			if (index(key, begin) != 1)
				continue
			n = split(ends[begin], list, " ")
			for (i = 1; i <= n; i++) {
				left = substr(key, length(begin) + 1)
				if (list[i] != "-") {
					if (length(left) <= length(list[i]) || substr(left, length(left) - length(list[i]) + 1) != list[i])
						continue
					left = substr(left, 1, length(left) - length(list[i]))
				}
				if (left ~ /^[0-9]+$/ || left in rest)
					return 1
			}
		}
		return 0
	}
	!($0 in used) && !is_made($0) { print $0 " is used by nothing" }' >"$work/unused"
complain "$work/unused"
exit $failed
