// Texts that take a markdown parser quadratic time, from the model, a user and
// a tool, and hostile files, settings and requests: other users are served
// meanwhile, each text is shown in the end, and no program computes long in one
// piece.
// Tests lib/bridge/render_queue.c.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {call, containerOf, inside, logIn, newAccount, openConversation, sleep, state} from "../client.js";

const corpus = JSON.parse(readFileSync(new URL("../html/hostile.json", import.meta.url)));
const fill = ({head = "", unit, tail = ""}, size) =>
	head + unit.repeat(Math.max(1, Math.floor((size - head.length - tail.length) / new TextEncoder().encode(unit).length))) + tail;
const separator = "\n%%%\n";

// Far more than anything here takes on a slow machine, far less than one such text took.
const patience = 20000;
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

// ---- what the programs say of themselves: event=long_piece (lib/core/piece.h)

const programs = ["bridge", "gateway", "pages", "worker"];
const since = new Date().toISOString();
const longPieces = () => programs.flatMap((name) => readFileSync(join(state, "log", name, "current"), "utf8").split("\n")
	.filter((line) => line.includes("event=long_piece") && line.slice(5) > since));
const status = (name, what) => {
	const pid = readFileSync(join(state, "services", name, "supervise/pid"), "utf8").trim();
	return Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);
};


const resident = {};
let watchers;
before(async () => {
	for (const name of ["bridge", "gateway"])
		resident[name] = status(name, "VmRSS");
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

test("a tool prints what is deep, wide or without an end of its line", async () => {
	for (const [unit, n] of [["[", 1000000], ["{\\x22a\\x22:", 200000], ["\\\\u0000", 170000], ["<b>", 300000], ["\\033[31m", 200000], ["\\xed\\xa0\\x80", 300000]]) {
		const had = page.kinds("tool_use", "ok").length;
		await turn(page, `run: python3 -c 'import sys; sys.stdout.buffer.write(b"${unit}" * ${n})'`);
		assert.equal(page.kinds("tool_use", "ok").length, had + 1, unit);
	}
});

test("settings and files: commands, sub-agents and names by the thousand", async () => {
	const name = containerOf(login);
	const made = inside(name, `python3 - <<'E'
import os
os.makedirs("/workspace/.claude/commands", exist_ok=True)
os.makedirs("/workspace/.claude/agents", exist_ok=True)
os.makedirs("/workspace/names", exist_ok=True)
for i in range(3000):
    open("/workspace/.claude/commands/c%d.md" % i, "w").write("---\\ndescription: " + "*a **a " * 100 + "\\n---\\nhello\\n")
for i in range(500):
    open("/workspace/.claude/agents/a%d.md" % i, "w").write("---\\nname: a%d\\ndescription: %s\\n---\\nhello\\n" % (i, "![[]()" * 200))
for i in range(2000):
    open(("/workspace/names/%d" % i) + "\\u202e<b>&" + "x" * 200, "w").close()
print("made")
E`);
	assert.match(made, /made/);
	const many = await openConversation(login, "run: ls names");
	await many.until(() => turns(many) === 1 || many.kinds("permission", "waiting").length, "a turn among them", 120000);
	many.close();
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
	const held = status("pages", "VmRSS");
	assert.ok(held < 32000, `gongbang.fcgi holds ${held} kB`);
	assert.ok(waited.length > 20);
	assert.deepEqual(missed, []);
});

// Last: some of these reach the demonstration model, which everybody's echo comes from.
test("a workspace asks the gateway with bodies and headers of every kind", async () => {
	const answers = inside(containerOf(login), `python3 - <<'E'
import http.client, json, os, urllib.parse
url = urllib.parse.urlparse(os.environ["ANTHROPIC_BASE_URL"])
def ask(name, body, headers={}):
    c = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    try:
        c.request("POST", "/v1/messages", body, {"x-api-key": os.environ["ANTHROPIC_AUTH_TOKEN"], "content-type": "application/json", "anthropic-version": "2023-06-01", **headers})
        print(name, c.getresponse().status)
    except OSError as e:
        print(name, "cut")
    c.close()
plain = {"model": "claude-sonnet-4-5", "max_tokens": 16, "messages": [{"role": "user", "content": "hello"}]}
ask("plain", json.dumps(plain))
ask("deep", '{"model":"claude-sonnet-4-5","max_tokens":16,"x":' + "[" * 1000000 + "]" * 1000000 + "}")
ask("deeper", '{"a":' * 1000000)
ask("string", json.dumps({**plain, "system": "x" * (31 << 20)}))
ask("escapes", '{"model":"' + "\\\\u0041" * 1000000 + '"}')
ask("messages", json.dumps({**plain, "messages": plain["messages"] * 100000}))
ask("tools", json.dumps({**plain, "tools": [{"type": "web_search_%d" % i, "name": "n%d" % i} for i in range(100000)]}))
ask("keys", "{" + ",".join('"k%d":0' % i for i in range(300000)) + "}")
ask("same key", "{" + '"model":"a",' * 300000 + '"max_tokens":1}')
ask("number", '{"max_tokens":' + "9" * 1000000 + "}")
ask("headers", json.dumps(plain), {"x-h%d" % i: "v" * 100 for i in range(2000)})
ask("beta", json.dumps(plain), {"anthropic-beta": "a," * 10000})
E`);
	const lines = answers.trim().split("\n");
	assert.equal(lines.length, 12, answers);
	assert.equal(lines[0], "plain 200");
	assert.equal((await call("GET", "/healthz")).status, 200);
});

test("no program computed longer than 50 ms in one piece (a page: for each half megabyte of it)", () => {
	assert.deepEqual(longPieces(), []);
	// 16 MB beyond the texts at hand, several of a megabyte at once.
	for (const name of ["bridge", "gateway"])
		assert.ok(status(name, "VmHWM") - resident[name] < 24000, `${name}: ${resident[name]} kB, at most ${status(name, "VmHWM")} kB`);
});
