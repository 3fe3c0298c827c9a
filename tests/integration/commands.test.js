// Every command in the CLI's own list, and those it accepts without listing
// them, in one conversation: each returns to "ready", with its text and an
// answer shown.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {join} from "node:path";
import {containerOf, inside, logOf, newAccount, openConversation, sleep, state} from "../client.js";

const store = (sql) => execFileSync("sqlite3", ["-cmd", ".timeout 5000", join(state, "data/gongbang.db"), sql], {encoding: "utf8"}).trim();

const unlisted = `help status permissions memory hooks tasks schedule exit quit login logout resume export theme
	plugin vim ide bug release-notes add-dir tmp loop clear-nothing review pr-comments terminal-setup upgrade
	privacy-settings doctor install-github-app migrate-installer statusline rewind remote-env agents feedback
	mobile chrome keybindings fork branch copy diff stats extra-usage passes sandbox skills btw`.split(/\s+/);

let login, page;
before(async () => {
	login = newAccount("commands");
	page = await openConversation(login, "hello");
	await page.until((p) => p.ends >= 1 && p.status === "ready", "the first turn");
});
after(() => page?.close());

// What the CLI answered to our `initialize`, from the session's log.
function listed() {
	const line = logOf(containerOf(login), page.id).toString().split("\n").find((l) => l.includes('"request_id":"init"'));
	return JSON.parse(line).response.response.commands.map((c) => c.name);
}

const inOrder = () => [...page.parts].map(([name, p]) => ({at: Number(name.slice(2)), ...p})).sort((a, b) => a.at - b.at);

let last = 0;
async function give(text) {
	await sleep(Math.max(0, last + 260 - Date.now()));	// the bridge takes 40 messages in 10 s
	last = Date.now();
	const before = new Set(page.parts.keys());
	const ends = page.ends;
	const id = page.say(text);
	const placed = () => !page.outbox.some((m) => m.id === id) && !(page.queue || "").includes(id);
	await page.until((p) => p.refused.has(id) || (placed() && p.ends > ends && p.status === "ready"), text, 30000);
	return {refused: page.refused.get(id), parts: inOrder().filter((p) => !before.has("p-" + p.at))};
}

test("each command ends, in one conversation", async (t) => {
	const names = [...new Set([...listed(), ...unlisted])];
	assert.ok(names.length >= 60, names.length + " commands");
	const bad = [];
	for (const name of names) {
		const text = "/" + name;
		const {refused, parts} = await give(text).catch((e) => ({parts: [], refused: e.message}));
		if (refused && !/\/compact|save this conversation as an agent/i.test(refused))
			bad.push(`${text}: ${refused}`);
		if (refused)
			continue;
		const words = parts.findIndex((p) => p.role === "user" && p.html.includes(`>${text}<`));
		if (words !== 0)
			bad.push(`${text}: its words are part ${words} of ${parts.map((p) => p.role + " " + p.html.slice(0, 400))}`);
		if (!parts.some((p) => p.role === "assistant"))
			bad.push(`${text}: no answer`);
		if (parts.filter((p) => p.role === "user").length !== 1)
			bad.push(`${text}: shown ${parts.filter((p) => p.role === "user").length} times`);
	}
	assert.deepEqual(bad, []);
	t.diagnostic(names.length + " commands");
});

test("after a restart of the CLI no command is given again, and none holds a place", async () => {
	// Written a moment after the page has it.
	const open = () => store(`SELECT count(*) FROM messages WHERE conversation_id = '${page.id}' AND state IN ('queued', 'sent')`) +
		store(`SELECT state FROM conversations WHERE id = '${page.id}'`);
	for (const end = Date.now() + 5000; open() !== "0idle" && Date.now() < end;)
		await sleep(100);
	assert.equal(open(), "0idle");
	const users = inOrder().filter((p) => p.role === "user").length;
	inside(containerOf(login), "pkill -9 -x claude");
	const {parts} = await give("hello");
	assert.equal(parts.filter((p) => p.role === "user").length, 1);
	assert.equal(inOrder().filter((p) => p.role === "user").length, users + 1);
});

