// gongbang doctor on a healthy installation, and with faults: each is found,
// named, and repaired by following its advice.
import {after, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync, spawnSync} from "node:child_process";
import {readFileSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {sleep, state} from "../client.js";

const settings = join(state, "gongbang.conf");
const program = join(state, "app/bin/gongbang");
const sv = (act, name) => execFileSync("sv", ["-w", "20", act, join(state, "services", name)]);
const run = (...args) => spawnSync("scripts/gongbang", ["doctor", ...args], {encoding: "utf8"});
const rows = (said) => Object.fromEntries(JSON.parse(said).map((row) => [row.check, row]));
const value = (name) => readFileSync(settings, "utf8").match(new RegExp(`^${name} = (.*)$`, "m"))[1];
const copy = join(state, "doctor.conf");
after(() => rmSync(copy, {force: true}));

// With one setting otherwise, in a copy that only doctor reads.
function otherwise(name, text, ...check) {
	writeFileSync(copy, readFileSync(settings, "utf8") + `\n${name} = ${text}\n`);
	const done = spawnSync(program, ["--settings", copy, "doctor", "--json", ...check], {encoding: "utf8"});
	return {...done, rows: rows(done.stdout)};
}

async function well(...check) {
	let done;
	for (let i = 0; i < 20; i++) {
		done = run("--json", ...check);
		if (done.status === 0)
			return rows(done.stdout);
		await sleep(500);
	}
	throw new Error(done.stdout);
}

test("an installation that is well: every line ok", async () => {
	const found = await well();
	assert.ok(Object.keys(found).length >= 16);
	for (const row of Object.values(found)) {
		assert.equal(row.state, "ok", JSON.stringify(row));
		assert.equal(row.mend, "");
	}
	const text = run();
	assert.equal(text.status, 0);
	for (const check of Object.keys(found))
		assert.match(text.stdout, new RegExp(`^ok {4}${check} +\\S`, "m"));
	assert.equal(text.stderr, "");
});

for (const [service, check] of [["gateway", "gateway"], ["ledger", "ledger"], ["squid", "squid"], ["redis", "redis"], ["bridge", "bridge"], ["worker", "worker"], ["guard", "guard"], ["pages", "pages"], ["model", "upstream"]])
	test(`${service} away is found by the check of the ${check}`, async () => {
		sv("down", service);
		try {
			const done = run("--json", check);
			assert.equal(done.status, 1);
			const row = rows(done.stdout)[check];
			assert.equal(row.state, "fail", JSON.stringify(row));
			assert.ok(row.mend);
			assert.match(done.stderr, /checks failed/);
		} finally {
			sv("up", service);
		}
		await well(check);
	});

test("the bridge away: squid's helper says so", async () => {
	sv("down", "bridge");
	try {
		assert.match(rows(run("--json", "squid").stdout).squid.text, /helper can't reach the bridge/);
	} finally {
		sv("up", "bridge");
	}
	await well();
});

test("a rule too many or too few in the firewall is found", async () => {
	const chain = value("workspace_network");
	const rule = (act, ...words) => execFileSync("iptables", ["-w", "10", act, ...words]);
	const without = (add, take, check) => {
		rule(...add);
		try {
			const row = rows(run("--json", check).stdout)[check];
			assert.notEqual(row.state, "ok", add.join(" "));
		} finally {
			rule(...take);
		}
	};
	without(["-I", chain, "1", "-p", "tcp", "--dport", "22", "-j", "ACCEPT"], ["-D", chain, "1"], "firewall");
	without(["-D", chain, "-j", "DROP"], ["-A", chain, "-j", "DROP"], "firewall");
	without(["-D", "INPUT", "-i", chain, "-j", chain], ["-I", "INPUT", "1", "-i", chain, "-j", chain], "firewall");
	without(["-D", "FORWARD", "-i", chain, "-j", "DROP"], ["-I", "FORWARD", "1", "-i", chain, "-j", "DROP"], "firewall");
	const wall = ["OUTPUT", "-m", "owner", "--uid-owner", "gongbang-egress", "-j", `${chain}-out`];
	if (spawnSync("iptables", ["-C", ...wall]).status === 0)
		without(["-D", ...wall], ["-I", ...wall], "wall");
	await well();
});

test("keys: others' eyes, no key, a bad line, a missing file", () => {
	const file = join(state, "keys/doctor.keys");
	const write = (text, mode) => {
		writeFileSync(file, text);
		execFileSync("chown", ["gongbang-gateway:gongbang-gateway", file]);
		execFileSync("chmod", [mode, file]);
	};
	try {
		for (const [text, mode, words] of [["sk-1234567\n", "0400", /1 in .*readable only by the gateway/], ["sk-1234567\n", "0440", /closed to others/],
			["# none yet\n", "0400", /is empty/], ["sk-1\nsk with blank\n", "0400", /doctor\.keys:2 is not a valid key/]]) {
			write(text, mode);
			const {keys} = otherwise("model_keys", file, "keys").rows;
			assert.match(keys.text, words);
			assert.equal(keys.state, /only/.test(words.source) ? "ok" : "fail");
			assert.ok(!JSON.stringify(keys).includes("sk-1"));
		}
		assert.equal(otherwise("model_keys", file + ".none", "keys").rows.keys.state, "fail");
	} finally {
		rmSync(file, {force: true});
	}
});

test("settings that lead nowhere are named", () => {
	for (const [name, text, check, words] of [
		["egress_allow", "/nonexistent/list", "settings", /nonexistent/],
		["templates", "/nonexistent", "settings", /nonexistent/],
		["model_upstream", "http://127.0.0.1:9", "upstream", /127\.0\.0\.1:9/],
		["model_upstream", "https://127.0.0.1:" + process.env.GONGBANG_PORT, "upstream", /SSL|TLS|wrong version/i],
		["database", "/nonexistent/g.db", "store", /nonexistent/],
		["engine_socket", "/nonexistent.sock", "engine", /nonexistent/],
		["engine_guard", "/nonexistent.sock", "guard", /nonexistent/],
		["engine_guard", value("control_socket"), "guard", /control\.sock responds/],
		["disk_reserve", "67108864", "reserve", /below 67108864/],
		["image", "nobody/none:latest", "image", /404/],
		["workspace_network", "none-such", "network", /404/],
		["gateway_listen", "127.0.0.1:9", "gateway", /workspaces call|127\.0\.0\.1:9/],
		["gateway_journal", "/nonexistent", "journal", /nonexistent/],
		["ledger_socket", "/nonexistent.sock", "ledger", /nonexistent/],
		["database", "/etc/passwd", "ledger", /gateway's user can read \/etc\/passwd/],
	]) {
		const done = otherwise(name, text, check);
		assert.equal(done.status, 1, name);
		assert.equal(done.rows[check].state, "fail", JSON.stringify(done.rows[check]));
		assert.match(done.rows[check].text, words);
	}
	writeFileSync(copy, "no_such = 1\n");
	assert.equal(spawnSync(program, ["--settings", copy, "doctor"]).status, 2);
});

// The image's own Claude Code is asked, in a container of its own.
test("prices other than Claude Code's are named, and the rows that mend it", () => {
	const list = join(state, "doctor.prices");
	const given = readFileSync(value("prices"), "utf8");
	const judged = (text) => {
		writeFileSync(list, text, {mode: 0o644});
		return otherwise("prices", list, "prices").rows.prices;
	};
	try {
		assert.match(judged(given).text, /^4 models match Claude Code's prices$/);
		for (const [text, words, line] of [
			[given.replace(/^(claude-opus-5-5 .*?)  4  /m, "$1  5  "), /different here: claude-opus-5-5$/, /^claude-opus-5-5 .* 4 {2}20 /m],
			[given.replace(/^(claude-sonnet-5-5-\*.*?)  10  /m, "$1  11  "), /different here: claude-sonnet-5-5$/, /^claude-sonnet-5-5-\* .* 2 {2}10 /m],
			[given.replace(/^claude-fable.*\n/gm, ""), /missing here: claude-fable-5-2$/, /^claude-fable-5-2 .* 8 {2}40 {2}10 {2}16 {2}0\.8$/m],
			[given.replace(/^(claude-haiku-5-5\/long .*?)  2\.50/m, "$1  2.51"), /different here: claude-haiku-5-5$/, /^claude-haiku-5-5\/long .* 0\.5 {2}2\.5 /m],
			[given.replaceAll("  100000\n", "  200000\n"), /different here: claude-haiku-5-5$/, / 100000$/m],
		]) {
			assert.notEqual(text, given);
			const row = judged(text);
			assert.equal(row.state, "warn", JSON.stringify(row));
			assert.match(row.text, words);
			assert.match(row.mend, line);
			assert.equal(judged(text + row.mend.split(":\n")[1] + "\n").state, "ok", row.mend);
		}
		for (const [name, text] of [["engine_socket", "/nonexistent.sock"], ["image", "nobody/none:latest"]]) {
			const row = otherwise(name, text, "prices").rows.prices;
			assert.equal(row.state, "warn");
			assert.match(row.text, /^not compared: Claude Code couldn't be started/);
		}
		const left = execFileSync("docker", ["-H", "unix://" + value("engine_socket"), "ps", "-aq", "--filter", "name=gongbang-doctor"], {encoding: "utf8"});
		assert.equal(left, "", "no container stays");
	} finally {
		rmSync(list, {force: true});
	}
});

test("without the way out, by setting, two checks say so", () => {
	const {rows: found} = otherwise("egress_proxy", "");
	assert.match(found.squid.text, /no internet access/);
	assert.match(found.wall.text, /no internet access/);
});

test("who may not look is told", () => {
	const done = spawnSync("setpriv", ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", program, "--settings", settings, "doctor", "--json"], {encoding: "utf8"});
	assert.equal(done.status, 1);
	assert.equal(rows(done.stdout).firewall.mend, "run doctor as root");
});
