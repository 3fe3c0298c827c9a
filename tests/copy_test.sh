#!/bin/bash
# scripts/up builds the files it hashed: an edit made while make runs is built
# the next time, and unchanged files keep their time.
set -eu
. "${top_srcdir:-.}/scripts/lib.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/from" "$work/to"
cd "$work"
fail() {
	echo "$*"
	exit 1
}
printf '%s\n' a.c b.c 'c d.sh' >list
for file in a.c b.c 'c d.sh'; do echo one >"from/$file"; done
copy_changed from to "$work/list"
cmp from/a.c to/a.c && cmp 'from/c d.sh' 'to/c d.sh'
same() { [ "$(file_sums from "$work/list")" = "$(file_sums to "$work/list")" ]; }
same || fail "the copy has other sums"

# Edited at 12:00 in a build whose object is of 12:01.
touch -d '2020-01-01 12:00' to/*
echo two >from/a.c
touch -d '2020-01-01 12:00:30' from/a.c
touch -d '2020-01-01 12:01' a.o
chmod 0755 'from/c d.sh'
! same || fail "an edit and a mode are not seen"
copy_changed from to "$work/list"
same || fail "an edit or a mode was not copied"
[ to/a.c -nt a.o ] || fail "an edit during the build is older than the object"
[ a.o -nt to/b.c ] || fail "what did not change would be made again"
touch -d '2020-01-01 12:00' to/*
copy_changed from to "$work/list"
[ a.o -nt to/a.c ] || fail "what was copied before is copied again"
