// A made-up key and a scripted service: the service gets it, and its bytes are
// nowhere else: not in a container, a log, a setting, a process list, nor on
// the workspaces' network.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync, spawn, spawnSync} from "node:child_process";
import {randomBytes} from "node:crypto";
import {mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync} from "node:fs";
import http from "node:http";
import {join} from "node:path";
import {containerOf, engine, gongbang, inside, inspect, newAccount, openConversation, service, sleep, state} from "../client.js";

const key = "sk-test-" + randomBytes(24).toString("hex");
const second = "sk-test-" + randomBytes(24).toString("hex");
const file = join(state, "keys/model.keys");
const work = mkdtempSync("/var/tmp/gongbang-keys.");
const seen = [];
let upstream, base, page, name, dump, watched = "";

// The Messages API as far as one answer needs it.
function answer(request, response) {
	let body = "";
	request.on("data", (some) => { body += some; });
	request.on("end", () => {
		seen.push({url: request.url, headers: request.headers});
		if (!request.url.startsWith("/v1/messages") || request.method !== "POST")
			return response.writeHead(200, {"content-type": "application/json"}).end('{"data":[]}');
		const message = {id: "msg_1", type: "message", role: "assistant", model: "scripted", content: [], stop_reason: null, usage: {input_tokens: 7, output_tokens: 1}};
		if (!JSON.parse(body).stream)
			return response.writeHead(200, {"content-type": "application/json"}).end(JSON.stringify({...message, content: [{type: "text", text: "scripted words"}], stop_reason: "end_turn"}));
		const say = (type, more) => response.write(`event: ${type}\ndata: ${JSON.stringify({type, ...more})}\n\n`);
		response.writeHead(200, {"content-type": "text/event-stream"});
		say("message_start", {message});
		say("content_block_start", {index: 0, content_block: {type: "text", text: ""}});
		say("content_block_delta", {index: 0, delta: {type: "text_delta", text: "scripted words"}});
		say("content_block_stop", {index: 0});
		say("message_delta", {delta: {stop_reason: "end_turn"}, usage: {output_tokens: 3}});
		say("message_stop", {});
		response.end();
	});
}

// scripts/up, watched: no command line holds the key while it runs.
async function up(env) {
	const child = spawn("scripts/up", {env: {...process.env, ...env}, stdio: ["ignore", "pipe", "pipe"]});
	let said = "", status = null;
	child.stdout.on("data", (some) => { said += some; });
	child.stderr.on("data", (some) => { said += some; });
	child.on("exit", (code) => { status = code; });
	while (status === null) {
		for (const pid of readdirSync("/proc").filter((p) => /^\d+$/.test(p)))
			watched += read(`/proc/${pid}/cmdline`);
		watched = watched.includes(key) ? key : "";
		await sleep(50);
	}
	assert.equal(status, 0, said);
	return said;
}
function read(path) {
	try {
		return readFileSync(path, "latin1");
	} catch {
		return "";
	}
}
const setting = (of) => read(join(state, "gongbang.conf")).match(new RegExp(`^${of} = (.*)$`, "m"))?.[1] ?? "";
// Files below that hold the key.
const holding = (...paths) => spawnSync("grep", ["-rlaF", "--devices=skip", "-e", key, "-e", second, ...paths], {encoding: "utf8"}).stdout.split("\n").filter(Boolean);

before(async () => {
	upstream = http.createServer(answer);
	await new Promise((resolve) => upstream.listen(0, "127.0.0.1", resolve));
	base = `http://127.0.0.1:${upstream.address().port}`;
	const said = await up({ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: base});
	assert.match(said, /Its key is in .*model\.keys; remove that file/);
	if (spawnSync("tcpdump", ["--version"]).status === 0) {
		dump = spawn("tcpdump", ["-i", setting("instance"), "-U", "-s", "0", "-Z", "root", "-w", join(work, "dump")], {stdio: "ignore"});
		await sleep(1500);
	}
	const login = newAccount("key");
	page = await openConversation(login, "hello");
	await page.until((p) => p.ends >= 1, "the first turn");
	name = containerOf(login);
});
after(async () => {
	page?.close();
	dump?.kill();
	rmSync(file, {force: true});
	await up({});
	upstream.close();
	rmSync(work, {recursive: true});
});

test("the service got the key, and nothing of the workspace's", () => {
	assert.match([...page.parts.values()].map((p) => p.html).join(), /scripted words/);
	const calls = seen.filter((s) => s.url.startsWith("/v1/messages"));
	assert.ok(calls.length);
	for (const {headers} of calls) {
		assert.equal(headers["x-api-key"], key);
		assert.equal(headers.authorization, undefined);
	}
	assert.equal(setting("model_upstream"), base);
	assert.equal(setting("model_demo"), "no");
});

