# Shared by the scripts: where things are, steps with progress, the engine.
# Sourced by bash; sets root, state, port, instance.
# shellcheck shell=bash disable=SC2034,SC2154

set -u -o pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
state=${GONGBANG_STATE:-$root/var}
case $state in
/*) ;;
*) state=$PWD/$state ;;
esac
state=$(realpath -m "$state")
instance=gb-$(printf %s "$state" | sha256sum | cut -c1-8)
# The state folder remembers the port, so only scripts/up needs it as a
# variable.
port=${GONGBANG_PORT:-$(cat "$state/port" 2>/dev/null || echo 8080)}
settings=$state/gongbang.conf
steps_log=$state/log/up
build_packages=(autoconf automake gcc highlight libc6-dev make pkg-config libarchive-dev
	libcmark-gfm-dev libcmark-gfm-extensions-dev libcmocka-dev libcurl4-openssl-dev
	libfcgi-dev libhiredis-dev libhttp-parser-dev libical-dev libinih-dev
	libjson-c-dev
	libmicrohttpd-dev libnghttp2-dev libseccomp-dev libsodium-dev libsqlite3-dev
	libtalloc-dev libutf8proc-dev libuv1-dev libwslay-dev nettle-dev zlib1g-dev)

say() {
	printf '%s\n' "$*"
}

die() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}

need_root() {
	[ "$(id -u)" = 0 ] || die "must be run as root (try: sudo scripts/$(basename "$0"))"
}

# Monotonic milliseconds.
mono_ms() {
	local up
	read -r up _ </proc/uptime
	echo $((10#${up/./} * 10))
}

elapsed() {
	local ms=$(($(mono_ms) - $1))
	printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# Runs beside a step: on a terminal it shows one line with the time and the last
# words of the log; elsewhere a line every half minute.
show_progress() {
	local name=$1 log=$2 began=$3 quiet=0 words
	while sleep 1 && [ -d "/proc/$$" ]; do	# the script may be gone
		words=$(tail -n 1 "$log" 2>/dev/null | tr -d '\r\033' | cut -c1-60)
		if [ -t 1 ]; then
			printf '\r\033[K  ..  %-22s %8s  %s' "$name" "$(elapsed "$began")" "$words"
		elif [ $((++quiet % 30)) = 0 ]; then
			printf '  ..  %-22s %8s  %s\n' "$name" "$(elapsed "$began")" "$words"
		fi
	done
}

# guard COMMAND...: runs it so that Ctrl-C or TERM ends all of it. Bash may lose
# a signal that arrives while it reads a $(...), so a shell that only waits
# handles it.
guard() {
	local rc
	"$@" &
	guarded=$!
	trap interrupted INT TERM HUP
	wait "$guarded"
	rc=$?
	trap - INT TERM HUP
	exit "$rc"
}

interrupted() {
	trap '' INT TERM HUP
	end_tree "$guarded"
	wait "$guarded"
	printf '\nInterrupted. Run this script again to continue where it stopped.\n' >&2
	exit 130
}

# step NAME ADVICE COMMAND...: writes the command's output to a log; when it
# fails, shows the log's end with the advice, and ends the script.
step() {
	local name=$1 advice=$2 began log rc progress
	shift 2
	mkdir -p "$steps_log"
	log=$steps_log/${name// /-}.log
	began=$(mono_ms)
	: >"$log"
	show_progress "$name" "$log" "$began" &
	progress=$!
	("$@") >>"$log" 2>&1 </dev/null
	rc=$?
	kill "$progress" 2>/dev/null
	wait "$progress" 2>/dev/null
	[ -t 1 ] && printf '\r\033[K'
	if [ "$rc" = 0 ]; then
		printf '  ok  %-22s %8s  %s\n' "$name" "$(elapsed "$began")" \
			"$(sed -n 's/^note: //p' "$log" | tail -n 1)"
		return 0
	fi
	printf '  !!  %-22s %8s  failed\n' "$name" "$(elapsed "$began")"
	printf '\n%s\n' "The last lines of $log:"
	tail -n 25 "$log" | sed 's/^/    /'
	printf '\n%s\n' "What to do: $advice"
	printf '%s\n' "Run this script again to continue where it stopped."
	exit 1
}

# Ends a process and its descendants, except the supervisor. A process is
# stopped first, so that it starts nothing while its children end.
end_tree() {
	local child
	[ "$(cat "/proc/$1/comm" 2>/dev/null)" != runsvdir ] || return 0
	kill -STOP "$1" 2>/dev/null
	for child in $(ps -o pid= --ppid "$1"); do
		end_tree "$child"
	done
	kill -TERM "$1" 2>/dev/null
	kill -CONT "$1" 2>/dev/null
}

unmount_below() {
	awk -v below="$1/" 'index($5, below) == 1 {print $5}' /proc/self/mountinfo |
		LC_ALL=C sort -r | xargs -r -n1 umount
}

# A step's result in a word, shown after its time.
note() {
	printf 'note: %s\n' "$*"
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	local tries=$(($1 * 5))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $((tries--)) -gt 0 ] || return 1
		sleep 0.2
	done
}

# install_packages NAME...: installs the missing ones without starting any
# service.
install_packages() {
	local missing=() name policy=/usr/sbin/policy-rc.d ours='' rc=0
	for name in "$@"; do
		dpkg-query -W -f '${Status}' "$name" 2>/dev/null |
			grep -q 'ok installed' || missing+=("$name")
	done
	if [ ${#missing[@]} = 0 ]; then
		note "all ${#} packages are installed"
		return 0
	fi
	echo "missing: ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	if [ ! -e $policy ]; then
		ours=$policy
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 0755 $policy
		trap 'rm -f "$ours"' EXIT
	fi
	# Completes an interrupted installation.
	dpkg --configure -a
	if ! apt-get install -y --no-install-recommends "${missing[@]}"; then
		apt-get update &&
			apt-get install -y --no-install-recommends "${missing[@]}" || rc=1
	fi
	[ -n "$ours" ] && rm -f "$ours"
	# Debian's own service would take our port at the next boot.
	[[ " ${missing[*]} " != *" squid "* ]] || ! command -v systemctl >/dev/null ||
		systemctl disable squid
	[ "$rc" = 0 ] && note "installed ${#missing[@]} packages"
	return "$rc"
}

# The engine: a running one is used as it is, otherwise our own.
engine_answers() {
	timeout 20 docker -H "unix://$1" version --format '{{.Server.Version}}' >/dev/null 2>&1
}

engine_socket() {
	local candidate
	for candidate in "$state/docker.sock" "${DOCKER_HOST:-}" \
		"$(value_of engine_socket)" /var/run/docker.sock; do
		candidate=${candidate#unix://}
		case $candidate in
		/*) ;;
		*) continue ;;
		esac
		if [ -S "$candidate" ] && engine_answers "$candidate"; then
			echo "$candidate"
			return 0
		fi
	done
	return 1
}

# docker with this installation's engine (the caller has set engine).
dk() {
	docker -H "unix://$engine" "$@"
}

# Unmounts the volumes that are file systems of their own.
volumes_unmount() { # INSTANCE
	dk volume ls -q --filter "label=gongbang.instance=$1" |
		xargs -r docker -H "unix://$engine" volume inspect --format '{{.Mountpoint}}' |
		while read -r path; do
			! mountpoint -q "$path" || umount "$path"
		done
}

# file_sums FOLDER LIST: contents and modes of the files that LIST names.
file_sums() {
	(
		cd "$1" || exit 1
		tr '\n' '\0' <"$2" | xargs -0 -r sha256sum
		tr '\n' '\0' <"$2" | xargs -0 -r stat -c '%A  %n'
	) 2>/dev/null
}

# copy_changed FROM TO LIST: copies changed files, with the current time. With
# its original time, a file edited while make ran would be older than its
# object, and never be rebuilt.
copy_changed() {
	LC_ALL=C comm -23 <(file_sums "$1" "$3" | LC_ALL=C sort) \
		<(file_sums "$2" "$3" | LC_ALL=C sort) |
		sed 's/^[^ ]*  //' | sort -u |
		tar -C "$1" -c --verbatim-files-from -T - | tar -C "$2" -x -m -p
}

# Whether a recorded daemon of ours still runs: file, word in its command line.
pid_runs() {
	local pid
	pid=$(cat "$1" 2>/dev/null) || return 1
	[ -n "$pid" ] && [ -d "/proc/$pid" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$2"
}

value_of() {
	sed -n "s/^$1 *= *//p" "$settings" 2>/dev/null | tail -n 1
}

# Whether runit supervises the service in this folder.
is_kept() {
	[ -p "$1/supervise/ok" ] || return 1
	case $(sv status "$1" 2>&1) in
	run:* | down:* | finish:*) return 0 ;;
	*) return 1 ;;
	esac
}
