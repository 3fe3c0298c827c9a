// An account is removed with all its data, whatever crashes meanwhile.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync, spawn, spawnSync} from "node:child_process";
import {existsSync, readFileSync, readdirSync, statSync} from "node:fs";
import {dirname, join} from "node:path";
import {containerOf, engine, gongbang, inside, inspect, logIn, newAccount, openConversation, password, redis, service, sleep, state, userId} from "../client.js";

const command = process.env.GONGBANG_COMMAND || "scripts/gongbang";
const users = () => JSON.parse(gongbang(["user", "list", "--json"]));
const find = (login) => users().find((u) => u.login === login);

// One, with a conversation, a file, an agent and a domain asked for.
async function account(prefix) {
	const login = newAccount(prefix);
	const page = await openConversation(login, "hello");
	await page.until((p) => p.ends >= 1, "the first turn");
	const name = containerOf(login);
	inside(name, "echo mine >/workspace/mine");
	execFileSync(command, ["agent", "import", "--user", login, "--file", "-"], {input: JSON.stringify({gongbang_agent: 1, name: "news", prompt: "hello",
		schedule: {cron: "0 8 * * *", timezone: "UTC"}}), stdio: ["pipe", "pipe", "pipe"]});
	gongbang(["domain", "grant", login, "example.org"]);
	const volume = (await inspect(name)).Mounts.find((m) => m.Destination === "/workspace");
	return {login, page, name, id: userId(login), volume: volume.Name, path: volume.Source, uid: statSync(volume.Source).uid};
}

// Whether a text stands anywhere in the store.
function inStore(text) {
	return execFileSync("python3", ["-c", `
import sqlite3, sys
db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
db.text_factory = bytes
for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'search_index'").fetchall():
    for row in db.execute("SELECT * FROM " + table.decode()):
        if any(isinstance(field, bytes) and sys.argv[2].encode() in field for field in row):
            print(table.decode()); break
`, join(state, "data/gongbang.db"), text], {encoding: "utf8"});
}

async function expectGone(a) {
	assert.equal(find(a.login), undefined);
	assert.equal((await engine("GET", `/containers/${a.name}/json`)).status, 404);
	assert.equal((await engine("GET", `/volumes/${a.volume}`)).status, 404);
	assert.ok(!existsSync(dirname(a.path)), "the volume's folder");
	assert.doesNotMatch(readFileSync("/proc/self/mounts", "utf8"), new RegExp(a.id));
	assert.equal(inStore(a.id), "");
	assert.equal(inStore(a.login), "");
	assert.ok(!readdirSync(join(state, "guard")).some((name) => name.startsWith(a.id)));
	assert.deepEqual(readdirSync(join(state, "guard/removing")), []);
	assert.ok(!readFileSync(join(state, "guard/uids"), "utf8").includes(a.id));
	assert.deepEqual(redis("--scan", "--pattern", `tokens:${a.id}*`), "");
}

let kim, lee;
before(async () => {
	[kim, lee] = await Promise.all([account("gone"), account("stays")]);
});
after(() => {
	kim?.page.close();
	lee?.page.close();
});

test("another login than the account's changes nothing", () => {
	const answer = spawnSync(command, ["user", "remove", kim.login], {input: lee.login + "\n", encoding: "utf8"});
	assert.equal(answer.status, 1);
	assert.match(answer.stderr, /nothing changed/);
	assert.equal(find(kim.login).disabled_at, null);
});

