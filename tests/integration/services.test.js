// The privileges of each service, read from the running ones.
// Tests lib/core/serve.c.
import {test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync, spawnSync} from "node:child_process";
import {readdirSync, readFileSync, readlinkSync} from "node:fs";
import {join} from "node:path";
import {redis, service, state} from "../client.js";

// The engine makes namespaces and mounts for a living. Two begin as root:
// capabilities by number, as capabilities(7) counts them.
const kept = {nginx: [0, 1, 5, 6, 7, 10], guard: [0, 1, 2, 3, 19, 21, 27]};
const names = readdirSync(join(state, "services")).filter((name) => !name.startsWith(".") && name !== "engine");

test("no service keeps more than it needs", () => {
	assert.ok(names.length >= 7, names.join());
	for (const name of names) {
		const proc = "/proc/" + service(name);
		const status = readFileSync(proc + "/status", "utf8");
		const of = (field) => status.match(new RegExp(`^${field}:\\s+(\\S+)`, "m"))[1];
		assert.equal(of("Seccomp"), "2", name + " has a filter of system calls");
		assert.equal(of("NoNewPrivs"), "1", name);
		const bounding = BigInt("0x" + of("CapBnd"));
		const caps = [...Array(64).keys()].filter((n) => bounding >> BigInt(n) & 1n);
		assert.deepEqual(caps, kept[name] ?? [], name + "'s bounding set");
		assert.match(readFileSync(proc + "/limits", "utf8"), /^Max core file size\s+0\s+0/m, name);
		if (!kept[name])
			assert.notEqual(of("Uid"), "0", name);
	}
});

const password = (name) => readFileSync(join(state, "redis-users", name), "utf8");
const as = (name, ...args) => execFileSync("redis-cli", ["-s", join(state, "run/redis/redis.sock"), "--user", name, ...args],
	{encoding: "utf8", env: {...process.env, REDISCLI_AUTH: password(name)}}).trim();

test("Redis refused no program what it asks for", () => {
	const log = redis("acl", "log");
	assert.equal(log, "", log);
});

