// What each service of the installation may do, read from the running ones.
import {test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {readdirSync, readFileSync} from "node:fs";
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
