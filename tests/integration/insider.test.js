// One allowed command of a conversation, against Claude, the shim, the logs and
// the other sessions of its own workspace: the record stays true.
// Tests lib/shim/seccomp.c.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {begin, containerOf, engineSocket, inside, logOf, newAccount, openConversation, Page, sleep, state} from "../client.js";

const script = readFileSync(new URL("insider.py", import.meta.url));
const store = (sql) => execFileSync("sqlite3", ["-cmd", ".timeout 5000", join(state, "data/gongbang.db"), sql], {encoding: "utf8"}).trim();
let login, name, own, other, ended, said;

// The command that a person allows once, in a conversation that asks.
async function allowed(page, command) {
	const was = page.ends;
	page.say("run: " + command);
	await page.until((p) => p.kinds("permission", "waiting").length, "the question for " + command);
	page.answer("permission", "allow");
	await page.until((p) => p.ends > was, "the turn of " + command, 90000);
	return page.kinds("tool_use").at(-1)[1].html;
}

before(async () => {
	login = newAccount("insider");
	own = await openConversation(login, "hello");
	await own.until((p) => p.ends >= 1, "the first turn");
	name = containerOf(login);
	const another = async (text) => {
		const id = await begin(own.cookie, text);
		const page = new Page(`/ws/conversations/${id}`, own.cookie);
		page.id = id;
		return page;
	};
	ended = await another("hello");
	await ended.until((p) => p.ends >= 1, "the turn of one that ends");
	other = await another("run: echo secret-of-another; touch /workspace/never");
	await other.until((p) => p.kinds("permission", "waiting").length, "a question that waits");
	ended.close();
	inside(name, `for p in $(pgrep -x claude); do tr '\\0' ' ' </proc/$p/cmdline | grep -q ${ended.id} && kill $p; done`);
	for (let i = 0; i < 100 && !logOf(name, ended.id).includes('"exit"'); i++)
		await sleep(100);
	execFileSync("docker", ["-H", "unix://" + engineSocket, "exec", "-i", name, "bash", "-c", "cat >/workspace/insider.py"], {input: script});
});
after(() => [own, other].forEach((p) => p?.close()));

test("nothing that a command tries on the rest of its workspace succeeds", async () => {
	const log = logOf(name, ended.id);
	const html = await allowed(own, `python3 insider.py ${own.id} ${other.id} ${ended.id} >insider.out 2>&1; tail -n 1 insider.out`);
	said = inside(name, "cat insider.out");
	assert.match(html, /attempts over/, said);
	assert.match(said, /attempts over/);
	assert.deepEqual(said.split("\n").filter((l) => l.includes(" DONE")), []);
	assert.ok(said.split("\n").filter((l) => l.includes(" REFUSED ")).length > 150, said);
	assert.ok(log.length && log.equals(logOf(name, ended.id)));
});

test("no part was forged, no mode changed, no question answered", async () => {
	for (const id of [own.id, other.id, ended.id]) {
		assert.equal(store(`SELECT mode FROM conversations WHERE id = '${id}'`), "default");
		assert.equal(store(`SELECT count(*) FROM parts WHERE conversation_id = '${id}' AND data LIKE '%"FORGED"%'`), "0");
	}
	assert.equal(other.kinds("permission", "waiting").length, 1);
	assert.match(inside(name, "ls never"), /No such file/);
	own.say("run: touch never");
	await own.until((p) => p.kinds("permission", "waiting").length, "the next question");
	own.answer("permission", "deny");
});

// README lists it: within a session the domains let signals through.
test("what stays open: a command ends its own Claude, which is said, and no other", async () => {
	await own.until((p) => p.status === "ready", "the denied turn's end");
	const errors = own.kinds("error").length;
	own.say("run: for p in $(pgrep -x claude); do kill -9 $p && echo ended; done");
	await own.until((p) => p.kinds("permission", "waiting").length, "the question");
	own.answer("permission", "allow");
	await own.until((p) => p.kinds("error").length > errors, "the end that is said");
	assert.equal(other.kinds("permission", "waiting").length, 1);
	assert.equal(inside(name, "pgrep -x claude | wc -l").trim(), "1");
});
