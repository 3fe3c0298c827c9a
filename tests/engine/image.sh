#!/bin/sh
# image.sh up|down SOCKET NAME [SHIM [CONTAINER]]: a tiny image NAME:latest of a static
# busybox (process 1 is SHIM, else a shell that exits 5 when it is told to
# end), and an internal network NAME; "down" removes them, and the container
# (NAME if it has no name of its own) and the volume NAME. Both are labelled
# with $GONGBANG_TEST_INSTANCE.
set -eu
socket=$2 name=$3 shim=${4-} container=${5-$3}
instance=${GONGBANG_TEST_INSTANCE:-gongbang-test}
api() { curl -sS --unix-socket "$socket" "$@"; }

case $1 in
up)
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	mkdir -p "$dir/bin" "$dir/usr/local/bin" "$dir/workspace" "$dir/tmp" "$dir/proc" \
		"$dir/sys" "$dir/dev" "$dir/etc/ssl/certs"
	: >"$dir/etc/ssl/certs/ca-certificates.crt"
	cp "$(command -v busybox)" "$dir/bin/busybox"
	for a in sh cat sleep head id ls yes touch stat; do
		ln -s busybox "$dir/bin/$a"
	done
	mkdir -m 0700 "$dir/workspace/.gongbang"
	chown -R 1000:1000 "$dir/workspace"
	chmod 1777 "$dir/tmp"	# runc gives a tmpfs the mode of what it covers
	entry='["/bin/sh","-c","trap '"'exit 5'"' TERM; while :; do sleep 60 & wait; done"]'
	if [ -n "$shim" ]; then
		cp "$shim" "$dir/usr/local/bin/gongbang-shim"
		entry='["/usr/local/bin/gongbang-shim"]'
	fi
	changes=$(printf 'ENTRYPOINT %s' "$entry" | od -An -v -tx1 |
		tr -d ' \n' | sed 's/../%&/g')
	tar -C "$dir" -c . | api -o /dev/null -f -X POST -T - -H 'Expect:' \
		-H 'Content-Type: application/x-tar' \
		"http://e/images/create?fromSrc=-&repo=$name&tag=latest&changes=$changes&changes=LABEL%20gongbang.instance%3D$instance"
	api -o /dev/null -f -H 'Content-Type: application/json' \
		-d "{\"Name\":\"$name\",\"Internal\":true,\"Labels\":{\"gongbang.instance\":\"$instance\"}}" \
		http://e/networks/create
	;;
down)
	api -o /dev/null -X DELETE "http://e/containers/$container?force=1&v=1"
	api -o /dev/null -X DELETE "http://e/volumes/$name?force=1"
	api -o /dev/null -X DELETE "http://e/networks/$name"
	api -o /dev/null -X DELETE "http://e/images/$name:latest?force=1"
	;;
esac
