#!/bin/sh
# The layering of folders: lower ones never include higher ones, and each
# third-party header is included in one folder only. One row per folder, one per
# library.
set -eu
cd "${top_srcdir:-.}"
failed=0

complain() {
	echo "layers: $*" >&2
	failed=1
}

# folder: the folders of ours it may include
may() {
	folder=$1
	shift
	allowed="config $folder $*"
	for file in lib/"$folder"/*.[ch]; do
		[ -e "$file" ] || continue
		while read -r include; do
			[ -n "$include" ] || continue
			case " $allowed " in
			*" $include "*) ;;
			*) complain "$file includes $include/" ;;
			esac
		done <<-END
			$(sed -n 's|^#include "\([a-z0-9]*\)[/.].*|\1|p' "$file")
		END
	done
}
may core
may json core
may time core
may http core
may i18n core time
may html core i18n
may preview core json i18n html
may ws core
may kv core
may store core
may engine core json
may auth core kv store
may spending core json time store
may egress core store engine
may link core
may workspace core engine link
may guard core json engine
may transcript core json i18n html preview store
may session core json store workspace preview transcript
may schedule core time
may agent core json time schedule
may notify core json i18n store
may worker core json time http kv store spending schedule agent notify
may bridge core json http html ws kv store auth spending egress workspace transcript session schedule agent
may demo core json
may emulator core
may shim core emulator
may ledger core store
may gateway core json http i18n kv store auth spending ledger

# header (a pattern of #include <...>): the folders that may include it
only() {
	header=$1
	shift
	while read -r file; do
		[ -n "$file" ] || continue
		case " $* " in
		*" $(dirname "$file") "*) ;;
		*) complain "$file includes <$header>" ;;
		esac
	done <<-END
		$(grep -lE "^#include <($header)" lib/*/*.[ch] cgi-bin/*.[ch] cgi-bin/*/*.[ch] cgi-bin/*/*/*.[ch] 2>/dev/null)
	END
}
only 'hiredis/' lib/kv
only 'curl/' lib/gateway lib/http lib/notify
only 'nghttp2/' lib/link lib/shim
only 'microhttpd' lib/bridge lib/demo lib/gateway lib/http
only 'wslay/' lib/ws
only 'sodium' lib/auth lib/bridge lib/core lib/transcript lib/ws
only 'sqlite3' lib/store
only 'http_parser' lib/engine lib/guard
only 'cmark-gfm' lib/html
only 'fcgi' cgi-bin/fcgi
only 'libical/' lib/schedule
only 'ini\.h' lib/core

# Untrusted JSON is parsed by one reader, which bounds the tree; the catalogues
# are the program's own.
strangers=$(grep -lE 'json_tokener|json_object_from_' lib/*/*.[ch] cgi-bin/*.[ch] cgi-bin/*/*.[ch] cgi-bin/*/*/*.[ch] |
	grep -vxE 'lib/json/strict_json\.c|lib/i18n/i18n\.c') || true
[ -z "$strangers" ] || complain "json-c's parser is called by $strangers"

exit $failed
