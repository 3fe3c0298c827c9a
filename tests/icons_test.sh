#!/bin/sh
# Pages name only icons that static/icons.list has.
# shellcheck disable=SC2013  # the words have no spaces
set -eu
cd "${top_srcdir:-.}"
failed=0

listed=$(grep -v '^#' static/icons.list | cut -d' ' -f1)
for icon in $(grep -rhoE 'icon-[a-z][a-z-]*' templates static --include=*.html --include=*.js --exclude-dir=node_modules | sed 's/^icon-//' | sort -u); do
	echo "$listed" | grep -qx "$icon" || {
		echo "icons: static/icons.list has no \"$icon\"" >&2
		failed=1
	}
done
exit $failed
