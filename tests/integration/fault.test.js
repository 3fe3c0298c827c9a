// kill -9 of each program in mid-answer: the page continues by itself and every
// event is shown once.
// Tests lib/bridge/room.c, lib/bridge/room_events.c.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {engine, inside, newAccount, containerOf, openConversation, service, sleep} from "../client.js";

let login, page;
before(async () => {
	login = newAccount("fault");
	page = await openConversation(login, "hello");
	await page.until((p) => p.ends >= 1, "the first turn");
});
after(() => page?.close());

// What the chat holds now: users' messages, ends, and the last answer's text.
function counts() {
	return {
		asked: [...page.parts.values()].filter((p) => p.role === "user").length,
		usage: page.kinds("usage").length,
	};
}

// "count N" makes the model write 1..N slowly: each number must stand there once.
async function throughFault(name, fault) {
	const was = counts();
	page.say("slow 5");
	await page.until((p) => p.kinds("text", "running").length > 0, "the answer begins");
	await sleep(700);
	await fault();
	await page.until((p) => counts().usage === was.usage + 1, `the turn's end after ${name}`);
	assert.deepEqual(counts(), {asked: was.asked + 1, usage: was.usage + 1});
	assert.equal(page.kinds("text", "running").length, 0);
	// A bridge that joins in mid-turn does not know whether a tool ran: it asks for files.
	await page.until((p) => p.kinds("files", "running").length === 0, "the turn's files");
	// A page that comes new sees the same.
	const parts = new Map(page.parts);
	const again = new page.constructor(page.path, page.cookie);
	try {
		await again.until((p) => p.parts.size >= parts.size && p.status === "ready", "the same parts in a new page");
		for (const [target, part] of parts)
			assert.equal(again.parts.get(target)?.html, part.html, target);
	} finally {
		again.close();
	}
}

for (const name of ["bridge", "nginx", "redis", "pages", "gateway", "ledger", "squid"])
	test(`kill -9 of ${name} in mid-answer`, () =>
		throughFault(name, () => process.kill(Number(service(name)), "SIGKILL")));

test("kill -9 of all at once", () =>
	throughFault("all", () => {
		for (const name of ["bridge", "nginx", "redis", "pages", "gateway", "ledger", "squid"])
			process.kill(Number(service(name)), "SIGKILL");
	}));

test("kill -9 of the bridge at each of twenty moments of a turn", async () => {
	for (let i = 0; i < 20; i++) {
		const was = counts();
		page.say("hello");
		await sleep(i * 15);
		process.kill(Number(service("bridge")), "SIGKILL");
		await page.until(() => counts().usage === was.usage + 1, "turn " + i);
		assert.deepEqual(counts(), {asked: was.asked + 1, usage: was.usage + 1});
		await page.until((p) => p.status === "ready", "ready again");
	}
});

test("Claude killed: one clear final part, and the next message resumes", async () => {
	const errors = page.kinds("error").length;
	const was = counts();
	page.say("slow 30");
	await page.until((p) => p.kinds("text", "running").length > 0, "the answer begins");
	inside(containerOf(login), "pkill -9 -x claude");
	await page.until((p) => p.kinds("error").length === errors + 1, "the final part");
	await sleep(1500);
	assert.equal(page.kinds("error").length, errors + 1);
	assert.equal(page.kinds("text", "running").length, 0);
	page.say("hello again");
	await page.until(() => counts().usage > was.usage, "the next turn");
	await page.until((p) => p.status === "ready", "ready");
});

test("the container killed in mid-answer: one end, and it comes back", async () => {
	const errors = page.kinds("error").length;
	page.say("slow 30");
	await page.until((p) => p.kinds("text", "running").length > 0, "the answer begins");
	await engine("POST", `/containers/${containerOf(login)}/kill`);
	await page.until((p) => p.kinds("error").length === errors + 1, "the final part");
	await page.until((p) => p.status === "ready", "ready again");
	const was = counts();
	page.say("hello after that");
	await page.until(() => counts().usage === was.usage + 1, "the next turn");
});

test("a tool out of memory: its card says so and the turn goes on", async () => {
	const was = counts();
	page.send({type: "mode", mode: "bypassPermissions"});
	page.say("run: python3 -c \"x = bytearray(1500 << 20); print(len(x))\"");
	await page.until(() => counts().usage === was.usage + 1, "the turn's end");
	const card = page.kinds("tool_use", "failed").at(-1)[1].html;
	assert.match(card, /1 ?GiB|1 ?GB|memory/i);
	assert.equal(page.status === "failed", false);
});

test("stop leaves no tool process behind, whatever it did", async () => {
	const was = counts();
	const name = containerOf(login);
	page.say("run: setsid sleep 4001 & nohup sleep 4002 >/dev/null 2>&1 & (env -i setsid sleep 4003 &) ; python3 -c 'import os,time; (os.fork() or (os.setsid(), os.fork() or time.sleep(4004)))'; while true; do sleep 1.5; done");
	await page.until((p) => p.kinds("tool_use", "running").length > 0, "the tool runs");
	await sleep(1500);
	assert.match(inside(name, "pgrep -fa 'sleep 400'"), /sleep 4003/);
	page.send({type: "interrupt"});
	await page.until(() => counts().usage === was.usage + 1, "the end");
	await sleep(2500);
	assert.doesNotMatch(inside(name, "pgrep -fa 'sleep [41]' | grep -v pgrep"), /sleep/);
});
