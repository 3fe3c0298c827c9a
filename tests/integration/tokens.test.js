// The tokens with which workspaces call the gateway: in one process's
// environment and nowhere else, valid from one address, revoked when their
// process, login or account ends.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {createHash} from "node:crypto";
import {execFileSync} from "node:child_process";
import {join} from "node:path";
import {call, claudeEnvironment, containerOf, field, gongbang, inside, inspect, logIn, newAccount, openConversation, Page, redis, service, sleep, state, userId} from "../client.js";

const store = (sql) => execFileSync("sqlite3", ["-cmd", ".timeout 5000", join(state, "data/gongbang.db"), sql], {encoding: "utf8", maxBuffer: 1 << 28}).trim();
const sv = (act, name) => execFileSync("sv", ["-w", "20", act, join(state, "services", name)]);
const hashOf = (token) => createHash("sha256").update(token).digest("hex");
const kept = (hash) => redis("get", "token:" + hash);
const members = (login) => redis("smembers", "tokens:" + userId(login)).split("\n").filter(Boolean);

// Of Claude's process of that conversation, "" while none runs.
const claudeToken = (name, conversation) => claudeEnvironment(name, conversation).match(/^ANTHROPIC_AUTH_TOKEN=(.*)$/m)?.[1] || "";

async function until(so, what) {
	for (const end = Date.now() + 30000; Date.now() < end; await sleep(200))
		if (await so())
			return;
	throw new Error("not in time: " + what);
}

async function logOut(cookie) {
	const page = await call("GET", "/workspace", {cookie});
	const answer = await call("POST", "/logout", {cookie, form: {csrf: field(page.text, "csrf")}});
	assert.equal(answer.status, 303);
}

async function turn(page, text) {
	const was = page.kinds("usage").length;
	page.say(text);
	await page.until((p) => p.kinds("usage").length === was + 1, "the turn: " + text);
}

let login, page, name, token, hash, address;
before(async () => {
	login = newAccount("token");
	page = await openConversation(login, "hello");
	await page.until((p) => p.ends >= 1, "the first turn");
	name = containerOf(login);
	token = claudeToken(name, page.id);
	hash = hashOf(token);
	address = Object.values((await inspect(name)).NetworkSettings.Networks)[0].IPAddress;
});
after(() => page?.close());

test("one in Claude's environment, another in the container's, their hashes in Redis", async () => {
	assert.match(token, /^[0-9a-f]{64}$/);
	const own = (await inspect(name)).Config.Env.find((e) => e.startsWith("ANTHROPIC_AUTH_TOKEN=")).slice(21);
	assert.match(own, /^[0-9a-f]{64}$/);
	assert.notEqual(own, token);
	assert.equal(kept(hash), `1 conversation ${userId(login)} ${page.id} ${address} 0 0`);
	assert.equal(kept(hashOf(own)), `1 workspace ${userId(login)} ${userId(login)} ${address} 0 0`);
	assert.equal((await inspect(name)).Config.Labels["gongbang.token"], hashOf(own));
	assert.deepEqual(members(login).sort(), [hash, hashOf(own)].sort());
	assert.equal(store(`SELECT token_hash FROM conversations WHERE id = '${page.id}'`), hash);
	for (const key of redis("keys", "*").split("\n")) {
		assert.ok(!key.includes(token) && !key.includes(own), key);
		if (redis("type", key) === "string")
			assert.ok(!redis("get", key).includes(token), key);
	}
	assert.ok(!store(".dump").includes(token));
	assert.ok(!execFileSync("sh", ["-c", `cat "${state}"/log/*/current`], {encoding: "utf8", maxBuffer: 1 << 28}).includes(token));
});

