// The container is exactly as designed, and cannot reach anything internal.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {readFileSync} from "node:fs";
import {containerOf, gongbang, inside, inspect, newAccount, openConversation, password, userId} from "../client.js";

let login, other, page, second, name;
before(async () => {
	login = newAccount("iso");
	other = newAccount("other");
	[page, second] = await Promise.all([openConversation(login, "hello"), openConversation(other, "hello")]);
	await page.until((p) => p.ends >= 1, "the first turn");
	await second.until((p) => p.ends >= 1, "the neighbour's first turn");
	name = containerOf(login);
});
after(() => {
	page?.close();
	second?.close();
});

test("docker inspect proves every limit", async () => {
	const c = await inspect(name);
	const h = c.HostConfig;
	assert.equal(c.Name, "/" + name);
	assert.equal(c.Config.Image, "claude-workspace:latest");
	assert.match(c.Config.User, /^(19\d{8}):\1$/);
	assert.equal(c.Config.WorkingDir, "/workspace");
	assert.equal(h.ReadonlyRootfs, true);
	assert.equal(h.Memory, 1 << 30);
	assert.equal(h.MemorySwap, 1 << 30);
	assert.equal(h.NanoCpus, 1e9);
	assert.ok([128, 65536].includes(h.CpuShares));
	assert.ok(h.PidsLimit > 0 && h.PidsLimit <= 512);
	assert.deepEqual(h.CapDrop.map((x) => x.toUpperCase()), ["ALL"]);
	assert.ok(!h.CapAdd?.length);
	assert.ok(h.SecurityOpt.includes("no-new-privileges") || h.SecurityOpt.includes("no-new-privileges:true"));
	assert.equal(h.SecurityOpt.length, 2);
	assert.equal(h.SecurityOpt.find((o) => o.startsWith("seccomp=")), "seccomp=" + readFileSync("conf/workspace-seccomp.json"));
	assert.equal(h.Privileged, false);
	assert.match(h.Tmpfs["/tmp"], /size=(256m|268435456)/);
	assert.match(h.Tmpfs["/tmp"], /nosuid/);
	assert.equal(h.RestartPolicy.Name === "" || h.RestartPolicy.Name === "no", true);
	assert.equal(Object.keys(c.NetworkSettings.Networks).length, 1);
	assert.ok(!Object.keys(h.PortBindings || {}).length);
	const volumes = c.Mounts.filter((m) => m.RW);
	assert.deepEqual(volumes.map((m) => m.Destination).sort(), ["/var/lib/gongbang/volume", "/workspace"]);
	assert.ok(volumes.every((m) => m.Type === "volume" && m.Name === volumes[0].Name));
	assert.ok(!c.Mounts.some((m) => /docker\.sock|\/run/.test(m.Source)));
	assert.ok(!c.Config.Env.some((e) => /KEY=|PASSWORD|SECRET/.test(e)));
});

test("it is the user claude, and the root file system cannot be written", () => {
	assert.match(inside(name, "id -u; id -un; pwd; echo $HOME; echo ~claude; stat -c %U . .claude"), /^19\d{8}\nclaude\n\/workspace\n\/workspace\n\/workspace\nclaude\nclaude\n/);
	assert.match(inside(name, "touch /usr/x /etc/x /x 2>&1"), /Read-only/);
	assert.match(inside(name, "cat /proc/1/status | grep -E 'Cap(Eff|Bnd|Prm)|NoNewPrivs'"), /CapPrm:\s+0+\n.*CapEff:\s+0+\n.*CapBnd:\s+0+\n.*NoNewPrivs:\s+1/s);
	assert.match(inside(name, "cat /proc/1/cmdline | tr '\\0' ' '"), /gongbang-shim/);
});

// An exec is under the engine's filter alone: process 1's own is not in it.
test("the engine lets no system call through that a workspace never needs", () => {
	const said = inside(name, `python3 - <<'END'
import ctypes, socket
c = ctypes.CDLL(None, use_errno=True)
for family in (40, 38, 17, 44, 21, 30, 31):
    try: socket.socket(family, socket.SOCK_DGRAM); print("MADE", family)
    except OSError: pass
b = ctypes.create_string_buffer(256)
for call in ((425, 8, b), (321, 0, b, 100), (272, 0x10000000), (165, b"x", b"/mnt", b"tmpfs", 0, 0), (308, 0, 0), (250, 0, 0), (323, 0), (298, b, 0, -1, -1, 0), (304, -100, b, 0), (428, -100, b"/", 1), (438, 0, 0, 0), (447, 0), (135, 0x40000)):
    if c.syscall(*call) >= 0 or ctypes.get_errno() not in (1, 3, 38): print("CALLED", call[0], ctypes.get_errno())
for family in (1, 2, 10, 16): socket.socket(family, socket.SOCK_DGRAM).close()
print("done")
END`);
	assert.equal(said, "done\n");
});