test("its file is the gateway's user's alone", () => {
	const uid = Number(execFileSync("id", ["-u", "gongbang-gateway"]));
	for (const [path, mode] of [[file, 0o400], [join(state, "keys"), 0o700], [join(state, "journal"), 0o700]]) {
		assert.equal(statSync(path).mode & 0o777, mode, path);
		assert.equal(statSync(path).uid, uid, path);
	}
	for (const user of ["gongbang", "gongbang-bridge", "gongbang-egress", "gongbang-model", "www-data", "nobody"])
		assert.notEqual(spawnSync("setpriv", ["--reuid", user, "--regid", "nogroup", "--init-groups", "cat", file]).status, 0, user);
});

test("no container holds it: environment, files, processes, labels", async () => {
	const all = (await engine("GET", "/containers/json?all=1")).body.filter((c) => c.Labels["gongbang.instance"] === setting("instance"));
	assert.ok(all.length);
	for (const {Id} of all) {
		const about = await inspect(Id);
		assert.ok(!JSON.stringify(about).includes(key), about.Name);
		const places = [...about.Mounts.filter((m) => m.Type === "volume").map((m) => m.Source), about.GraphDriver.Data.UpperDir];
		if (about.State.Running)
			places.push(`/proc/${about.State.Pid}/root/tmp`, `/proc/${about.State.Pid}/root/dev/shm`);
		assert.deepEqual(holding(...places), [], about.Name);
	}
	const found = inside(name, "cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n'");
	assert.ok(!found.includes(key));
	assert.match(found, /ANTHROPIC_AUTH_TOKEN=/);
});

test("no setting, log or record holds it, and no process but the gateway's memory", () => {
	assert.deepEqual(holding("--exclude-dir=engine", "--exclude-dir=src", state), [file]);
	assert.equal(watched, "", "a command line held it while scripts/up ran");
	for (const pid of readdirSync("/proc").filter((p) => /^\d+$/.test(p)))
		for (const what of ["cmdline", "environ"])
			assert.ok(!read(`/proc/${pid}/${what}`).includes(key), `${what} of ${pid}: ${read(`/proc/${pid}/cmdline`)}`);
	const gateway = service("gateway");
	const open = readdirSync(`/proc/${gateway}/fd`).map((fd) => { try { return readlinkSync(`/proc/${gateway}/fd/${fd}`); } catch { return ""; } });
	assert.ok(!open.includes(file), "it is read, not held open");
});

test("the workspaces' network did not carry it", async (t) => {
	if (!dump)
		return t.skip("tcpdump is not there");
	await sleep(1500);
	dump.kill();
	await new Promise((resolve) => dump.on("exit", resolve));
	const bytes = readFileSync(join(work, "dump"));
	assert.ok(bytes.includes("/v1/messages"), "it did see the calls");
	assert.ok(!bytes.includes(key));
	assert.ok(!bytes.includes(Buffer.from(key).toString("base64").slice(0, 40)));
	dump = null;
});

test("scripts/up without it keeps the key and its service", async () => {
	const pid = service("gateway");
	await up({});
	assert.equal(readFileSync(file, "utf8"), key + "\n");
	assert.equal(setting("model_upstream"), base);
	assert.equal(setting("model_keys"), file);
	assert.equal(service("gateway"), pid, "nothing was started again");
	gongbang(["user", "list"]);
});

test("another key, from a file, is used without a start of the gateway", async () => {
	const pid = service("gateway");
	writeFileSync(join(work, "keys"), `# of the team\n${second}\r\n\nBearer ${second}\n`, {mode: 0o600});
	await up({ANTHROPIC_API_KEY_FILE: join(work, "keys"), ANTHROPIC_BASE_URL: base});
	assert.equal(readFileSync(file, "utf8"), `${second}\nBearer ${second}\n`);
	assert.equal(service("gateway"), pid);
	seen.length = 0;
	const was = page.kinds("usage").length;
	page.say("hello");
	await page.until((p) => p.kinds("usage").length > was, "a turn with the other key");
	const used = seen.filter((s) => s.url.startsWith("/v1/messages")).map(({headers}) => headers["x-api-key"] ?? headers.authorization);
	assert.ok(used.length && used.every((k) => k === second || k === "Bearer " + second), used.map((k) => k?.length).join());
});

test("what is no key is refused with its line, and not shown", () => {
	for (const text of ["", "\n\n", "good-key-1\nwith a blank\n", "k\u00e9y-of-a-kind\n", "Bearer  two-blanks\n"]) {
		writeFileSync(join(work, "bad"), text);
		const done = spawnSync("scripts/up", {encoding: "utf8", env: {...process.env, ANTHROPIC_API_KEY_FILE: join(work, "bad")}});
		assert.notEqual(done.status, 0, text);
		assert.match(done.stderr, /holds no valid key/);
		assert.ok(!text.trim() || !done.stderr.includes(text.trim().split("\n").at(-1)), done.stderr);
	}
	const done = spawnSync("scripts/up", {encoding: "utf8", env: {...process.env, ANTHROPIC_API_KEY_FILE: join(work, "none")}});
	assert.notEqual(done.status, 0);
	assert.match(done.stderr, /can't read the key from/);
	assert.equal(readFileSync(file, "utf8"), `${second}\nBearer ${second}\n`);
});