test("another container's address is refused", async () => {
	const other = newAccount("thief");
	const second = await openConversation(other, "hello");
	await second.until((p) => p.ends >= 1, "the neighbour's first turn");
	const asked = (from) => inside(from, `curl -s -m 10 -o /dev/null -w '%{http_code}' -H 'authorization: Bearer ${token}' \
		-H 'content-type: application/json' -d '{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hello"}]}' "$ANTHROPIC_BASE_URL/v1/messages"`).trim();
	assert.equal(asked(name), "200");
	assert.equal(asked(containerOf(other)), "401");
	second.close();
});

test("kill -9 of the bridge and an emptied Redis: the same token is good again", async () => {
	redis("flushall");
	process.kill(Number(service("bridge")), "SIGKILL");
	assert.equal(kept(hash), "");
	page.close();
	const {cookie} = await logIn(login);
	page = Object.assign(new Page(page.path, cookie), {id: page.id});
	await until(() => kept(hash).includes(address), "the token is put again");
	assert.equal(claudeToken(name, page.id), token);
	await turn(page, "hello again");
	assert.equal(claudeToken(name, page.id), token);
});

test("Redis emptied under a running bridge: the tokens are back", async () => {
	const all = members(login).sort();
	redis("del", ...redis("keys", "*token*").split("\n").filter(Boolean));	// at once: the bridge looks each second
	await until(() => members(login).sort().join() === all.join(), "all are back");
	assert.match(kept(hash), / conversation /);
});

test("Redis loses all: the container's own token is good again with the login, no page open", async () => {
	const own = (await inspect(name)).Config.Labels["gongbang.token"];
	const {path, id} = page;
	page.close();
	const lost = () => {
		redis("flushall");
		return until(() => redis("keys", "bridge-tokens:*"), "the bridge has seen it");
	};
	await lost();
	await sleep(1500);
	assert.equal(kept(own), "", "nobody is logged in");
	const {cookie} = await logIn(login);
	const end = Date.now() + 3000;	// the bridge's look around comes each 30 s
	while (!kept(own) && Date.now() < end)
		await sleep(50);
	assert.equal(kept(own), `1 workspace ${userId(login)} ${userId(login)} ${address} 0 0`);
	page = Object.assign(new Page(path, cookie), {id});
	await page.until((p) => p.status === "ready", "ready");
	assert.match(kept(hash), / conversation /);
});

test("it ends with its process, and the next has another one", async () => {
	inside(name, "pkill -9 -x claude");
	await until(() => kept(hash) === "", "the token is gone");
	await turn(page, "hello after that");
	const next = claudeToken(name, page.id);
	assert.notEqual(next, token);
	[token, hash] = [next, hashOf(next)];
	assert.match(kept(hash), / conversation /);
	assert.equal(store(`SELECT token_hash FROM conversations WHERE id = '${page.id}'`), hash);
});

test("without Redis no Claude starts, in words; then it does", async () => {
	sv("down", "redis");
	try {
		inside(name, "pkill -9 -x claude");
		page.say("hello without Redis");
		await page.until((p) => /Redis/.test(p.words), "the status names Redis");
		assert.equal(claudeToken(name, page.id), "");
	} finally {
		sv("up", "redis");
	}
	await page.until((p) => p.status === "ready", "ready");
	assert.equal(page.kinds("text", "running").length, 0);
	await until(() => kept(hash) === "", "the old one is over all the same");
	token = claudeToken(name, page.id);
	hash = hashOf(token);
	assert.match(kept(hash), / conversation /);
});

test("an ending that waits for Redis outlives kill -9 of the bridge", async () => {
	const endings = () => store(`SELECT token_hash FROM token_endings WHERE user_id = '${userId(login)}'`);
	const isOver = () => {
		try {
			return kept(hash) === "" && endings() === "";
		} catch {
			return false;		// Redis reads what it kept
		}
	};
	assert.match(kept(hash), / conversation /);
	sv("down", "redis");
	try {
		inside(name, "pkill -9 -x claude");
		await until(() => endings() === hash, "the ending is stored");
		process.kill(Number(service("bridge")), "SIGKILL");
	} finally {
		sv("up", "redis");
	}
	await until(isOver, "the token is gone, and the ending with it");
	await turn(page, "hello after both");
	token = claudeToken(name, page.id);
	hash = hashOf(token);
	assert.match(kept(hash), / conversation /);
});

