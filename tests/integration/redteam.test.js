// A user does as much harm as a shell in the own workspace allows: other users,
// the host and the platform are unaffected, and the user recovers.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import dgram from "node:dgram";
import {execFileSync, spawn} from "node:child_process";
import net from "node:net";
import {readFileSync} from "node:fs";
import {containerOf, engineSocket, event, inside, insideState, inspect, newAccount, now, openConversation, service, sleep, userId} from "../client.js";

let attacker, neighbour, mine, theirs, name, gateway, port;
before(async () => {
	attacker = newAccount("red");
	neighbour = newAccount("blue");
	[mine, theirs] = await Promise.all([openConversation(attacker, "hello"), openConversation(neighbour, "hello")]);
	await mine.until((p) => p.ends >= 1, "the attacker's first turn");
	await theirs.until((p) => p.ends >= 1, "the neighbour's first turn");
	mine.send({type: "mode", mode: "bypassPermissions"});
	name = containerOf(attacker);
	const base = (await inspect(name)).Config.Env.find((e) => e.startsWith("ANTHROPIC_BASE_URL=")).slice(19);
	({hostname: gateway, port} = new URL(base));
});
after(() => {
	mine?.close();
	theirs?.close();
});

const address = async (who) => Object.values((await inspect(containerOf(who))).NetworkSettings.Networks)[0].IPAddress;

// As Claude's Bash tool runs it, under all that process 1 gave up.
async function run(command) {
	const was = mine.ends;
	mine.say("run: " + command);
	await mine.until((p) => p.ends > was, "the turn of " + command.slice(0, 60));
	return mine.kinds("tool_use").at(-1)[1].html;
}

// Goes on beside the test; ended by what end() gives.
function attack(script) {
	const child = spawn("docker", ["-H", "unix://" + engineSocket, "exec", "-i", name, "python3", "-"], {stdio: ["pipe", "ignore", "ignore"]});
	child.stdin.end(script);
	const over = new Promise((resolve) => child.on("exit", resolve));
	return {over, end: () => { inside(name, "pkill -9 python3"); return over; }};
}

// A whole turn of the neighbour's.
async function neighbourTalks() {
	const was = theirs.ends;
	theirs.say("hello");
	await theirs.until((p) => p.ends > was, "the neighbour's turn", 30000);
}

async function ping(page) {
	const began = now();
	const pong = event(page.ws, (e) => e.kind === "pong", 20000);
	page.send({type: "ping"});
	await pong;
	return now() - began;
}

test("no listener of the host, of any family or protocol, is reached", async () => {
	const hits = [];
	const servers = await Promise.all(["0.0.0.0", gateway, "127.0.0.1", "::"].map((host) => new Promise((resolve, reject) => {
		const server = net.createServer((socket) => { hits.push(["tcp", host, socket.remoteAddress]); socket.destroy(); });
		server.on("error", reject);
		server.listen({host, port: 0, ipv6Only: host === "::"}, () => resolve(server));
	})));
	const udp = dgram.createSocket("udp4", () => hits.push(["udp"]));
	await new Promise((resolve) => udp.bind(0, "0.0.0.0", resolve));
	const ports = servers.map((s) => s.address().port);
	const script = `
import socket
def tcp(family, host, port, source=None):
    s = socket.socket(family); s.settimeout(0.7)
    if source: s.setsockopt(0, 15, 1); s.bind((source, 0))
    s.connect((host, port)); s.recv(1); print("OPEN", host, port)
def udp(host, port, size, source=None):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(1, 6, 1)
    if source: s.setsockopt(0, 15, 1); s.bind((source, 0))
    s.sendto(b"x" * size, (host, port))
def quiet(f, *args):
    try: f(*args)
    except OSError: pass
for port in (${ports}):
    for host in ("${gateway}", "127.0.0.1", "${await address(neighbour)}", "::ffff:${gateway}", "fe80::1%eth0", "::1"):
        quiet(tcp, socket.AF_INET6 if ":" in host else socket.AF_INET, host, port)
for source in ("127.0.0.1", "${gateway}", "${await address(neighbour)}"):
    quiet(tcp, socket.AF_INET, "${gateway}", ${ports[0]}, source)
    quiet(udp, "${gateway}", ${udp.address().port}, 9, source)
for host in ("${gateway}", "255.255.255.255", "224.0.0.1"):
    for size in (5, 20000): quiet(udp, host, ${udp.address().port}, size)
for host in ("169.254.169.254", "1.1.1.1", "10.0.0.1"): quiet(tcp, socket.AF_INET, host, 80)
print("done")`;
	const said = inside(name, `python3 - <<'END'\n${script}\nEND`);
	servers.forEach((s) => s.close());
	udp.close();
	assert.match(said, /done/);
	assert.doesNotMatch(said, /OPEN/);
	assert.deepEqual(hits, []);
});

