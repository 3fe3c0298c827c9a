#!/bin/sh
# gongbang-mend: whatever ~/.claude.json has become, Claude's next start can read it.
set -eu
mend=$(cd "${top_srcdir:-.}" && pwd)/conf/workspace/gongbang-mend
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
failed=0

# A home with two backups, the newer one torn.
home() {
	HOME=$work/$1
	export HOME
	mkdir -p "$HOME/.claude/backups"
	cd "$HOME"
	echo '{"old":1}' >.claude/backups/.claude.json.backup.1
	echo '{"good":1}' >.claude/backups/.claude.json.backup.2
	echo '{"torn' >.claude/backups/.claude.json.backup.3
	touch -d @100 .claude/backups/.claude.json.backup.1
	touch -d @200 .claude/backups/.claude.json.backup.2
	touch -d @300 .claude/backups/.claude.json.backup.3
}

run() {
	timeout 10 "$mend" "${@:---settings}" /bin/cat .claude.json 2>said || echo "exit $?"
}

is() {
	[ "$2" = "$3" ] && return
	printf "%s: '%.200s' and not '%s'; it said: %.400s\\n" "$1" "$2" "$3" "$(cat said)" >&2
	failed=1
}

moved() {
	find . -path './claude-settings-*/.claude.json' -prune | wc -l
}

good='{"good":1}'
home whole; echo '{"mine":1}' >.claude.json; is whole "$(run)" '{"mine":1}'; is whole "$(moved)" 0
home torn; printf '{"numStartups": 1, "proj' >.claude.json; is torn "$(run)" "$good"; is torn "$(moved)" 1
home empty; : >.claude.json; is empty "$(run)" "$good"; is empty "$(moved)" 1
home list; echo '[]' >.claude.json; is list "$(run)" "$good"
home bytes; printf '{"a":"\377"}' >.claude.json; is bytes "$(run)" "$good"
home folder; mkdir .claude.json; is folder "$(run)" "$good"; is folder "$(moved)" 1
home pipe; mkfifo .claude.json; is pipe "$(run)" "$good"; is pipe "$(moved)" 1
home link; ln -s /dev/zero .claude.json; is link "$(run)" "$good"
home loop; ln -s .claude.json .claude.json; is loop "$(run)" "$good"
home linked; echo '{"mine":2}' >other; ln -s other .claude.json; is linked "$(run)" '{"mine":2}'
home deep; head -c 1000000 /dev/zero | tr '\0' '[' >.claude.json; is deep "$(run)" "$good"
home shut; printf '{' >.claude.json; chmod 500 .; is shut "$(run)" "$good"
home none; printf '{' >.claude.json; rm -r .claude/backups; is none "$(run | tail -n 1)" "exit 1"; is none "$(moved)" 1
home file; printf '{' >.claude.json; rm -r .claude; : >.claude; is file "$(run | tail -n 1)" "exit 1"; is file "$(moved)" 1

home aside
echo '{"mine":1}' >.claude.json
echo '{"hooks":1}' >.claude/settings.json
mkfifo .claude/settings.local.json
mkdir -p .claude/plugins/p .claude/projects
is aside "$(run --aside put)" "exit 1"
is aside "$(cat put/.claude.json put/.claude/settings.json | tr -d '\n')" '{"mine":1}{"hooks":1}'
is aside "$(test -p put/.claude/settings.local.json -a -d put/.claude/plugins/p && echo there)" there
is "aside: what is no setting stays" "$(test -d .claude/projects -a -d .claude/backups && echo there)" there

# Whoever reads a pipe waits for ever.
home pipes
mkdir -p .git .claude/skills/x sub
mkfifo CLAUDE.md .gitconfig .git/HEAD .claude/.credentials.json .claude/skills/x/SKILL.md mine sub/.mine
ln -s ../sub/.mine .git/config
ln -s /dev/zero .mcp.json
echo '{"mine":3}' >.claude.json
echo text >.claude/settings.json
cp -r . ../pipes-too
is "pipes: without being asked to" "$("$mend" /bin/cat .claude.json 2>said)$(ls -d claude-settings-* 2>/dev/null)" '{"mine":3}'
is pipes "$(run)" '{"mine":3}'
left() { find . \( -type p -o -type l \) -not -path './claude-settings-*' -not -path './put/*' | sort | tr '\n' ' '; }
is "pipes: a person's own stay" "$(left)" "./mine ./sub/.mine "
is "pipes: and files" "$(cat .claude/settings.json)" text
is "pipes: are moved" "$(find claude-settings-* \( -type p -o -type l \) | wc -l)" 7
HOME=$work/pipes-too; export HOME; cd "$HOME"
is "pipes aside" "$(run --aside put)" "exit 1"
is "pipes aside: a person's own stay" "$(left)" "./mine ./sub/.mine "

home gone
code=0
"$mend" /nonexistent/claude 2>said || code=$?
is "no program" "$code" 127
exit $failed