// Nobody but root, and of no account that is not being removed: not even whoever has a service's process.
test("a program of the installation removes no workspace", async () => {
	const as = (user, group, file, ...args) => spawnSync("setpriv", ["--reuid", user, "--regid", user, "--groups", group, file, ...args], {encoding: "utf8"});
	const post = ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "--unix-socket", join(state, "run/control/control.sock"), `http://bridge/users/${lee.id}/remove`];
	assert.equal(as("gongbang-worker", "gongbang-control", "curl", ...post).stdout, "403");
	assert.equal(as("gongbang", "gongbang-control", "curl", ...post).stdout, "403");
	assert.equal(spawnSync("curl", post, {encoding: "utf8"}).stdout, "409", "root, of an account that stays");
	const volume = ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-X", "DELETE", "--unix-socket", join(state, "run/guard/guard.sock"), `http://e/volumes/${lee.volume}`];
	assert.equal(as("gongbang-bridge", "gongbang-bridge", "curl", ...volume).stdout, "403");
	const removal = as("gongbang", "gongbang", join(state, "app/bin/gongbang"), "--settings", join(state, "gongbang.conf"), "user", "remove", "--yes", lee.login);
	assert.match(removal.stderr, /only root/);
	assert.equal(find(lee.login).disabled_at, null);
	assert.match(inside(lee.name, "cat /workspace/mine"), /^mine\n/);
});

// Each try lives a little longer; in some the bridge or the guard dies, too.
test("killed at each step, it goes on with the next try", async () => {
	const calls = () => execFileSync("python3", ["-c", `import sqlite3, sys
print(sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True).execute("SELECT sum(calls) FROM usage_quarters").fetchone()[0])`,
	join(state, "data/gongbang.db")], {encoding: "utf8"});
	let before, killed = 0;
	do {		// until all of the first turns is booked
		before = calls();
		await sleep(2000);
	} while (before !== calls() || !inStore(kim.id).includes("usage_quarters"));
	for (let ms = 0; ; ms = ms * 1.5 + 10) {
		const child = spawn(command, ["user", "remove", "--yes", kim.login], {stdio: ["ignore", "pipe", "pipe"], detached: true});
		const ended = new Promise((resolve) => child.once("close", resolve));
		const early = await Promise.race([ended.then(() => true), sleep(ms).then(() => false)]);
		if (early)
			break;
		process.kill(-child.pid, "SIGKILL");
		await ended;
		if (++killed % 4 === 3)
			process.kill(Number(service(killed % 8 === 3 ? "guard" : "bridge")), "SIGKILL");
		const left = find(kim.login);
		if (!left)
			break;
		if (left.removing_at)
			assert.ok(left.disabled_at, "disabled from the mark on");
	}
	assert.ok(killed >= 5, `${killed} kills`);
	for (let i = 0; i < 5 && find(kim.login); i++)
		spawnSync(command, ["user", "remove", "--yes", kim.login]);
	await kim.page.until((p) => p.closed === 4401 || p.over, "its page is closed");
	await expectGone(kim);
	assert.equal(calls(), before, "the installation's sums");
	const again = spawnSync(command, ["user", "remove", "--yes", kim.login], {encoding: "utf8"});
	assert.equal(again.status, 1);
});

test("the other account lost nothing", async () => {
	assert.match(inside(lee.name, "cat /workspace/mine"), /^mine\n/);
	lee.page.say("hello again");
	await lee.page.until((p) => p.ends >= 2, "a turn after it");
});

test("the login is free again, for a fresh volume under another uid", async () => {
	await assert.rejects(logIn(kim.login));
	gongbang(["user", "add", kim.login], password + "\n");
	const page = await openConversation(kim.login, "hello");
	try {
		await page.until((p) => p.ends >= 1, "the first turn");
		assert.notEqual(userId(kim.login), kim.id);
		const name = containerOf(kim.login);
		const path = (await inspect(name)).Mounts.find((m) => m.Destination === "/workspace").Source;
		assert.notEqual(statSync(path).uid, kim.uid);
		assert.match(inside(name, "cat /workspace/mine 2>&1"), /No such file/);
		assert.equal(inside(name, `find / -xdev -uid ${kim.uid} 2>/dev/null; find /workspace -uid ${kim.uid}`).trim(), "");
	} finally {
		page.close();
		gongbang(["user", "remove", "--yes", kim.login]);
	}
	assert.equal(find(kim.login), undefined);
});