test("no privilege, no way around the network, no hand on process 1", async () => {
	inside(name, `cat > /workspace/try.sh <<'END'
python3 - <<'PYTHON'
import socket, ctypes
c = ctypes.CDLL(None)
for family in (40, 38, 17, 44, 30):
    try: socket.socket(family, 1); print("MADE", family)
    except OSError: pass
b = ctypes.create_string_buffer(256)
for call in ((425, 8, b), (321, 0, b, 100), (101, 16, 1, 0, 0), (250, 0, 0), (272, 0x10000000), (165, b"x", b"/mnt", b"tmpfs", 0, 0), (304, -100, 0, 0), (298, b, 0, -1, -1, 0), (428, -100, b"/", 1)):
    if c.syscall(*call) >= 0: print("CALLED", call[0])
print("done")
PYTHON
cat /proc/1/environ /proc/1/maps; ls /proc/1/fd; echo 500 > /proc/1/oom_score_adj
echo x > /proc/sys/kernel/core_pattern; mkdir /sys/fs/cgroup/memory/x; mknod /tmp/sda b 254 0
find / -xdev -perm /6000 -type f 2>/dev/null | sed 's/^/SETUID /'
END`);
	const said = await run("sh try.sh 2>&1");
	assert.match(said, /done/);
	assert.doesNotMatch(said, /MADE|CALLED|SETUID|GONGBANG_STATE|redis/);
	assert.ok((said.match(/Permission denied/g) || []).length >= 4, said);
	assert.match(said, /Read-only file system/);
	assert.match(said, /mknod[^\n]*not permitted/);
});

test("the link and Claude are not what the user's PATH says", async () => {
	inside(name, "for p in gongbang-shim claude; do printf '#!/bin/sh\\ntouch /workspace/fooled; sleep 60\\n' > .local/bin/$p; chmod +x .local/bin/$p; done; pkill -f 'gongbang-shim [l]ink'; pkill -9 -x claude");
	await mine.until((p) => p.ends >= 1 && p.status !== "ready", "the link or Claude is missed", 20000).catch(() => {});
	assert.match(await run("ls fooled; echo well"), /well/);
	assert.match(inside(name, "ls /workspace/fooled 2>&1; rm -f .local/bin/claude .local/bin/gongbang-shim"), /No such file/);
});

test("the gateway answers others while one workspace floods it", async () => {
	const pid = service("gateway"), model = service("model");
	const flood = attack(`
import socket, time
held = []
for i in range(1200):
    s = socket.socket(); s.setblocking(False)
    s.connect_ex(("${gateway}", ${port})); held.append(s)
def ask(body):
    try:
        s = socket.create_connection(("${gateway}", ${port}), 5)
        s.sendall(b"POST /v1/messages HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body); s.recv(99)
    except OSError: pass
end = time.time() + 8
while time.time() < end:
    ask(b'{"messages":[' + b'{},' * 1000000 + b'1]}')
    ask(b'[' * 100000)
    ask(b'{"messages":[{"role":"user","content":"x"}]}\\r\\nGET / HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\nPOST / HTTP/1.1')
`);
	await sleep(1000);
	for (let i = 0; i < 3; i++)
		await neighbourTalks();
	await flood.end();
	assert.equal(service("gateway"), pid);
	assert.equal(service("model"), model);
	assert.ok(Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmHWM:\s+(\d+)/)[1]) < 300 << 10);
});