test("a message that a hook takes is shown with the hook's reason", async () => {
	const settings = JSON.stringify({hooks: {UserPromptSubmit: [{hooks: [
		{type: "command", command: "grep -q FORBIDDEN && { echo not on a Monday >&2; exit 2; }; exit 0"}]}]}});
	inside(containerOf(login), `mkdir -p ~/.claude && echo '${settings}' >~/.claude/settings.json`);
	inside(containerOf(login), "pkill -9 -x claude");
	const {parts} = await give("say FORBIDDEN things");
	assert.ok(parts[0].role === "user" && parts[0].html.includes("FORBIDDEN"));
	assert.ok(parts.some((p) => p.role === "assistant" && p.html.includes("not on a Monday")));
	assert.equal((await give("hello")).parts.filter((p) => p.html.includes('data-part="usage"')).length, 1);
	inside(containerOf(login), "rm ~/.claude/settings.json");
});

const transcript = () => `~/.claude/projects/-workspace/${page.id}.jsonl`;
const ended = async () => {
	inside(containerOf(login), "pkill -9 -x claude");
	await sleep(500);
};

test("a transcript outlives the CLI's thirty days", async () => {
	const old = "~/.claude/projects/-workspace/00000000-0000-4000-8000-000000000000.jsonl";
	inside(containerOf(login), `cp ${transcript()} ${old} && touch -d '90 days ago' ${old} && rm -f ~/.claude/.last-cleanup`);
	await ended();
	await give("hello");
	for (let i = 0; i < 60 && !/kept/.test(inside(containerOf(login), "test -e ~/.claude/.last-cleanup && echo kept")); i++)
		await sleep(500);
	assert.match(inside(containerOf(login), `ls ~/.claude/.last-cleanup ${old}`), /last-cleanup[^]*8000-000000000000/);
});

test("a transcript torn in its middle: linked again, and one part says that something is lost", async () => {
	await give("run: echo KEPT-BEFORE");
	await give("run: echo TORN-AWAY");
	await give("run: echo KEPT-AFTER");
	await ended();
	const tear = `import json, pathlib
p = pathlib.Path.home() / ".claude/projects/-workspace/${page.id}.jsonl"
lines = p.read_bytes().split(b"\\n")
at = [i for i, l in enumerate(lines) if b'"type":"user"' in l and b"run: echo TORN-AWAY" in l][0]
lines[at] = b"\\0" * 4096
p.write_bytes(b"\\n".join(lines))`;
	assert.doesNotMatch(inside(containerOf(login), `python3 -c '${tear.replaceAll("'", "'\\''")}'`), /Error/);
	const {parts} = await give("/context");
	assert.equal(parts.filter((p) => p.html.includes("data-recall")).length, 1);
	const chain = inside(containerOf(login), `jq -cR 'fromjson? | select(.uuid) | [.uuid, .parentUuid]' ${transcript()}`).trim().split("\n").map((line) => JSON.parse(line));
	const names = new Set(chain.map(([name]) => name));
	assert.deepEqual(chain.filter(([, before]) => before && !names.has(before)), []);
	await ended();
	assert.equal((await give("hello")).parts.filter((p) => p.html.includes("data-recall")).length, 0);
});

test("a transcript that cannot be read: one part says so, and the record brings Claude back", async () => {
	await give("hello");
	inside(containerOf(login), "pkill -9 -x claude");
	inside(containerOf(login), `: >${transcript()}`);
	const {parts} = await give("hello again");
	assert.equal(parts.filter((p) => p.html.includes("data-recall")).length, 1);
	assert.equal(parts.filter((p) => p.html.includes('data-part="usage"')).length, 1);
	const ends = page.ends;
	page.send({type: "recall", id: crypto.randomUUID()});
	await page.until((p) => p.ends > ends && p.status === "ready", "the record is given");
	assert.ok(inOrder().some((p) => p.role === "user" && p.html.includes('data-part="status"')));
	// lost once: the next process finds its own transcript
	await ended();
	assert.equal((await give("hello")).parts.filter((p) => p.html.includes("data-recall")).length, 0);
});
