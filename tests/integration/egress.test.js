// Egress from inside a container: listed domains are reachable, everything else
// is refused with a reason and logged, however it is requested.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync, spawnSync} from "node:child_process";
import {readFileSync, statSync} from "node:fs";
import {networkInterfaces} from "node:os";
import {join} from "node:path";
import {containerOf, engineSocket, inside, inspect, newAccount, openConversation, port as pagesPort, service, sleep, state} from "../client.js";

const log = join(state, "log/squid/current");
let login, other, page, second, name, proxy, address, source;
before(async () => {
	login = newAccount("out");
	other = newAccount("beside");
	[page, second] = await Promise.all([openConversation(login, "hello"), openConversation(other, "hello")]);
	await page.until((p) => p.ends >= 1, "the first turn");
	await second.until((p) => p.ends >= 1, "the neighbour's first turn");
	name = containerOf(login);
	const container = await inspect(name);
	proxy = new URL(container.Config.Env.find((e) => e.startsWith("HTTPS_PROXY=")).slice(12));
	address = proxy.hostname;
	source = Object.values(container.NetworkSettings.Networks)[0].IPAddress;
});
after(() => {
	page?.close();
	second?.close();
});

// What squid logged since then of the first workspace, as objects.
const now = () => statSync(log).size;
function logged(since) {
	return readFileSync(log).subarray(since).toString().split("\n").filter((line) => line.includes(` remote=${source} `))
		.map((line) => Object.fromEntries([...line.matchAll(/(\w+)=(\S+)/g)].map((m) => [m[1], m[2]])));
}

// Raw bytes to the proxy from inside; what came back to each.
function ask(requests) {
	const script = `
import json, socket
def ask(raw):
    got = b""
    try:
        s = socket.create_connection(("${address}", ${proxy.port}), 5); s.settimeout(4)
        s.sendall(raw.encode("latin1"))
        while len(got) < 20000:
            some = s.recv(4096)
            if not some: break
            got += some
    except OSError as e: got += str(e).encode()
    return got.decode("latin1")
from concurrent.futures import ThreadPoolExecutor
asked = json.load(open("/workspace/asked"))
with ThreadPoolExecutor(8) as pool: print(json.dumps(dict(zip(asked, pool.map(ask, asked.values())))))`;
	execFileSync("docker", ["-H", "unix://" + engineSocket, "exec", "-i", name, "sh", "-c", "cat > /workspace/asked"], {input: JSON.stringify(requests)});
	return JSON.parse(inside(name, `python3 - <<'END'\n${script}\nEND`));
}
const connect = (target, more = "Connection: close\r\n") => `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${more}\r\n`;
const get = (url, host = url.split("/")[2], more = "Connection: close\r\n") => `GET ${url} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;
const deb = "http://deb.debian.org/debian/dists/bookworm/Release.gpg";

test("pip, npm and curl work out of the box, as a tool runs them and in a login shell", () => {
	const began = now();
	assert.match(inside(name, "curl -sS -o /dev/null -w '%{http_code}' https://pypi.org/simple/six/"), /^200/);
	assert.match(inside(name, `curl -sS -o /dev/null -w '%{http_code}' ${deb}`), /^200/);
	assert.match(inside(name, "python3 -c 'import requests; print(requests.get(\"https://pypi.org/simple/six/\").status_code)'"), /^200/);
	assert.match(inside(name, "bash -lc 'pip install --no-cache-dir pyfiglet 2>&1 | tail -1; python3 -c \"import pyfiglet; print(pyfiglet.__file__)\"'"), /Successfully[^]*\/workspace\/\.local/);
	assert.match(inside(name, "npm install -g is-odd 2>&1; ls .npm-global/lib/node_modules"), /added \d+ package[^]*is-odd/);
	assert.match(inside(name, "mkdir -p n && cd n && npm init -y >/dev/null && npm install is-even 2>&1 && node -p 'require(\"is-even\")(2)'"), /added[^]*true/);
	const seen = logged(began);
	assert.ok(seen.length >= 6 && seen.every((l) => l.status === "200"), JSON.stringify(seen));
});

test("git reaches GitHub where this host does", (t) => {
	if (spawnSync("curl", ["-sS", "-m", "5", "-o", "/dev/null", "https://github.com/"]).status !== 0)
		return t.skip("this host does not reach github.com");
	assert.match(inside(name, "git ls-remote https://github.com/git/git HEAD 2>&1"), /^[0-9a-f]{40}\s+HEAD/);
});

test("a blocked domain is refused in words", () => {
	const began = now();
	assert.match(inside(name, "curl -sS http://example.org/"), /^blocked: example\.org/);
	assert.match(inside(name, "curl -sS https://example.org/ 2>&1"), /CONNECT tunnel failed, response 403/);
	assert.match(inside(name, "curl -sSv https://example.org/ 2>&1"), /X-Squid-Error: 403:ERR_BLOCKED/);
	assert.match(inside(name, "pip download --retries 1 --index-url https://example.org/simple six 2>&1"), /403 Forbidden/);
	assert.match(inside(name, "git ls-remote https://example.org/x 2>&1"), /403/);
	assert.match(ask({a: connect("example.org:443")}).a, /^HTTP\/1\.1 403 [^]*\r\n\r\nblocked: example\.org \(not-listed\)/);
	const seen = logged(began);
	assert.ok(seen.length >= 6, JSON.stringify(seen));
	for (const line of seen)
		assert.deepEqual([line.host, line.status, line.result, line.to], ["example.org", "403", "TCP_DENIED", "-"]);
});

test("a redirect to a blocked domain ends there", () => {
	inside(name, `cat > /tmp/r.py <<'END'