test("only the gateway and the proxy answer", async () => {
	const c = await inspect(name);
	const base = c.Config.Env.find((e) => e.startsWith("ANTHROPIC_BASE_URL=")).slice(19);
	const gateway = new URL(base).hostname;
	const modelPort = new URL(base).port || "80";
	const proxy = new URL(c.Config.Env.find((e) => e.startsWith("HTTPS_PROXY=")).slice(12));
	assert.equal(proxy.hostname, gateway);
	assert.match(inside(name, `curl -s -o /dev/null -w '%{http_code}' -m 5 ${base}/v1/models`), /^[2345]\d\d/);
	assert.match(inside(name, `curl -s -o /dev/null -w '%{http_code}' -m 5 --noproxy '*' ${proxy}`), /^4\d\d/);
	const otherAddress = Object.values((await inspect(containerOf(other))).NetworkSettings.Networks)[0].IPAddress;
	const targets = [`${gateway} 22`, `${gateway} 4101`, `${gateway} 6379`, `${gateway} 80`, `${gateway} 443`, `${gateway} ${process.env.GONGBANG_PORT}`,
		`${gateway} 53`, `127.0.0.1 ${process.env.GONGBANG_PORT}`, `${otherAddress} 8000`, "1.1.1.1 443", "169.254.169.254 80", "172.17.0.1 22"];
	inside(containerOf(other), "cd /tmp && (setsid python3 -m http.server 8000 >/dev/null 2>&1 &) ; sleep 1; curl -s -m 3 http://127.0.0.1:8000/ | head -1");
	for (const target of targets) {
		if (target === `${gateway} ${modelPort}`)
			continue;
		const [host, targetPort] = target.split(" ");
		assert.match(inside(name, `timeout 3 bash -c 'exec 3<>/dev/tcp/${host}/${targetPort} && echo OPEN' 2>&1; true`), /^(?![^]*OPEN)/, target);
	}
	// The engine's resolver tells neighbours' names: not whose they are.
	assert.doesNotMatch(inside(name, `timeout 4 getent hosts ${otherAddress}; true`), new RegExp(userId(other)));
	assert.doesNotMatch(inside(name, "timeout 4 getent hosts example.org; timeout 4 getent hosts example.net; true"), /\d+\.\d+/);
	assert.match(inside(name, "python3 -c \"import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)\" 2>&1"), /PermissionError|not permitted/);
	assert.doesNotMatch(inside(name, "cat /proc/net/if_inet6 2>/dev/null | grep -v ' lo$'"), /fe80/);
});

test("from the host's other networks neither gateway nor proxy answers", async () => {
	const c = await inspect(name);
	const base = new URL(c.Config.Env.find((e) => e.startsWith("ANTHROPIC_BASE_URL=")).slice(19));
	const proxy = new URL(c.Config.Env.find((e) => e.startsWith("HTTPS_PROXY=")).slice(12));
	const sh = (line) => execFileSync("sh", ["-c", line], {encoding: "utf8"});
	const ns = "gb-test-" + process.pid;
	const reach = (prefix, port) => sh(`${prefix} timeout 3 bash -c 'exec 3<>/dev/tcp/${base.hostname}/${port} && echo OPEN' 2>&1; true`);
	sh(`ip netns add ${ns} && ip link add gbt-host type veth peer name gbt-other netns ${ns} &&
		ip addr add 172.31.250.1/30 dev gbt-host && ip link set gbt-host up &&
		ip -n ${ns} addr add 172.31.250.2/30 dev gbt-other && ip -n ${ns} link set gbt-other up && ip -n ${ns} route add default via 172.31.250.1`);
	try {
		for (const port of [base.port, proxy.port, "4101"]) {
			assert.match(reach("", port), /OPEN/, "from the host itself: " + port);
			assert.doesNotMatch(reach(`ip netns exec ${ns}`, port), /OPEN/, port);
		}
	} finally {
		sh(`ip netns del ${ns}; ip link del gbt-host 2>/dev/null; true`);
	}
});

test("no secret of the platform, nothing of the host", () => {
	const found = inside(name, "env; cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n'; mount; ls -la /workspace /tmp /run /var/run 2>&1");
	assert.doesNotMatch(found, new RegExp(password));
	assert.doesNotMatch(found, /docker\.sock|redis|gongbang\.db|gongbang_session/);
	assert.doesNotMatch(inside(name, "ps ax -o args"), /dockerd|nginx|redis/);
});

test("the image has what it promises", () => {
	const pinned = /^ARG CLAUDE_VERSION=(.+)$/m.exec(readFileSync("conf/workspace/Dockerfile", "utf8"))[1];
	assert.equal(inside(name, "claude --version").split(" ")[0], pinned);
	assert.match(inside(name, "python3 -c 'import pandas, numpy, requests, bs4, matplotlib, seaborn; print(\"all\")' 2>&1"), /all/);
	assert.match(inside(name, "for p in pip npm node git rg curl jq less nano ps sqlite3; do command -v $p >/dev/null || echo MISSING $p; done; python3 -m venv --help >/dev/null && echo venv"), /^venv/);
	assert.match(inside(name, "locale -a"), /en_US\.utf8[^]*ko_KR\.utf8|ko_KR\.utf8[^]*en_US\.utf8/i);
	assert.match(inside(name, "fc-list :lang=ko family | head -1; fc-list | grep -ci emoji"), /(Noto|Nanum)[^]*\n[1-9]/);
	assert.doesNotMatch(inside(name, "cd /tmp && MPLBACKEND=Agg python3 -W error -c 'import matplotlib.pyplot as p; p.title(\"한글 제목 -1\"); p.plot([-1, 2]); p.savefig(\"/tmp/k.png\")' 2>&1"), /Glyph|missing|Warning|Error/);
	assert.match(inside(name, "cat /workspace/CLAUDE.md"), /1 Gi?B/);
});

test("a disabled account's sockets close and its workspace stops", async () => {
	gongbang(["user", "disable", other]);
	await second.until((p) => p.closed === 4401, "closed");
	const c = containerOf(other);
	for (let i = 0; i < 50 && (await inspect(c)).State.Running; i++)
		await new Promise((r) => setTimeout(r, 200));
	assert.equal((await inspect(c)).State.Running, false);
});