test("a program's user of Redis does its own work only", () => {
	try {
		for (const [name, ...command] of [
			["gateway", "set", "session:forged", "x"], ["gateway", "get", "session:any"], 
			["gateway", "smembers", "logins:any"], ["gateway", "flushall"], ["gateway", "acl", "list"], ["gateway", "config", "get", "*"],
			["gateway", "eval", "return redis.call('SET', 'session:forged', 'x')", "0"],
			["worker", "set", "session:forged", "x"], ["worker", "get", "token:any"], ["worker", "set", "spent:x", "0"],
			["bridge", "set", "session:forged", "x"], ["bridge", "del", "stop:all"], ["pages", "flushall"], ["pages", "shutdown"]])
			assert.match(as(name, ...command), /NOPERM|no permission|can't access/i, name + " " + command.join(" "));
		assert.match(execFileSync("redis-cli", ["-s", join(state, "run/redis/redis.sock"), "get", "session:any"], {encoding: "utf8"}), /NOAUTH/);
		// What the gateway says of its ledger, and takes back.
		assert.equal(as("gateway", "set", "gateway:ledger", "", "nx", "ex", "1"), "OK");
		assert.match(as("gateway", "del", "gateway:ledger"), /^[01]$/);
	} finally {
		redis("acl", "log", "reset");
	}
});

test("each password is its program's alone", () => {
	for (const [name, owner] of [["operator", "root"], ["pages", "gongbang"], ["bridge", "gongbang-bridge"], ["gateway", "gongbang-gateway"], ["worker", "gongbang-worker"]]) {
		const file = join(state, "redis-users", name);
		assert.equal(execFileSync("stat", ["-c", "%U %a", file], {encoding: "utf8"}).trim(), owner + " 400");
		assert.ok(password(name).length >= 40);
	}
});

// With the user, groups and nothing else of a process that runs.
function asService(name, file, ...args) {
	const status = readFileSync(`/proc/${service(name)}/status`, "utf8");
	const ids = (field) => status.match(new RegExp(`^${field}:(.*)$`, "m"))[1].trim().split(/\s+/).join();
	const groups = ids("Groups");
	return spawnSync("setpriv", ["--reuid", parseInt(ids("Uid")), "--regid", parseInt(ids("Gid")), ...(groups ? ["--groups", groups] : ["--clear-groups"]), "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", file, ...args],
		{encoding: "utf8", env: {PATH: process.env.PATH}});
}

// What each of these paths lets its caller do: list, read, write, connect.
const tries = `
const fs = require("fs"), net = require("net");
const can = (what) => { try { what(); return true; } catch { return false; } };
const connects = (path) => new Promise((resolve) => {
	const socket = net.connect(path, () => { socket.destroy(); resolve(true); }).on("error", () => resolve(false));
});
(async () => {
	const found = [];
	for (const path of process.argv.slice(1)) {
		if (can(() => fs.readdirSync(path))) found.push("list " + path);
		if (can(() => fs.closeSync(fs.openSync(path, "r")))) found.push("read " + path);
		if (can(() => fs.closeSync(fs.openSync(path, "r+")))) found.push("write " + path);
		if (can(() => fs.writeFileSync(path + "/new", ""))) found.push("make " + path);
		if (await connects(path)) found.push("connect " + path);
	}
	console.log(JSON.stringify(found));
})();`;
const reached = (name, paths) => {
	const done = asService(name, process.execPath, "-e", tries, ...paths);
	assert.equal(done.status, 0, done.stderr);
	return JSON.parse(done.stdout);
};

const data = join(state, "data");
const store = join(data, "gongbang.db");
const ledger = join(state, "run/ledger/ledger.sock");
const logins = () => execFileSync("sqlite3", [store, "SELECT id, login, password_hash, role, disabled_at FROM users WHERE login <> '' ORDER BY id; SELECT count(*) FROM usage"], {encoding: "utf8"});

test("whoever has the gateway's process has nothing of the store", () => {
	const was = logins();
	const shut = [data, store, store + "-wal", store + "-shm", ...readdirSync(data).map((name) => join(data, name)),
		...["control/control.sock", "guard/guard.sock", "pages/pages.sock", "bridge/web.sock", "egress/egress.sock"].map((name) => join(state, "run", name)),
		...["operator", "pages", "bridge", "worker", "users.acl"].map((name) => join(state, "redis-users", name)),
		join(state, "redis"), join(state, "guard"), join(state, "docker.sock")];
	assert.deepEqual(reached("gateway", shut), []);
	assert.deepEqual(reached("gateway", [ledger]), ["connect " + ledger]);
	assert.notEqual(asService("gateway", "sqlite3", store, "SELECT * FROM users").status, 0);
	const open = readdirSync(`/proc/${service("gateway")}/fd`).map((fd) => { try { return readlinkSync(`/proc/${service("gateway")}/fd/${fd}`); } catch { return ""; } });
	assert.deepEqual(open.filter((file) => file.startsWith(data)), []);
	assert.doesNotMatch(readFileSync(`/proc/${service("gateway")}/maps`, "utf8"), /sqlite/);
	// The same look finds what there is to find.
	assert.ok(reached("worker", [store]).includes("write " + store));
	assert.equal(logins(), was);
});

test("whoever has the ledger's process has the store and nothing else", () => {
	const control = join(state, "run/control/control.sock");
	const log = join(state, "redis/appendonlydir");
	const shut = [join(state, "run/control"), control, join(state, "redis"), log, ...readdirSync(log).map((name) => join(log, name)),
		...["guard/guard.sock", "pages/pages.sock", "bridge/web.sock", "egress/egress.sock", "redis/redis.sock"].map((name) => join(state, "run", name)),
		...["operator", "pages", "bridge", "gateway", "worker"].map((name) => join(state, "redis-users", name)),
		join(state, "keys"), join(state, "journal"), join(state, "guard"), join(state, "docker.sock")];
	assert.deepEqual(reached("ledger", shut), []);
	assert.ok(reached("ledger", [store]).includes("write " + store));
	// Who has to call the bridge still does.
	for (const name of ["pages", "worker"])
		assert.ok(reached(name, [control]).includes("connect " + control), name);
	for (const name of ["gateway", "redis", "squid"])
		assert.deepEqual(reached(name, [control]), [], name);
});

const ask = `
const socket = require("net").connect(process.argv[1]);
let got = "";
socket.setEncoding("utf8").on("data", (text) => { got += text; if (got.endsWith("\\n\\n")) { console.log(JSON.stringify(got)); socket.destroy(); } });
socket.write(JSON.parse(process.argv[2]) + "\\n\\n");`;
const asked = (request) => JSON.parse(asService("gateway", process.execPath, "-e", ask, ledger, JSON.stringify(request)).stdout);

test("the ledger's socket is the gateway's alone, and no way to a login", () => {
	const was = logins();
	for (const name of ["worker", "pages", "bridge", "squid"])
		assert.deepEqual(reached(name, [ledger]), [], name);
	const [id] = was.split("|");
	assert.match(asked("installation"), /^ok\n[01]( \d+){4}\n\n$/);
	assert.match(asked("account " + id), /^ok\n[01] =\S* =\S* =\S* \d+( \d+){4}\n\n$/);
	for (const request of ["users", "account", "account ' OR 1", "user_create x x admin", "add\nrow", "stop 0", "budget all 0 0 0 0", "sums - - 0 0 all; DROP TABLE users", "SELECT * FROM users"])
		assert.match(asked(request), /^error input - /, request);
	assert.equal(logins(), was);
});
