// What each service of the installation may do, read from the running ones.
import {test} from "node:test";
import assert from "node:assert/strict";
import {readdirSync, readFileSync} from "node:fs";
import {join} from "node:path";
import {service, state} from "../client.js";

// The engine makes namespaces and mounts for a living; nginx's master is root.
const kept = {nginx: 0x4e3n};
const names = readdirSync(join(state, "services")).filter((name) => !name.startsWith(".") && name !== "engine");

test("no service keeps more than it needs", () => {
	assert.ok(names.length >= 7, names.join());
	for (const name of names) {
		const proc = "/proc/" + service(name);
		const status = readFileSync(proc + "/status", "utf8");
		const of = (field) => status.match(new RegExp(`^${field}:\\s+(\\S+)`, "m"))[1];
		assert.equal(of("Seccomp"), "2", name + " has a filter of system calls");
		assert.equal(of("NoNewPrivs"), "1", name);
		assert.equal(BigInt("0x" + of("CapBnd")) & ~(kept[name] ?? 0n), 0n, name + "'s bounding set");
		assert.match(readFileSync(proc + "/limits", "utf8"), /^Max core file size\s+0\s+0/m, name);
		if (name !== "nginx")
			assert.notEqual(of("Uid"), "0", name);
	}
});
