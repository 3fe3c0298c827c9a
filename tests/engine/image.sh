#!/bin/sh
# image.sh up|down SOCKET NAME: a tiny image NAME:latest of a static busybox,
# and an internal network NAME; "down" removes them with their containers.
set -eu
socket=$2 name=$3
api() { curl -sS --unix-socket "$socket" "$@"; }

case $1 in
up)
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	mkdir -p "$dir/bin" "$dir/workspace" "$dir/tmp" "$dir/proc" \
		"$dir/sys" "$dir/dev" "$dir/etc/ssl/certs"
	: >"$dir/etc/ssl/certs/ca-certificates.crt"
	cp "$(command -v busybox)" "$dir/bin/busybox"
	for a in sh cat sleep head id ls yes touch stat; do
		ln -s busybox "$dir/bin/$a"
	done
	chown 1000:1000 "$dir/workspace"
	chmod 1777 "$dir/tmp"	# runc gives a tmpfs the mode of what it covers
	tar -C "$dir" -c . | api -o /dev/null -f -X POST -T - -H 'Expect:' \
		-H 'Content-Type: application/x-tar' \
		"http://e/images/create?fromSrc=-&repo=$name&tag=latest&changes=ENTRYPOINT%20%5B%22%2Fbin%2Fsh%22%2C%22-c%22%2C%22trap%20%27exit%205%27%20TERM%3B%20while%20%3A%3B%20do%20sleep%2060%20%26%20wait%3B%20done%22%5D"
	api -o /dev/null -f -H 'Content-Type: application/json' \
		-d "{\"Name\":\"$name\",\"Internal\":true}" \
		http://e/networks/create
	;;
down)
	api -o /dev/null -X DELETE "http://e/containers/$name?force=1&v=1"
	api -o /dev/null -X DELETE "http://e/volumes/$name?force=1"
	api -o /dev/null -X DELETE "http://e/networks/$name"
	api -o /dev/null -X DELETE "http://e/images/$name:latest?force=1"
	;;
esac