test("forged and flooded lines of a log delay nobody else", async () => {
	const pid = service("bridge");
	insideState(name, `python3 - <<'END'
import json
line = lambda o: (json.dumps(o) + "\\n").encode()
text = lambda s: line({"type": "assistant", "message": {"id": "m", "role": "assistant", "model": "x", "content": [{"type": "text", "text": s}]}})
evil = "<script>alert(1)</script><img src=x onerror=alert(1)> [a](javascript:alert(1)) \\u202e\\x1b[31m\\x00"
with open(".gongbang/sessions/${mine.id}/log", "ab") as out:
    for part in (text(evil), line({"type": "control_request", "request_id": evil, "request": {"subtype": "can_use_tool", "tool_name": evil, "tool_use_id": "t", "input": {"command": evil}}}),
                 line({"type": "gongbang", "subtype": "exit", "code": 0, "signal": 9, "stderr": evil}), b'{"x":"' + b"a" * 50000000 + b'"}\\n', b"\\xff\\x00\\n", text("[" * 200000)):
        out.write(part)
    for i in range(1000): out.write(b"{}\\n" * 20000)
END`);
	execFileSync("docker", ["-H", "unix://" + engineSocket, "restart", "-t", "0", name]);
	const times = [];
	for (let i = 0; i < 15; i++) {
		times.push(await ping(theirs));
		await sleep(100);
	}
	await neighbourTalks();
	times.sort((a, b) => a - b);
	assert.ok(times[7] < 150, "a neighbour's ping took " + times[7] + " ms");
	await mine.until((p) => [...p.parts.values()].some((part) => part.html.includes("alert(1)")), "what was forged", 120000);
	assert.equal(service("bridge"), pid);
	for (const [, part] of mine.parts)
		assert.doesNotMatch(part.html, /<script|<img|onerror=[^&]*>|href="javascript/i);
});

test("a log that is replaced, cut or grown harms its own conversation only", async () => {
	const pid = service("bridge");
	const own = `.gongbang/sessions/${mine.id}`;
	for (const lie of [`truncate -s 10G ${own}/log`, `truncate -s 5 ${own}/log`, `cd ${own} && rm -f log && mkfifo log`,
		`cd ${own} && rm -f log && ln -s /proc/self/mem log`, `cd ${own} && rm -f log first && ln -s /etc/shadow log`,
		"mv .gongbang/sessions .gongbang/away && ln -s / .gongbang/sessions"]) {
		insideState(name, lie + "; pkill -9 -x claude; true");
		await sleep(400);
		await ping(theirs);
	}
	insideState(name, "rm -f .gongbang/sessions");
	await neighbourTalks();
	assert.equal(service("bridge"), pid);
});

test("after a fork bomb that fled its session, try again brings the workspace back", async () => {
	inside(name, "setsid bash -c 'f() { sleep 300 & f & f & }; f' >/dev/null 2>&1 & sleep 2");
	await neighbourTalks();
	const page = await openConversation(attacker, "hello");
	for (let i = 0; i < 30 && !page.ends; i++) {
		if (page.status === "failed")
			page.send({type: "start"});
		await sleep(2000);
	}
	const said = page.status;
	page.close();
	assert.ok(page.ends >= 1, said);
});

test("a workspace learns nothing of others but their addresses", () => {
	const found = inside(name, "env; mount; cat /proc/net/* /etc/hosts /etc/resolv.conf 2>/dev/null; ls -R /run /var /etc /opt /srv /home 2>/dev/null");
	assert.doesNotMatch(found, new RegExp(userId(neighbour)));
	assert.doesNotMatch(found, /docker\.sock|redis\.sock|control\.sock|gongbang\.db/);
});
