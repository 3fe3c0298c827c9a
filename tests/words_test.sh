#!/bin/sh
# What people read: no word of words.list in the catalogues, the demo model's
# texts, the command line, the scripts and a workspace's CLAUDE.md. In the
# catalogues also: no sentence under two keys, one translation of a label, plural
# forms, no particle that depends on a value, and no key that nothing uses. A key
# is used where a source names it, or where a source builds it ("run_status_%s")
# and names the rest.
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
	awk -F '\t' -v language="$1" -v any="${3:-}" '
		FNR == NR {
			if ($1 !~ /^#/ && NF >= 3 && ($1 == language || $1 == any)) {
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
words en "$work/en" "*" >"$work/found"
words ko "$work/ko" "*" >>"$work/found"

# Strings of C, joined; messages of scripts; lines of documents: file, tab, text.
for file in cgi-bin/gongbang.c cgi-bin/cli/*.c cgi-bin/cli/doctor/*.c lib/demo/*.c lib/demo/*.def; do
	grep -v '^#' "$file" | sed -z 's/"[ \t]*\n[ \t]*"//g' | grep -oE '"([^"\\]|\\.)*"' | grep ' ' |
		sed -E 's/\\[nt]/ /g; s/%[-+0-9.*]*(ll|z|l)?[a-zA-Z]/X/g' | sed "s/^/${file##*/}\t/"
done >"$work/texts"
for file in scripts/*; do
	[ ! -f "$file" ] || [ "$file" = scripts/check ] || grep -E '^[^#]*\b(die|say|step|echo|printf|note)\b' "$file" |
		grep -oE '"[^"]*"' | grep ' ' | sed "s/^/${file##*/}\t/"
done >>"$work/texts"
for file in conf/workspace/workspace/CLAUDE.md conf/workspace/etc/claude-code/CLAUDE.md static/away.html; do
	sed "s/^/${file##*/}\t/" "$file"
done >>"$work/texts"
hangul=$(printf '[\352-\355][\200-\277][\200-\277]')
LC_ALL=C grep "$hangul" "$work/texts" >"$work/texts.ko"
LC_ALL=C grep -v "$hangul" "$work/texts" >"$work/texts.en"
if [ "$(wc -l <"$work/texts.en")" -lt 500 ] || [ "$(wc -l <"$work/texts.ko")" -lt 40 ]; then
	echo "words: texts were not found" >&2
	exit 1
fi
words en "$work/texts.en" >>"$work/found"
words ko "$work/texts.ko" >>"$work/found"
complain "$work/found"

# "{0} runs" has "key.one"; a number with a unit or in a short form needs none.
awk -F '\t' '
	{ sentence[$1] = $2 }
	END {
		for (key in sentence)
			if (sentence[key] ~ /\{[0-9]\} ([a-z]+ )?[a-z]+s([^a-z]|$)/ && key !~ /\.one$/ && !((key ".one") in sentence))
				print key " has no singular: " sentence[key]
	}' "$work/en" | grep -vE '^(blocked_and|gateway_(over|tokens)|notice_times|run_tokens_used|status_tokens_run|usage_bar|usage_chart_highest) ' >"$work/plural" || :
complain "$work/plural"

# A value ends in any sound: no 을/를, 은/는, 이/가, 과/와, (으)로 after it.
quote=$(printf '\342\200[\231\235]')
LC_ALL=C grep -E '\{[0-9]\}('"$quote"')?(을|를|은|는|이|가|과|와|으로|로|이나|나|이에요|예요)([ .,?]|$)' "$work/ko" |
	grep -v '^gateway_over	' | sed 's/\t.*//; s/$/ has a particle that depends on a value/' >"$work/particles" || :
complain "$work/particles"

# Mails have these sentences, too: nothing is "below" there.
grep -hE '^(run_reason|notice|notify_error)_[^	]*	.*(\b(below|above|this page)\b|아래|위의|이 페이지)' "$work/en" "$work/ko" |
	sed 's/\t.*//; s/$/ names a place of the page, but is sent by mail/' >"$work/places" || :
complain "$work/places"

# The same English label is the same in Korean, unless words.list has both.
awk -F '\t' '
	FILENAME ~ /words.list$/ { if ($1 == "same") both[$2] = $3; next }
	FILENAME ~ /en$/ { english[$1] = $2; next }
	{
		label = english[$1]
		if (label in key && korean[label] != $2 && !(label in both))
			print "\"" label "\" is " $2 " (" $1 ") and " korean[label] " (" key[label] ")"
		if (!(label in key)) {
			key[label] = $1
			korean[label] = $2
		}
	}' tests/words.list "$work/en" "$work/ko" >"$work/twice"
complain "$work/twice"

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
