#!/bin/sh
# The units in conf/systemd: they use the users and groups of
# conf/runit/services, and a share of the CPU that no workspace can take.
set -eu
cd "${top_srcdir:-.}/conf"
wrong=0
say() {
	echo "$*"
	wrong=1
}
for unit in systemd/*.service.in; do
	grep -q '^Type=oneshot$' "$unit" || grep -q '^CPUWeight=1000$' "$unit" ||
		say "$unit: no CPUWeight=1000"
done
of() { # UNIT FIELD
	sed -n "s/^$2=//p" "$1"
}
while read -r name users _; do
	unit=systemd/gongbang-$name.service.in
	case $name in '#' | '' | nginx) continue ;; esac
	groups=
	case $users in *,*) groups=$(echo "${users#*,}" | tr , ' ') ;; esac
	user=$(of "$unit" User)
	[ "${user:-root}" = "${users%%,*}" ] || say "$unit: not of the user ${users%%,*}"
	[ "$(of "$unit" SupplementaryGroups)" = "$groups" ] || say "$unit: not in the groups: $groups"
	for group in $groups; do
		grep -qx "m ${users%%,*} $group" systemd/gongbang.sysusers || say "gongbang.sysusers: $user is not in $group"
	done
done <runit/services
exit $wrong
