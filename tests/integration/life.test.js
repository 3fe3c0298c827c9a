// Conversations survive: the container, the process, the volume or the pages
// may go, and the conversation continues with an explanation; deleted ones are
// really gone.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync, spawnSync} from "node:child_process";
import {readFileSync} from "node:fs";
import net from "node:net";
import {call, containerOf, cookies, engine, engineSocket, field, inside, insideState, logIn, newAccount, openConversation, Page, port, service, sleep} from "../client.js";
import {says} from "../words.js";

let login, page;
before(async () => {
	login = newAccount("life");
	page = await openConversation(login, "hello");
	await page.until((p) => p.ends >= 1, "the first turn");
	await page.until((p) => p.status === "ready", "ready");
});
after(() => page?.close());

const usage = () => page.kinds("usage").length;
async function turn(text, timeout) {
	const was = usage();
	page.say(text);
	await page.until(() => usage() === was + 1, "the turn: " + text.slice(0, 40), timeout);
}

test("/clear is refused in words, and the conversation goes on", async () => {
	for (const text of ["/clear", " /new x", "/RESET"]) {
		const id = page.say(text);
		await page.until((p) => p.refused.has(id), text);
		assert.match(page.refused.get(id), /\/compact|새 대화/);
	}
	await turn("hello");
});

test("Claude killed while it waits for permission: cancelled, and the next message resumes", async () => {
	page.send({type: "mode", mode: "default"});
	for (let i = 0; i < 3; i++) {
		const errors = page.kinds("error").length;
		page.say(`run: touch /tmp/asked${i}`);
		await page.until((p) => p.kinds("permission", "waiting").length === 1, "it asks");
		inside(containerOf(login), "pkill -9 -x claude");
		await page.until((p) => p.kinds("error").length === errors + 1, "the final part");
		assert.equal(page.kinds("permission", "waiting").length, 0);
		assert.equal(page.kinds("tool_use", "running").length, 0);
		assert.notEqual(page.kinds("permission", "cancelled").length, 0);
		await turn("hello");
	}
});

test("the container restarted at each of four moments: the message stands once, and ends", async () => {
	for (let i = 0; i < 4; i++) {
		const asked = () => [...page.parts.values()].filter((p) => p.role === "user").length;
		const was = asked();
		const ends = page.ends;
		page.say("slow 2");
		await sleep(i * 400);
		await engine("POST", `/containers/${containerOf(login)}/restart?t=0`);
		await page.until((p) => asked() > was && p.ends > ends && p.status === "ready", "the end " + i);
		assert.equal(asked(), was + 1);
		assert.ok(page.ends <= ends + 2, "an error, and at most one answer");
		assert.equal(page.kinds("text", "running").length, 0);
	}
	await turn("hello");
});

test("a page cut off silently comes back and shows every event once", async () => {
	// A relay that stops carrying bytes without a FIN, as sleep and dead routers do.
	const pairs = new Set();
	let dead = false;
	const relay = net.createServer((a) => {
		const b = net.connect(Number(port), "127.0.0.1");
		const gone = {a, b, mute: false};
		pairs.add(gone);
		a.on("data", (d) => { gone.mute || b.write(d); });
		b.on("data", (d) => { gone.mute || a.write(d); });
		for (const s of [a, b])
			s.on("error", () => {});
	});
	await new Promise((r) => relay.listen(0, "127.0.0.1", r));
	const through = new Page(page.path, page.cookie, relay.address().port);
	await through.until((p) => p.status === "ready", "ready through the relay");
	const was = usage();
	page.say("slow 3");
	await through.until((p) => p.kinds("text", "running").length === 1, "the answer begins");
	for (const pair of pairs)
		pair.mute = dead = true;
	await page.until(() => usage() === was + 1, "the end in the other page");
	assert.ok(dead && through.kinds("usage").length === was);
	through.ws.terminate();
	await through.until((p) => p.kinds("usage").length === was + 1, "the end after the sleep");
	for (const [target, part] of page.parts)
		assert.equal(through.parts.get(target)?.html, part.html, target);
	// The bridge notices the dead one by itself: two rounds of a minute.
	const health = () => JSON.parse(execFileSync("curl", ["-s", "--unix-socket", process.env.GONGBANG_STATE + "/run/control/control.sock", "http://bridge/healthz"])).sockets;
	const sockets = health();
	for (let i = 0; i < 130 && health() >= sockets; i++)
		await sleep(1000);
	assert.equal(health(), sockets - 1);
	assert.equal(page.closed, undefined, "a live page is left alone");
	through.close();
	relay.close();
	for (const pair of pairs)
		pair.a.destroy(), pair.b.destroy();
});