test("a new bridge takes the workspace's token from who has no login that lives", async () => {
	const own = (await inspect(name)).Config.Labels["gongbang.token"];
	assert.match(kept(own), / workspace /);
	// They ran out: their names stay in the account's set.
	for (const session of redis("smembers", "logins:" + userId(login)).split("\n"))
		redis("del", "session:" + session);
	process.kill(Number(service("bridge")), "SIGKILL");
	await until(() => kept(own) === "", "it is gone");
	await sleep(1500);
	assert.equal(kept(own), "");
	const {cookie} = await logIn(login);
	page.close();
	page = Object.assign(new Page(page.path, cookie), {id: page.id});
	await until(() => kept(own).includes(address), "it is back with a login");
	await turn(page, "hello with a login");
	token = claudeToken(name, page.id);
	hash = hashOf(token);
});

test("a login that is not the last one ends nothing", async () => {
	const {cookie} = await logIn(login);
	await logOut(cookie);
	await sleep(1500);
	assert.match(kept(hash), / conversation /);
	assert.equal(claudeToken(name, page.id), token);
});

test("the last logout ends tokens and Claude: one part says so, the next login resumes", async () => {
	const errors = page.kinds("error").length;
	page.say("slow 30");
	await page.until((p) => p.kinds("text", "running").length > 0, "the answer begins");
	// Every other login of the account, then this one.
	const others = redis("smembers", "logins:" + userId(login)).split("\n").filter((h) => h && h !== hashOf(page.cookie.split("=")[1]));
	for (const other of others) {
		redis("del", "session:" + other);
		redis("srem", "logins:" + userId(login), other);
	}
	await logOut(page.cookie);
	await page.until((p) => p.closed === 4401, "the page is closed");
	assert.deepEqual(members(login), []);
	assert.equal(kept(hash), "");
	await until(() => claudeToken(name, page.id) === "", "Claude ends");
	await until(() => store(`SELECT state FROM conversations WHERE id = '${page.id}'`) === "idle", "the turn is over");
	const {cookie} = await logIn(login);
	page = Object.assign(new Page(page.path, cookie), {id: page.id});
	await page.until((p) => p.kinds("error").length === errors + 1, "the part");
	assert.match(page.kinds("error").at(-1)[1].html, /logged out|로그아웃/);
	await page.until((p) => p.status === "ready", "ready");
	await turn(page, "hello, I am back");
	assert.equal(page.kinds("error").length, errors + 1);
	token = claudeToken(name, page.id);
	hash = hashOf(token);
	assert.equal(members(login).length, 2);
});

test("a deleted conversation's token is over", async () => {
	const second = await openConversation(login, "hello");
	await second.until((p) => p.ends >= 1, "its first turn");
	const its = hashOf(claudeToken(name, second.id));
	assert.match(kept(its), new RegExp(second.id));
	const html = (await call("GET", `/conversations/${second.id}/delete`, {cookie: second.cookie})).text;
	await call("POST", `/conversations/${second.id}/delete`, {cookie: second.cookie, form: {csrf: field(html, "csrf")}});
	await until(() => kept(its) === "", "its token is gone");
	assert.match(kept(hash), / conversation /);
	second.close();
});

test("a disabled account has none", async () => {
	assert.equal(members(login).length, 2);
	gongbang(["user", "disable", login]);
	await until(() => members(login).length === 0 && kept(hash) === "", "all are gone");
	await page.until((p) => p.closed === 4401, "the page is closed");
	await until(async () => !(await inspect(name)).State.Running, "the workspace stops");
	assert.deepEqual(members(login), []);
	assert.equal(store(`SELECT count(*) FROM conversations WHERE user_id = '${userId(login)}' AND token_hash <> ''`), "0");
});
