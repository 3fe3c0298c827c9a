// Names that resolve to internal addresses: the installation's own squid.conf
// except for the port, a helper that allows everything, and a name server of
// ours, so that names resolve as the test wants. It runs as a user that the
// firewall ignores: squid itself must refuse.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {spawn, spawnSync} from "node:child_process";
import dgram from "node:dgram";
import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import http from "node:http";
import net from "node:net";
import {join} from "node:path";
import {sleep, state} from "../client.js";

const nameServer = `127.${50 + process.pid % 150}.${1 + (process.pid >> 8) % 250}.53`;
const port = 20000 + process.pid % 10000;
const conf = readFileSync(join(state, "conf/squid.conf"), "utf8");
const address = conf.match(/^http_port (.*):\d+$/m)[1];
const hits = [];
let dir, squid, ended, names, listener;

// Answers by the first label: a-10-0-0-1 with that address, q-HEX with IPv6.
function answer(query, from) {
	const labels = [];
	let at = 12;
	for (; query[at]; at += query[at] + 1)
		labels.push(query.toString("latin1", at + 1, at + 1 + query[at]));
	const type = query.readUInt16BE(at + 1);
	const [kind, ...rest] = labels[0].split("-");
	const v4 = (text) => [1, Buffer.from(text.split(".").map(Number))];
	const v6 = (hex) => [28, Buffer.from(hex, "hex")];
	const all = ({
		a: () => [v4(rest.join("."))],
		q: () => [v6(rest[0])],
		both: () => [v4("203.0.113.80"), v4("10.0.0.1")],
		mixed: () => [v4("203.0.113.80"), v6("fd000000000000000000000000000002")],
		turns: () => [v4(turn++ % 2 ? "127.0.0.1" : "203.0.113.80")],
	}[kind]?.() || []).filter(([t]) => t === type);
	names.send(Buffer.concat([query.subarray(0, 2), Buffer.from([0x81, 0x80, 0, 1, 0, all.length, 0, 0, 0, 0]), query.subarray(12, at + 5),
		...all.flatMap(([t, data]) => [Buffer.from([0xc0, 12, 0, t, 0, 1, 0, 0, 0, 0, 0, data.length]), data])]), from.port, from.address);
}
let turn = 0;

const isOpen = () => new Promise((resolve) => {
	const socket = net.connect(port, "127.0.0.1", () => { socket.destroy(); resolve(true); });
	socket.on("error", () => resolve(false));
});

// curl and not ours: what answers must not wait for this process.
const fetch = (url) => new Promise((resolve) => {
	const curl = spawn("curl", ["-s", "-i", "-m", "8", "--noproxy", "", "-x", `http://127.0.0.1:${port}`, url]);
	let said = "";
	curl.stdout.on("data", (some) => { said += some; });
	curl.on("close", () => resolve(said));
});

before(async () => {
	names = dgram.createSocket("udp4", answer);
	await new Promise((resolve, reject) => names.on("error", reject).bind(53, nameServer, resolve));
	listener = http.createServer((request, response) => { hits.push(request.headers.host); response.end("inside"); });
	await new Promise((resolve) => listener.on("error", resolve).listen(80, "127.0.0.1", resolve));
	dir = mkdtempSync("/var/tmp/gongbang-squid.");
	chmodSync(dir, 0o755);
	writeFileSync(join(dir, "helper"), "#!/bin/sh\nwhile read -r id rest; do echo \"$id OK\"; done\n", {mode: 0o755});
	writeFileSync(join(dir, "squid.conf"), conf.replace(/^http_port .*$/m, `http_port 127.0.0.1:${port}`)
		.replace(/%SRC %METHOD %DST %PORT .*$/m, `%SRC %METHOD %DST %PORT ${dir}/helper`)
		.replace(/^access_log .*$/m, `access_log none\ndns_nameservers ${nameServer}`));
	squid = spawn("setpriv", ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "squid", "-N", "-n", "gbinside" + process.pid, "-f", join(dir, "squid.conf")], {stdio: "ignore", cwd: "/"});
	ended = new Promise((resolve) => squid.on("exit", resolve));
	for (let i = 0; i < 100 && !await isOpen(); i++)
		await sleep(100);
});
after(async () => {
	squid.kill();
	await ended;
	rmSync(dir, {recursive: true});
	names.close();
	listener.close();
});

test("an internal address is refused, whatever the name and the helper say", async () => {
	for (const a of ["127.0.0.1", "127.8.9.10", "0.0.0.0", "10.1.2.3", "172.16.0.1", address, "172.31.255.255", "192.168.1.1",
		"169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.2", "198.18.0.1", "198.51.100.1",
		"224.0.0.1", "240.0.0.1", "255.255.255.255"])
		assert.match(await fetch(`http://a-${a.replaceAll(".", "-")}.x.example.org/`), /^HTTP\/1\.1 403[^]*blocked: .*\(an internal address\)/, a);
	for (const q of ["00000000000000000000000000000001", "00000000000000000000000000000000", "fd000000000000000000000000000002",
		"fe800000000000000000000000000001", "fec00000000000000000000000000001", "00000000000000000000ffff0a000001",
		"00000000000000000000ffff7f000001", "0000000000000000000000000a000001", "0064ff9b0000000000000000a9fea9fe",
		"0064ff9b00000000000000000a000001", "20020a00000100000000000000000001", "20010000000000000000000000000001",
		"20010db8000000000000000000000001", "ff020000000000000000000000000001"])
		assert.match(await fetch(`http://q-${q}.x.example.org/`), /^HTTP\/1\.1 403[^]*blocked: .*\(an internal address\)/, q);
});

test("one address inside among others is enough", async () => {
	for (const kind of ["both", "mixed"])
		assert.match(await fetch(`http://${kind}.x.example.org/`), /^HTTP\/1\.1 403[^]*an internal address/, kind);
});

test("documentation's 203.0.113.0/24 is nobody's inside", async () => {
	assert.doesNotMatch(await fetch("http://a-203-0-113-80.x.example.org/"), /an internal address/);
});

test("a name whose answer turns is never reached by the one that was not looked at", async () => {
	for (let i = 0; i < 6; i++)
		await fetch(`http://turns-${i >> 1}.x.example.org/`);
	assert.ok(turn >= 3);
});

test("names that no name server knows are not this host's", async () => {
	for (const name of ["localhost", "gongbang", "metadata.google.internal", spawnSync("hostname").stdout.toString().trim()])
		assert.doesNotMatch(await fetch(`http://${name}/`), /^HTTP\/1\.1 [123]/, name);
	assert.deepEqual(hits, []);
});