test("50 MB of output in one command: the page lives on, the bridge stays small", async () => {
	const resident = () => Number(readFileSync(`/proc/${service("bridge")}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) >> 10;
	page.send({type: "mode", mode: "bypassPermissions"});
	await turn("hello");
	const before = resident();
	await turn("run: head -c 52428800 /dev/zero | tr '\\0' x | fold -w 100");
	assert.ok(resident() - before < 40, `${before} MB, then ${resident()} MB`);
	await turn("hello");
});

test("a 50 MB line in the log becomes one part that says so", async () => {
	const resident = () => Number(readFileSync(`/proc/${service("bridge")}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) >> 10;
	const before = resident();
	const errors = page.kinds("error").length;
	// In a log that process 1 opens anew, for nobody else writes into Claude's output.
	insideState(containerOf(login), `python3 -c "o = open('.gongbang/sessions/${page.id}/log', 'ab'); o.write(b'{\\"type\\":\\"user\\",\\"x\\":[' + b'1234567,' * (50 << 17) + b'0]}\\n')"`);
	execFileSync("docker", ["-H", "unix://" + engineSocket, "restart", "-t", "0", containerOf(login)]);
	await page.until((p) => p.kinds("error").length === errors + 1, "the part that says so");
	assert.ok(resident() - before < 40, `${before} MB, then ${resident()} MB`);
	await turn("hello");
});

test("a lost volume: words, and the next message is answered", async () => {
	const was = usage();
	const errors = page.kinds("error").length;
	const name = containerOf(login);
	const {Name: volume, Source: place} = (await engine("GET", `/containers/${name}/json`)).body.Mounts.find((m) => m.Destination === "/workspace");
	await engine("DELETE", `/containers/${name}?force=true`);
	// What holds its size is mounted there; the bridge may have begun to put it up again.
	while (spawnSync("umount", [place]).status === 0);
	assert.equal((await engine("DELETE", `/volumes/${volume}`)).status, 204);
	await page.until((p) => p.status === "ready" && p.kinds("error").length > errors, "ready again, with words");
	assert.match(page.kinds("error").at(-1)[1].html, says("error_log_lost"));
	await turn("hello again");
	const again = new Page(page.path, page.cookie);
	await again.until((p) => p.kinds("usage").length === was + 1, "all of it in a new page");
	again.close();
});

test("logout closes the sockets of that login only", async () => {
	const other = await logIn(login);
	const second = new Page("/ws/workspace", other.cookie);
	await second.until((p) => p.status, "the second login's page");
	const html = await call("GET", "/workspace", {cookie: other.cookie});
	const answer = await call("POST", "/logout", {cookie: other.cookie, form: {csrf: field(html.text, "csrf")}});
	assert.equal(answer.status, 303, cookies(answer));
	await second.until((p) => p.closed === 4401, "closed");
	await sleep(500);
	assert.equal(page.closed, undefined);
	await turn("hello");
});

test("a conversation deleted while it works, in two tabs: both are told, nothing stays", async () => {
	const victim = new Page("/ws/workspace", page.cookie);
	const doomed = await openConversation(login, "slow 20");
	const tab = new Page(doomed.path, doomed.cookie);
	await doomed.until((p) => p.kinds("text", "running").length > 0, "it works");
	await tab.until((p) => p.kinds("text", "running").length > 0, "in the other tab too");
	const html = await call("GET", "/workspace", {cookie: doomed.cookie});
	const answer = await call("POST", `/conversations/${doomed.id}/delete`, {cookie: doomed.cookie, form: {csrf: field(html.text, "csrf")}});
	assert.equal(answer.status, 303);
	await doomed.until((p) => p.gone && p.closed === 4404, "told");
	await tab.until((p) => p.gone && p.closed === 4404, "the other tab too");
	let left;
	for (let i = 0; i < 90; i++) {
		left = inside(containerOf(login), `find /workspace /tmp -name '*${doomed.id}*' 2>/dev/null; pgrep -fa ${doomed.id} | grep -v pgrep; true`);
		if (!left.trim())
			break;
		await sleep(500);
	}
	assert.equal(left.trim(), "");
	victim.close();
	await turn("hello");
});
