// How Claude starts in the real container when the user's own files interfere,
// and when many users come at once.
import {test} from "node:test";
import assert from "node:assert/strict";
import {Page, begin, call, containerOf, inside, inspect, logIn, newAccount, now, openConversation, sleep, type} from "../client.js";
import {load} from "../bench/load.js";

const bar = (page) => page.words.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").replaceAll("&quot;", '"');
const ended = (page, n, ms = 60000) => page.until((p) => p.ends >= n, `turn ${n}`, ms);

// A user whose workspace runs and whose Claude has been heard once.
async function somebody(name) {
	const login = newAccount(name);
	const page = await openConversation(login, "hello");
	await ended(page, 1);
	return {login, page, container: containerOf(login)};
}

// Another conversation of the same user: a start of its own.
async function another(who) {
	const {cookie} = await logIn(who.login);
	const id = await begin(cookie, "hello");
	const page = new Page(`/ws/conversations/${id}`, cookie);
	page.id = id;
	return page;
}

test("torn, empty or no file at all: Claude's configuration is mended by the second try", async () => {
	const who = await somebody("torn");
	const ways = ["printf '{\"numStartups\": 1, \"proj' > ~/.claude.json", ": > ~/.claude.json"];
	for (const way of ways) {
		inside(who.container, way);
		const page = await another(who);
		const seen = [];
		page.heard = null;
		const receive = page.receive.bind(page);
		page.receive = (e) => { if (e.kind === "status") seen.push(e.html); receive(e); };
		await ended(page, 1);
		assert.ok(seen.some((html) => html.includes("Configuration error in")), "Claude's own words are shown: " + seen.at(-1));
		assert.match(inside(who.container, "ls -d ~/claude-settings-*/.claude.json"), /claude-settings/);
		assert.equal(inside(who.container, "python3 -c 'import json; json.load(open(\"/workspace/.claude.json\"))' && echo good").trim(), "good");
		page.close();
	}
	who.page.close();
});

test("a hook that hangs: told within seconds, and the person gets on without the settings", async () => {
	const who = await somebody("hook");
	inside(who.container, `echo '{"hooks":{"SessionStart":[{"hooks":[{"type":"command","command":"sleep 600"}]}]}}' > ~/.claude/settings.json`);
	const page = await another(who);
	await page.until((p) => /data-start="safe"/.test(p.words), "a way on", 20000);
	assert.match(bar(page), /longer than usual/);
	page.send({type: "start", how: "safe"});
	await ended(page, 1, 30000);
	await page.until((p) => /data-start="usual"/.test(p.words) && p.status === "ready", "said to run without settings");
	assert.equal(page.kinds("text").filter(([, p]) => p.role === "user").length, 1, "the message is there once");
	page.close();
	const next = await another(who);
	await next.until((p) => /data-start="reset"/.test(p.words), "a way on", 20000);
	next.send({type: "start", how: "reset"});
	await ended(next, 1, 30000);
	assert.match(inside(who.container, "cat ~/claude-settings-*/.claude/settings.json"), /SessionStart/);
	assert.match(inside(who.container, "ls ~/.claude/projects"), /workspace/);
	next.close();
	who.page.close();
});

test("a pipe in the place of a file that Claude reads: the start without settings moves it aside", async () => {
	const who = await somebody("pipe");
	inside(who.container, "rm -f ~/.claude/.credentials.json; mkfifo ~/.claude/.credentials.json");
	const page = await another(who);
	await page.until((p) => /data-start="safe"/.test(p.words), "a way on", 20000);
	page.send({type: "start", how: "safe"});
	await ended(page, 1, 30000);
	assert.match(inside(who.container, "find ~/claude-settings-* -type p"), /credentials/);
	page.close();
	who.page.close();
});

test("a fork bomb: the workspace is restarted through the engine, by its button", async () => {
	const who = await somebody("bomb");
	assert.match(inside(who.container, `python3 -c '
import os, time
try:
    while True:
        if not os.fork():
            os.setsid()
            for fd in range(3):
                os.close(fd)
            time.sleep(600)
            os._exit(0)
except OSError as e:
    print(e, flush=True)
'`), /temporarily unavailable/);
	const before = (await inspect(who.container)).State.StartedAt;
	const {cookie} = await logIn(who.login);
	assert.match((await call("GET", `/workspace/${who.page.id}`, {cookie})).text, /<button[^>]* data-start="restart"/);
	who.page.send({type: "start", how: "restart"});
	await who.page.until((p) => p.status === "starting", "being restarted");
	await who.page.until((p) => p.status === "ready", "ready again");
	const after = (await inspect(who.container)).State.StartedAt;
	assert.notEqual(after, before);
	assert.equal(inside(who.container, "pgrep -c python3").trim().split("\n")[0], "0");
	who.page.say("hello");
	await ended(who.page, 2);
	who.page.close();
});

// Claudes of that conversation: their process ids.
const claudes = (container, id) => inside(container, `pgrep -xf '/usr/local/bin/claude .* --session-id ${id}'`).split("\n").filter((line) => /^\d+$/.test(line));

test("Claude is begun while the first words are typed, and taken over by the conversation", async () => {
	const who = await somebody("typist");
	const {cookie} = await logIn(who.login);
	const typed = await type(cookie, 0);
	const pids = () => claudes(who.container, typed.conversation);
	let before = [];
	for (const end = now() + 20000; !before.length && now() < end; await sleep(100))
		before = pids();
	assert.equal(before.length, 1, "it runs before anything was said");
	const id = await begin(cookie, "hello", typed);
	assert.equal(id, typed.conversation);
	const page = new Page(`/ws/conversations/${id}`, cookie);
	await ended(page, 1);
	assert.deepEqual(pids(), before, "the same process");
	assert.equal(page.kinds("text").filter(([, p]) => p.role === "user").length, 1);
	page.close();
	who.page.close();
});

test("Claude begun ahead and never used is ended, and nothing of it stays", async () => {
	const who = await somebody("idler");
	const {cookie} = await logIn(who.login);
	const until = async (typed, n, ms) => {
		for (const end = now() + ms; claudes(who.container, typed.conversation).length !== n; await sleep(300))
			assert.ok(now() < end, `${n} of ${typed.conversation}`);
	};
	const first = await type(cookie, 0);
	await until(first, 1, 20000);
	const second = await type(cookie, 0);	// one at a time: it takes the other's place
	await until(second, 1, 20000);
	await until(first, 0, 10000);
	second.ws.close();
	await until(second, 0, 20000);
	assert.doesNotMatch((await call("GET", "/workspace", {cookie})).text, new RegExp(second.conversation));
	assert.doesNotMatch(inside(who.container, "ls ~/.claude/projects/*"), new RegExp(second.conversation));
	first.ws.close();
	who.page.close();
});

test("twenty people within five seconds: nobody fails, nothing is lost or doubled", async () => {
	const r = await load({users: 20, turns: 1, over: 5});
	assert.deepEqual(r.failed, []);
	assert.equal(r.lost, 0);
	assert.equal(r.doubled, 0);
	assert.equal(r.first.length, 20);
	assert.ok(r.lined > 0, "some were shown their place in line");
});