import http.server
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(302); self.send_header("Location", self.path[1:]); self.end_headers()
http.server.HTTPServer(("127.0.0.1", 8010), H).serve_forever()
END
(setsid python3 /tmp/r.py >/dev/null 2>&1 &); sleep 1`);
	for (const target of ["example.org", "deb.debian.org.example.net", "EXAMPLE.org"])
		assert.match(inside(name, `curl -sSL http://127.0.0.1:8010/http://${target}/`), new RegExp(`^blocked: ${target}`, "i"));
	assert.match(inside(name, `curl -sSL http://127.0.0.1:8010/http://169.254.169.254/`), /^blocked: 169\.254\.169\.254/);
	inside(name, "pkill -f /tmp/r.py");
});

test("no spelling, port, method or header gets past the list", () => {
	const began = now();
	const long = "x".repeat(70000);
	const tricks = {
		"the gateway": connect(`${address}:4100`),
		"the gateway on 443": connect(`${address}:443`),
		"the proxy itself": connect(`${address}:${proxy.port}`),
		"the model": get(`http://${address}:4101/`),
		"this host by name": connect("localhost:443"),
		"this host by name, http": get("http://localhost/"),
		"loopback": connect("127.0.0.1:443"),
		"loopback, http": get("http://127.0.0.1/"),
		"metadata": get("http://169.254.169.254/latest/meta-data/"),
		"metadata by name": get("http://metadata.google.internal/computeMetadata/v1/"),
		"IPv6 loopback": connect("[::1]:443"),
		"IPv6 mapped": connect("[::ffff:127.0.0.1]:443"),
		"IPv6 mapped, http": get("http://[::ffff:7f00:1]/"),
		"IPv6 with a zone": connect("[fe80::1%25eth0]:443"),
		"a public address": connect("1.1.1.1:443"),
		"a public IPv6 address": connect("[2606:4700:4700::1111]:443"),
		"hexadecimal": connect("0x7f000001:443"),
		"one number": connect("2130706433:443"),
		"two numbers": connect("127.1:443"),
		"octal": connect("0177.0.0.1:443"),
		"dotted hexadecimal": connect("0x7f.0x0.0x0.0x1:443"),
		"an address with a dot": connect("127.0.0.1.:443"),
		"full-width digits": connect("\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1:443"),
		"another port": connect("pypi.org:22"),
		"CONNECT to 80": connect("pypi.org:80"),
		"CONNECT to 80 of a plain one": connect("deb.debian.org:80"),
		"no port": connect("example.org"),
		"port 0": connect("pypi.org:0"),
		"a port too large": connect("pypi.org:65979"),
		"http where https is listed": get("http://pypi.org/"),
		"http on another port": get("http://deb.debian.org:8080/"),
		"http on 443": get("http://deb.debian.org:443/"),
		"https by GET": get("https://example.org/"),
		"upper case": connect("EXAMPLE.ORG:443"),
		"a trailing dot": connect("example.org.:443"),
		"two trailing dots": connect("example.org..:443"),
		"punycode": connect("xn--pypi-0ra.org:443"),
		"UTF-8": connect("p\xd1\x83pi.org:443"),
		"percent": connect("%70ypi.org.example.org:443"),
		"a listed ending": connect("evilpypi.org:443"),
		"a listed beginning": connect("pypi.org.example.org:443"),
		"below what is listed alone": connect("sub.pypi.org:443"),
		"an underscore": connect("_x.pypi.org:443"),
		"NUL": connect("pypi.org\0.example.org:443"),
		"a user": connect("pypi.org@example.org:443"),
		"a user, http": get("http://deb.debian.org@example.org/", "example.org"),
		"a user with a port": get("http://deb.debian.org:80@example.org/", "deb.debian.org"),
		"a blank": "GET http://example.org /deb.debian.org/ HTTP/1.1\r\nHost: deb.debian.org\r\n\r\n",
		"a listed Host at CONNECT": "CONNECT example.org:443 HTTP/1.1\r\nHost: pypi.org:443\r\n\r\n",
		"a listed Host": get("http://example.org/", "deb.debian.org"),
		"origin form": "GET /debian/ HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n",
		"origin form, listed": "GET /debian/ HTTP/1.1\r\nHost: deb.debian.org\r\nConnection: close\r\n\r\n",
		"HTTP/1.0 without Host": "GET http://example.org/ HTTP/1.0\r\n\r\n",
		"HTTP/0.9": "GET http://example.org/\r\n\r\n",
		"HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"CONNECT with a body": connect("example.org:443", "Content-Length: 5\r\n") + "hello",
		"CONNECT in chunks": connect("example.org:443", "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n\r\n",
		"FTP": get("ftp://deb.debian.org/debian/", "deb.debian.org"),
		"gopher": get("gopher://deb.debian.org/", "deb.debian.org"),
		"a urn": "GET urn:example:org HTTP/1.1\r\nHost: deb.debian.org\r\nConnection: close\r\n\r\n",
		"the manager": get(`http://${address}:${proxy.port}/squid-internal-mgr/info`),
		"the manager, its own way": "GET cache_object://localhost/info HTTP/1.0\r\n\r\n",
		"the manager in origin form": "GET /squid-internal-mgr/menu HTTP/1.1\r\nHost: gongbang\r\nConnection: close\r\n\r\n",
		"an icon": "GET /squid-internal-static/icons/SN.png HTTP/1.1\r\nHost: gongbang\r\nConnection: close\r\n\r\n",
		"PURGE": "PURGE http://deb.debian.org/ HTTP/1.1\r\nHost: deb.debian.org\r\nConnection: close\r\n\r\n",
		"TRACE": "TRACE http://deb.debian.org/ HTTP/1.1\r\nHost: deb.debian.org\r\nConnection: close\r\n\r\n",
		"another method": "BREW http://deb.debian.org/ HTTP/1.1\r\nHost: deb.debian.org\r\nConnection: close\r\n\r\n",
		"a huge header": get(deb, "deb.debian.org", `X: ${long}\r\n`),
		"a huge name": connect("a.".repeat(2000) + "pypi.org:443"),
		"a line of the log": connect("example.org:443\tstatus=200"),
		"words to the helper": connect("x%0a1%20OK.example.org:443"),
	};
	const answers = ask(tricks);
	const through = Object.entries(answers).filter(([, said]) => /^HTTP\/1\.[01] [123]/m.test(said) ||
		!/^(HTTP\/1\.[01] [45]\d\d|blocked: |refused)/.test(said));
	assert.deepEqual(through, []);
	const seen = logged(began);
	assert.ok(seen.length >= Object.keys(tricks).length - 4, `${seen.length} lines for ${Object.keys(tricks).length} tricks`);
	for (const line of seen) {
		assert.ok(Number(line.status) >= 400 || line.status === "0", JSON.stringify(line));
		assert.equal(line.to, "-", JSON.stringify(line));
	}
});

test("another Host than the URL's is not asked, and not told", () => {
	const began = now();
	const answers = ask({
		"at CONNECT": "CONNECT pypi.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\nnot TLS\r\n\r\n",
		"its port": "CONNECT pypi.org:443 HTTP/1.1\r\nHost: pypi.org:80\r\n\r\nnot TLS\r\n\r\n",
		"in a request": get(deb, "example.org"),
		"two of them": get(deb, "deb.debian.org", "Host: example.org\r\nConnection: close\r\n"),
		"folded": get(deb, "deb.debian.org\r\n ,example.org"),
		"before a backslash": get("http://example.org\\@deb.debian.org/debian/dists/bookworm/Release.gpg"),
	});
	for (const trick of ["in a request", "two of them", "folded"])
		assert.match(answers[trick], /^HTTP\/1\.1 200[^]*PGP SIGNATURE/, trick);
	const seen = logged(began);
	assert.equal(seen.length, 6);
	for (const line of seen)
		assert.match(line.host, /^(pypi|deb\.debian)\.org$/, JSON.stringify(line));
});

test("what hides behind a listed request is asked for by itself, or goes where that one went", () => {
	const began = now();
	const hidden = get("http://example.org/");
	const keep = "Connection: keep-alive\r\n";
	const listed = (more) => get(deb, "deb.debian.org", keep + more);
	const answers = ask({
		"one after the other": listed("") + hidden,
		"a length and chunks": listed("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n" + hidden,
		"two lengths": listed(`Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n`) + hidden,
		"an odd length": listed("Content-Length: +0\r\n") + hidden,
		"odd chunks": listed("Transfer-Encoding: xchunked\r\n") + "0\r\n\r\n" + hidden,
		"a blank before the colon": listed("Content-Length : 0\r\n") + hidden,
		"a bare line feed": listed("X: y\nContent-Length: 0\r\n") + hidden,
		"in a refused CONNECT": connect("example.org:443", `${keep}Content-Length: ${hidden.length}\r\n`) + hidden,
		"in a tunnel": connect("pypi.org:443", keep) + hidden,
	});
	assert.match(answers["one after the other"], /^HTTP\/1\.1 200[^]*HTTP\/1\.1 403[^]*blocked: example\.org/);
	for (const line of logged(began)) {
		if (line.host === "example.org")
			assert.ok(line.to === "-" && Number(line.status) >= 400, JSON.stringify(line));
		else
			assert.match(line.host, /^(deb\.debian\.org|pypi\.org|-|error:.*)$/, JSON.stringify(line));
	}
});

test("no name server answers, of any kind", () => {
	const host = execFileSync("awk", ['$1 == "nameserver" {print $2}', "/etc/resolv.conf"], {encoding: "utf8"}).split("\n").filter((s) => /^[\d.]+$/.test(s));
	const servers = ["127.0.0.11", "127.0.0.1", address, "8.8.8.8", "255.255.255.255", "224.0.0.251", ...host];
	const said = inside(name, `python3 - <<'END'
import socket, struct
q = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + b"\\x04pypi\\x03org\\0" + struct.pack(">HH", 1, 1)
for server in ${JSON.stringify(servers)}:
    for port in (53, 5353, 853):
        try:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(0.5); s.setsockopt(1, 6, 1)
            s.sendto(q, (server, port)); r = s.recv(999)
            if struct.unpack(">H", r[6:8])[0]: print("ANSWER", server, port)
        except OSError: pass
        try:
            s = socket.create_connection((server, port), 0.5); s.sendall(struct.pack(">H", len(q)) + q); r = s.recv(999)
            if len(r) > 9 and struct.unpack(">H", r[8:10])[0]: print("ANSWER", server, port, "tcp")
        except OSError: pass
print("done")
END
timeout 5 getent hosts pypi.org; timeout 5 getent hosts example.org; true`);
	assert.match(said, /^done\s*$/);
});

test("the second wall: what squid's user sends does not go inside either", (t) => {
	const tables = (...args) => spawnSync("iptables", ["-w", "10", ...args]).status === 0;
	const chain = readFileSync(join(state, "gongbang.conf"), "utf8").match(/^instance = (.*)$/m)[1];
	tables("-N", chain + "-try");
	const able = tables("-A", chain + "-try", "-m", "owner", "--uid-owner", "0", "-j", "RETURN");
	tables("-F", chain + "-try");
	tables("-X", chain + "-try");
	if (!able)
		return t.skip("this kernel cannot tell who sends");
	assert.ok(tables("-C", "OUTPUT", "-m", "owner", "--uid-owner", "gongbang-egress", "-j", chain + "-out"));
	const own = Object.values(networkInterfaces()).flat().filter((i) => i.family === "IPv4" && !i.internal).map((i) => i.address);
	const reach = (user, url) => spawnSync("setpriv", ["--reuid", user, "--regid", "nogroup", "--clear-groups",
		"curl", "-s", "-o", "/dev/null", "--noproxy", "*", "-m", "4", url]).status === 0;
	const targets = [`http://127.0.0.1:${pagesPort}/login`, `http://${address}:4101/`, `http://${address}:4100/`];
	for (const url of targets)
		assert.equal(reach("nobody", url), true, "others reach " + url);
	for (const url of [...targets, ...own.map((a) => `http://${a}:${proxy.port}/`)])
		assert.equal(reach("gongbang-egress", url), false, url);
});

test("a flood of connections is cut, the neighbour's way stays open, and squid stays small", () => {
	const pid = service("squid");
	inside(name, `cat > /tmp/flood.py <<'END'
import socket, time
held = []
for i in range(600):
    try:
        s = socket.socket(); s.settimeout(0.1); s.connect(("${address}", ${proxy.port})); held.append(s)
        s.sendall(b"CONNECT pypi.org:443 HTTP/1.1\\r\\nHost: pypi.org:443\\r\\n\\r\\n" if i % 2 else b"GET http://deb.debian.org/ HTTP/1.1\\r\\nX: ")
    except OSError: pass
time.sleep(60)
END
(setsid python3 /tmp/flood.py >/tmp/flood.out 2>&1 &); sleep 5`);
	assert.match(inside(containerOf(other), "curl -sS -o /dev/null -m 30 -w '%{http_code}' https://pypi.org/simple/six/"), /^200/);
	inside(name, "pkill -f /tmp/flood.py");
	assert.equal(service("squid"), pid);
	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	assert.ok(Number(status.match(/VmHWM:\s+(\d+)/)[1]) < 80 << 10, status);
});

test("squid killed, then its helper: the way out comes back by itself", async () => {
	const pids = (...args) => spawnSync("pgrep", ["-a", "-u", "gongbang-egress", ...args], {encoding: "utf8"}).stdout.split("\n")
		.filter((line) => line.includes(state)).map((line) => line.split(" ")[0]);
	for (const pattern of [["-x", "squid"], ["-f", "^.gongbang-egress"]]) {
		const mine = pids(...pattern);
		assert.ok(mine.length, pattern.join(" "));
		mine.forEach((p) => process.kill(Number(p), "SIGKILL"));
		let got = "";
		for (let i = 0; i < 30 && !/^200/.test(got); i++) {
			await sleep(500);
			got = inside(name, "curl -sS -o /dev/null -m 10 -w '%{http_code}' https://pypi.org/simple/six/ 2>&1");
		}
		assert.match(got, /^200/);
	}
});
