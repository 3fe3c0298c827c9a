// Texts that take a markdown parser quadratic time, said by the model, a user and
// a tool: everybody else is served meanwhile, and each is shown in the end.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {call, logIn, newAccount, openConversation, sleep, state} from "../client.js";

const corpus = JSON.parse(readFileSync(new URL("../html/hostile.json", import.meta.url)));
const fill = ({head = "", unit, tail = ""}, size) =>
	head + unit.repeat(Math.max(1, Math.floor((size - head.length - tail.length) / new TextEncoder().encode(unit).length))) + tail;
const separator = "\n%%%\n";

// Far more than anything here takes on a slow machine, far less than one such text took.
const patience = 10000;
let watching = true, page, other, cookie, login;
const missed = [], waited = [];

async function watch(what, ask) {
	while (watching) {
		const began = Date.now();
		const answered = await Promise.race([ask().then(() => true, () => false), sleep(patience).then(() => false)]);
		waited.push(Date.now() - began);
		if (!answered)
			missed.push(what);
		await sleep(250);
	}
}

const turns = (p) => p.kinds("usage").length;
const texts = (p) => p.kinds("text", "ok").filter(([, x]) => x.role === "assistant").length;
async function turn(p, words, timeout = 120000) {
	const was = turns(p);
	const id = p.say(words);
	await p.until(() => turns(p) > was || p.refused.has(id), "a turn of " + words.slice(0, 40), timeout);
	assert.ok(!p.refused.has(id), p.refused.get(id));
}

let watchers;
before(async () => {
	login = newAccount("hostile");
	page = await openConversation(login, "hello");
	({cookie} = await logIn(login));
	other = await openConversation(newAccount("other"), "hello");
	await page.until(() => turns(page) === 1, "the first turn");
	await other.until(() => turns(other) === 1, "the other's first turn");
	watchers = [
		watch("healthz", async () => assert.equal((await call("GET", "/healthz")).status, 200)),
		watch("echo", () => turn(other, "echo: still here", patience)),
	];
});
after(async () => {
	watching = false;
	await Promise.all(watchers || []);
	page?.close();
	other?.close();
});

test("the model says a hundred of them", async () => {
	const rows = corpus.filter((row, i) => i % 2 === 0);
	assert.ok(rows.length >= 100);
	let was = texts(page);
	for (let i = 0; i < rows.length; i += 17) {
		const some = rows.slice(i, i + 17).map((row) => fill(row, 33000).trim()).filter((text) => text);
		await turn(page, "echo: " + some.join(separator));
		was += some.length;
	}
	await page.until(() => texts(page) >= was - 4, "each as a part");	// blank ones are none
});

test("the worst ones, a megabyte each", async () => {
	const worst = await openConversation(login, "hello");
	await worst.until(() => turns(worst) === 1, "the first turn");
	for (const [head, unit] of [["http://a.b/", ")"], ["", "*a **a "], ["", "![[]()"], ["[a]: /" + "x".repeat(9000) + "\n\n", "[a]"], ["", "a@b."], ["> ".repeat(90), "x\n"]]) {
		const was = texts(worst);
		await turn(worst, "echo: " + fill({head, unit}, 900000));
		await worst.until(() => texts(worst) > was, "its part");
		const [, part] = worst.kinds("text", "ok").at(-1);
		assert.ok(part.html.length > 100000, "nothing of it is lost");
	}
	for (let i = 0; i < 2; i++) {
		const answer = await call("GET", "/workspace/" + worst.id, {cookie});
		assert.equal(answer.status, 200);
	}
	worst.close();
});

test("a user says one, a tool prints one", async () => {
	await turn(page, "hello http://a.b/" + ")".repeat(300000));
	page.send({type: "mode", mode: "bypassPermissions"});
	await turn(page, "run: printf 'http://a.b/'; head -c 300000 /dev/zero | tr '\\0' ')'");
	await page.until(() => page.kinds("tool_use", "ok").length === 1, "the tool's card");
});

test("pages of it are served, and nobody was kept waiting", async () => {
	for (let i = 0; i < 2; i++) {
		const answer = await call("GET", "/workspace/" + page.id, {cookie});
		assert.equal(answer.status, 200);
		assert.match(answer.text, /part-text/);
	}
	watching = false;
	await Promise.all(watchers);
	watchers = null;
	// Four threads at once, and again: what that took is given back.
	for (let i = 0; i < 5; i++)
		await Promise.all(["/workspace/" + page.id, `/conversations/${page.id}/export.json`, `/conversations/${page.id}/export.md`, "/workspace/" + page.id].map(
			(path) => call("GET", path, {cookie}).then((answer) => assert.equal(answer.status, 200))));
	const pid = readFileSync(join(state, "services/pages/supervise/pid"), "utf8").trim();
	const resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);
	assert.ok(resident < 32000, `gongbang.fcgi holds ${resident} kB`);
	assert.ok(waited.length > 20);
	assert.deepEqual(missed, []);
});
