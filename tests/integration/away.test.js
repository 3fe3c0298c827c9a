// Redis, the engine, the model or the disk away, at start and later: the page
// says which, messages are kept or refused with a reason, and everything works
// again afterwards.
// Tests lib/core/host.c.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync, spawnSync} from "node:child_process";
import {chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import net from "node:net";
import {join} from "node:path";
import {begin, call, engineSocket, logIn, newAccount, openConversation, Page, state, sleep} from "../client.js";
import {says} from "../words.js";

let login, cookie, page;
const local = join(state, "local.conf");
const kept = existsSync(local) ? readFileSync(local) : null;
before(async () => {
	login = newAccount("away");
	({cookie} = await logIn(login));
	page = await openConversation(login, "hello");
	await page.until((p) => p.ends >= 1, "the first turn");
});
after(() => page?.close());

const sv = (act, name) => execFileSync("sv", ["-w", "20", act, join(state, "services", name)]);
// A service whose start fails is never "up" for sv.
const svTry = (act, name) => spawnSync("sv", ["-w", "2", act, join(state, "services", name)]);
const usage = (p = page) => p.kinds("usage").length;
async function turn(p, text, timeout) {
	const was = usage(p);
	p.say(text);
	await p.until(() => usage(p) === was + 1, "the turn: " + text, timeout);
}
// scripts/up with these local settings: its exit status and all it said.
function up(lines) {
	if (lines === null && kept === null)
		rmSync(local, {force: true});
	else
		writeFileSync(local, lines ?? kept);
	const done = spawnSync("scripts/up", {encoding: "utf8"});
	return {status: done.status, said: done.stdout + done.stderr};
}
async function answers(path, status, timeout = 15000) {
	let answer;
	for (const end = Date.now() + timeout; Date.now() < end; await sleep(300)) {
		answer = await call("GET", path, {cookie});
		if (answer.status === status)
			return answer;
	}
	throw new Error(`${path}: ${answer.status}, not ${status}`);
}

test("Redis away: 503 names it, live chats wait in words and go on; at start too", async () => {
	sv("down", "redis");
	const was = usage();
	try {
		assert.match((await call("GET", "/workspace", {cookie})).text, says("error_redis"));
		assert.equal((await call("GET", "/workspace", {cookie})).status, 503);
		page.say("hello without Redis");
		// Spending unseen is worse than waiting: the gateway refuses, Claude tries again.
		await page.until((p) => p.status === "working" && says("status_retrying").test(p.words), "the retries as status");
		assert.equal(usage(), was);
		sv("restart", "bridge");
		sv("restart", "pages");
		assert.match((await answers("/workspace", 503)).text, says("error_redis"));
		await assert.rejects(logIn(login), /503.*Redis/s);
	} finally {
		sv("up", "redis");
	}
	await answers("/workspace", 200);
	await page.until((p) => usage(p) === was + 1 && p.status === "ready", "it goes on by itself", 120000);
	await turn(page, "hello again");
});

test("kill -9 of Redis during a login: it is there afterwards or was refused in words", async () => {
	const mine = newAccount("storm");
	for (let i = 0; i < 5; i++) {
		const going = logIn(mine).then((l) => l.cookie, (error) => error);
		await sleep(i * 70);
		process.kill(Number(execFileSync("sv", ["status", join(state, "services/redis")], {encoding: "utf8"}).match(/pid (\d+)/)[1]), "SIGKILL");
		const got = await going;
		await answers("/workspace", 200);
		if (typeof got === "string")
			assert.equal((await call("GET", "/workspace", {cookie: got})).status, 200);
		else
			assert.match(String(got), /503|Redis|500|undefined|null/);
	}
});

test("the model away: retries are shown, the turn can be stopped, and the next works", async () => {
	sv("down", "model");
	try {
		page.say("hello, anybody?");
		await page.until((p) => p.status === "working" && says("status_retrying").test(p.words), "the retries as status");
	} finally {
		sv("up", "model");
	}
	await page.until((p) => p.status === "ready", "it goes on by itself", 120000);
	assert.equal(page.kinds("error").length, 0);
	for (const what of ["429", "400"]) {
		const errors = page.kinds("error").length, ends = page.ends;
		page.say("error " + what);
		await page.until((p) => p.ends === ends + 1, "the end", 120000);
		assert.equal(page.kinds("error").length, errors + 1);
		await turn(page, "hello");
	}
});

test("the pages away: nginx says so in both languages, and the chat continues", async () => {
	sv("down", "pages");
	try {
		const answer = await answers("/workspace", 502);
		assert.match(answer.headers["content-type"], /^text\/html; *charset=utf-8$/i);
		assert.match(answer.headers["content-security-policy"], /^default-src 'none'/);
		assert.match(answer.text, /<h1>Gongbang isn't responding<\/h1>/);
		assert.match(answer.text, /<h2 lang="ko">공방이 응답하지 않아요<\/h2>/);
		assert.doesNotMatch(answer.text, /nginx/);
		await turn(page, "hello without pages");
	} finally {
		sv("up", "pages");
	}
	await answers("/workspace", 200);
});

test("the gateway away: retries are shown, and it goes on when it is back", async () => {
	const was = usage();
	sv("down", "gateway");
	try {
		page.say("hello, is there a gateway?");
		await page.until((p) => p.status === "working" && says("status_retrying").test(p.words), "the retries as status");
	} finally {
		sv("up", "gateway");
	}
	await page.until((p) => usage(p) === was + 1 && p.status === "ready", "it goes on by itself", 120000);
});

test("the model away at the start of a conversation", async () => {
	sv("down", "model");
	let other;
	try {
		other = await openConversation(login, "hello, early");
		await other.until((p) => p.status === "working" && says("status_retrying").test(p.words), "the retries as status");
	} finally {
		sv("up", "model");
	}
	await other.until((p) => usage(p) === 1 && p.status === "ready", "answered after all", 120000);
	other.close();
});

test("the engine away, later and at start: the page says so, the queue holds, and it goes on", async () => {
	const path = join(state, "engine-proxy.sock");
	const open = new Set();
	const proxy = net.createServer({allowHalfOpen: true}, (a) => {
		const b = net.connect({path: engineSocket, allowHalfOpen: true});
		a.pipe(b).pipe(a);
		for (const s of [a, b]) {
			open.add(s);
			s.on("error", () => {});
			s.on("close", () => [a, b].forEach((x) => x.destroy()));
		}
	});
	const listen = () => new Promise((r) => {
		rmSync(path, {force: true});
		proxy.listen(path, () => r(chmodSync(path, 0o666)));
	});
	const cut = () => new Promise((r) => {
		proxy.close(r);
		open.forEach((s) => s.destroy());
		open.clear();
	});
	await listen();
	try {
		// scripts/up asks the engine as well, and would wait for this process.
		const text = readFileSync(join(state, "gongbang.conf"), "utf8");
		writeFileSync(join(state, "gongbang.conf"), text.replace(/^engine_socket = .*$/m, "engine_socket = " + path));
		sv("restart", "guard");
		sv("restart", "bridge");
		await page.until((p) => p.status === "ready", "ready through the proxy");
		await turn(page, "hello");
		await cut();
		await page.until((p) => p.status === "failed" && /engine|엔진/.test(p.words), "the page says so", 120000);
		const id = page.say("kept meanwhile");
		await page.until((p) => !p.outbox.some((m) => m.id === id) && p.queue.includes(id), "the queue holds it");
		sv("restart", "guard");
		sv("restart", "bridge");
		await page.until((p) => p.status === "failed" && /engine|엔진/.test(p.words), "at start too", 120000);
		const was = usage();
		await listen();
		await page.until((p) => usage(p) === was + 1 && p.status === "ready", "answered by itself", 120000);
	} finally {
		up(null);
		await cut().catch(() => {});
	}
	await page.until((p) => p.status === "ready", "ready without the proxy", 120000);
	await turn(page, "hello");
});

test("the disk full: a message is refused in words before Claude sees it, and goes later", async () => {
	const small = join(state, "small");
	mkdirSync(small, {recursive: true});
	execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m,mode=2770", "tmpfs", small]);
	let full;
	try {
		execFileSync("chown", ["gongbang:gongbang", small]);
		assert.equal(up(`${kept ?? ""}\ndatabase = ${small}/gongbang.db\ndisk_reserve = 0\n`).status, 0);
		const mine = newAccount("full");
		full = await openConversation(mine, "hello");
		await full.until((p) => usage(p) === 1 && p.status === "ready", "the first turn");
		spawnSync("dd", ["if=/dev/zero", `of=${small}/filler`, "bs=4096"]);
		const parts = full.parts.size;
		const id = full.say("x".repeat(100000));
		await full.until((p) => p.refused.has(id), "refused");
		assert.match(full.refused.get(id), /disk|records|디스크|기록/);
		assert.equal((await call("POST", "/conversations", {cookie: full.cookie, form: {csrf: "x"}})).status, 403);
		assert.equal(full.parts.size, parts, "Claude has not seen it");
		await assert.rejects(begin(full.cookie, "x".repeat(100000)), /503|507|500/);
		rmSync(`${small}/filler`);
		await turn(full, "there is room again", 90000);
		const again = new Page(full.path, full.cookie);
		await again.until((p) => p.parts.size === full.parts.size, "nothing is doubled or lost");
		again.close();
	} finally {
		full?.close();
		up(null);
		spawnSync("umount", ["-l", small]);
	}
	await page.until((p) => p.status === "ready", "ready with its own records");
});

test("settings with a typo: scripts/up refuses with file and line, what runs goes on", async () => {
	const {status, said} = up("session_idle = 600\nsession_idel = 600\n");
	assert.notEqual(status, 0);
	assert.match(said, /gongbang\.conf[^\n]*:\d+[^\n]*session_idel/);
	await turn(page, "hello");
	assert.equal(up(null).status, 0);
});

test("a start refused for a typo, in settings or a template, is told by scripts/status", async () => {
	const settings = join(state, "gongbang.conf"), text = readFileSync(settings, "utf8");
	const template = join(state, "app/share/gongbang/templates/pages/login.html");
	const status = () => spawnSync("scripts/status", {encoding: "utf8"});
	for (const [file, bad, words] of [[settings, text + "session_idel = 600\n", /gongbang\.conf:\d+/], [template, null, /login\.html:\d+/]]) {
		cpSync(file, file + ".kept");
		try {
			writeFileSync(file, bad ?? readFileSync(file, "utf8") + "\n{{#open}}\n");
			svTry("restart", "pages");
			await sleep(1500);
			const {status: code, stdout} = status();
			assert.notEqual(code, 0, stdout);
			assert.match(stdout, words);
		} finally {
			cpSync(file + ".kept", file);
			rmSync(file + ".kept");
			await answers("/workspace", 200);
		}
		for (let i = 0; i < 20 && status().status; i++)
			await sleep(500);
		assert.equal(status().status, 0, status().stdout);
	}
});
