// Files of a workspace on the real stack: lib/bridge/file_relay.c, lib/bridge/file_request.c,
// lib/bridge/caller.c and lib/bridge/bridge_server.c behind nginx, lib/shim/ inside the container.
import {before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {createHash, randomBytes, randomUUID} from "node:crypto";
import {statSync} from "node:fs";
import http from "node:http";
import net from "node:net";
import {call, containerOf, field, inside, inspect, logIn, newAccount, origin, port, service, sleep} from "../client.js";

const MB = 1 << 20;
let login, cookie, csrf, name;

before(async () => {
	login = newAccount("files");
	({cookie} = await logIn(login));
	csrf = field((await call("GET", "/workspace", {cookie})).text, "csrf");
	// The first request starts the workspace.
	assert.equal((await raw("none.txt")).status, 404);
	name = containerOf(login);
});

const encode = (path) => path.split("/").map(encodeURIComponent).join("/");
const raw = (path, headers = {}, query = "") => fetchBytes("/files/raw/" + encode(path) + query, headers);

// The whole answer as bytes; cut: the connection ended before the body did.
function fetchBytes(path, headers = {}, method = "GET") {
	return new Promise((resolve, reject) => {
		http.request({host: "127.0.0.1", port, path, method, headers: {Host: new URL(origin).host, Cookie: cookie, ...headers}}, (answer) => {
			const parts = [];
			answer.on("data", (part) => parts.push(part));
			const done = (cut) => resolve({status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts), cut});
			answer.on("end", () => done(false));
			answer.on("error", () => done(true));
		}).on("error", reject).end();
	});
}

const send = (method, path, body = "", more = {}) =>
	call(method, path, {cookie, body, headers: {"X-CSRF-Token": csrf, ...more}});

const sizeOf = (answer) => Number(/^size (\d+)/.exec(answer.text)?.[1] ?? 0);

// Uploads as the page's script does: in chunks, asking how far it is after a failure.
async function upload(bytes, to, {chunk = 8 * MB, onChunk = () => {}} = {}) {
	const id = randomUUID();
	let offset = 0, failures = 0;
	while (offset < bytes.length) {
		onChunk(offset);
		const answer = await send("POST", `/files/upload/${id}?offset=${offset}`, bytes.subarray(offset, offset + chunk)).catch(() => null);
		if (answer?.status === 200) {
			offset = sizeOf(answer);
			continue;
		}
		assert.ok(++failures < 200, `chunk at ${offset}: ${answer?.status} ${answer?.text}`);
		await sleep(200);
		const status = await send("GET", `/files/upload/${id}`, null).catch(() => null);
		if (status?.status === 200)
			offset = sizeOf(status);
	}
	const end = await send("POST", `/files/upload/${id}/finish?to=${encodeURIComponent(to)}&size=${bytes.length}`);
	assert.equal(end.status, 201, end.text);
	return {path: decodeURIComponent(/^path (.*)\n/.exec(end.text)[1]), failures};
}

test("a file comes back as it was sent, under a free name", async () => {
	const bytes = randomBytes(20 * MB);
	assert.equal((await upload(bytes, "보고서/결과 1.bin")).path, "보고서/결과 1.bin");
	assert.equal((await upload(Buffer.from("second"), "보고서/결과 1.bin")).path, "보고서/결과 1 (1).bin");
	const got = await raw("보고서/결과 1.bin");
	assert.equal(got.status, 200);
	assert.ok(got.body.equals(bytes));
	assert.equal(got.headers["content-disposition"], `attachment; filename="__ 1.bin"; filename*=UTF-8''${encodeURIComponent("결과 1.bin")}`);
	assert.match(inside(name, "sha256sum '보고서/결과 1.bin'; ls -A .gongbang-files/uploads"), new RegExp(createHash("sha256").update(bytes).digest("hex") + " .*\\n$"));
});

test("ranges and tags hold, also after a change", async () => {
	await upload(Buffer.from("0123456789"), "ten.txt");
	const whole = await raw("ten.txt");
	const tag = whole.headers.etag;
	assert.match(tag, /^"[0-9a-f]{16}"$/);
	const rows = [
		[{Range: "bytes=2-4"}, 206, "234", "bytes 2-4/10"],
		[{Range: "bytes=7-"}, 206, "789", "bytes 7-9/10"],
		[{Range: "bytes=-2"}, 206, "89", "bytes 8-9/10"],
		[{Range: "bytes=8-99"}, 206, "89", "bytes 8-9/10"],
		[{Range: "bytes=10-"}, 416, "", "bytes */10"],
		[{Range: "bytes=4-2"}, 200, "0123456789", undefined],
		[{Range: "bytes=0-1,3-4"}, 200, "0123456789", undefined],
		[{Range: "lines=1-2"}, 200, "0123456789", undefined],
		[{Range: "bytes=2-4", "If-Range": tag}, 206, "234", "bytes 2-4/10"],
		[{Range: "bytes=2-4", "If-Range": '"0123456789abcdef"'}, 200, "0123456789", undefined],
		[{"If-None-Match": tag}, 304, "", undefined],
		[{"If-None-Match": '"0123456789abcdef"'}, 200, "0123456789", undefined],
	];
	for (const [headers, status, text, range] of rows) {
		const got = await raw("ten.txt", headers);
		assert.deepEqual([got.status, got.body.toString(), got.headers["content-range"]], [status, text, range], JSON.stringify(headers));
	}
	inside(name, "echo changed >ten.txt");
	assert.notEqual((await raw("ten.txt")).headers.etag, tag);
	assert.equal((await raw("ten.txt", {"If-None-Match": tag})).status, 200);
	const head = await fetchBytes("/files/raw/ten.txt", {}, "HEAD");
	assert.deepEqual([head.status, head.headers["content-length"], head.body.length], [200, "8", 0]);
});

test("what was made here never acts as our page", async () => {
	inside(name, `mkdir -p t && cd t && echo '<script>alert(1)</script>' >page.html && cp page.html 'x.png' && cp page.html text.txt &&
		echo '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>' >a.svg && printf '\\x89PNG\\r\\n\\x1a\\n' >real.dat && printf '%%PDF-1.4' >a.pdf`);
	const image = {"Sec-Fetch-Dest": "image"};
	const rows = [
		["page.html", "", {}, "attachment", "application/octet-stream"],
		["page.html", "?view=1", {}, "inline", "text/plain; charset=utf-8"],
		["x.png", "?view=1", image, "inline", "text/plain; charset=utf-8"],
		["a.svg", "?view=1", {}, "attachment", "application/octet-stream"],
		["a.svg", "?view=1", {"Sec-Fetch-Dest": "document"}, "attachment", "application/octet-stream"],
		["a.svg", "?view=1", image, "inline", "image/svg+xml"],
		["real.dat", "?view=1", {}, "inline", "image/png"],
		["a.pdf", "?view=1", {}, "inline", "application/pdf"],
		["a.pdf", "", {}, "attachment", "application/octet-stream"],
	];
	for (const [file, query, headers, how, type] of rows) {
		const got = await raw("t/" + file, headers, query);
		assert.equal(got.status, 200, file);
		assert.ok(got.headers["content-disposition"].startsWith(how + ";"), file + query);
		assert.equal(got.headers["content-type"], type, file + query);
		assert.equal(got.headers["x-content-type-options"], "nosniff");
		assert.equal(got.headers["cross-origin-resource-policy"], "same-origin");
		assert.match(got.headers["content-security-policy"], type === "application/pdf" ? /default-src 'none'/ : /default-src 'none'.*sandbox$/);
		assert.doesNotMatch(got.headers["content-security-policy"], /script|allow-/);
	}
});

test("only the owner reads, and only our own pages write", async () => {
	const other = await logIn(newAccount("other"));
	const id = randomUUID();
	const rows = [
		["GET", "/files/raw/ten.txt", {Cookie: ""}, 401],
		["GET", "/files/raw/ten.txt", {Cookie: other.cookie}, 404],
		["GET", "/files/raw/ten.txt", {Origin: "https://evil.example"}, 403],
		["GET", "/files/raw/ten.txt", {Host: "evil.example"}, 421],
		["POST", "/files/raw/ten.txt", {"X-CSRF-Token": csrf, Origin: origin}, 405],
		["POST", `/files/upload/${id}?offset=0`, {Origin: origin}, 403],
		["POST", `/files/upload/${id}?offset=0`, {"X-CSRF-Token": csrf}, 403],
		["POST", `/files/upload/${id}?offset=0`, {"X-CSRF-Token": csrf, Origin: "https://evil.example"}, 403],
		["POST", `/files/upload/${id}?offset=0`, {"X-CSRF-Token": csrf, Origin: origin, Cookie: other.cookie}, 403],
		["POST", "/files/upload/not-an-id?offset=0", {"X-CSRF-Token": csrf, Origin: origin}, 404],
		["PUT", `/files/upload/${id}`, {"X-CSRF-Token": csrf, Origin: origin}, 405],
		["DELETE", "/files/raw/ten.txt", {"X-CSRF-Token": csrf, Origin: origin}, 405],
		["GET", "/files/raw/..%2F..%2Fetc%2Fpasswd", {}, 400],
		["GET", "/files/raw/.gongbang/sessions", {}, 404],
		["GET", "/files/raw/%zz", {}, 400],
	];
	for (const [method, path, headers, status] of rows)
		assert.equal((await fetchBytes(path, headers, method)).status, status, `${method} ${path} ${JSON.stringify(headers)}`);
});

test("links, fifos, devices and strange names", async () => {
	inside(name, `mkdir -p odd && cd odd && ln -s /etc/passwd out && ln -s ../ten.txt in && mkfifo pipe && echo q >'a"b' && echo n >$'n\\nl' && echo i >$'\\xff' &&
		echo r >$'\\u202etxt.exe' && echo l >$(printf 'x%.0s' $(seq 255))`);
	assert.equal((await raw("odd/out")).status, 404);
	assert.equal((await raw("odd/in")).status, 200);
	assert.equal((await raw("odd/pipe")).status, 409);
	assert.equal((await raw('odd/a"b')).headers["content-disposition"], `attachment; filename="a_b"; filename*=UTF-8''a%22b`);
	assert.equal((await raw("odd/n\nl")).body.toString(), "n\n");
	assert.equal((await fetchBytes("/files/raw/odd/%FF")).body.toString(), "i\n");
	assert.doesNotMatch((await raw("odd/\u202etxt.exe")).headers["content-disposition"], /%E2%80%AE/);
	assert.equal((await raw("odd/" + "x".repeat(255))).status, 200);
	const zip = await fetchBytes("/files/archive/odd");
	assert.equal(zip.status, 200);
	const names = execFileSync("python3", ["-c", "import io, sys, zipfile; z = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())); assert z.testzip() is None; print(len(z.namelist()))"], {input: zip.body, encoding: "utf8"});
	assert.equal(names, "6\n");
});

test("a file that shrinks while it is read ends visibly", async () => {
	inside(name, "head -c 100000000 /dev/zero >shrinks");
	const got = await new Promise((resolve, reject) => {
		http.get({host: "127.0.0.1", port, path: "/files/raw/shrinks", headers: {Host: new URL(origin).host, Cookie: cookie}}, (answer) => {
			let n = 0;
			answer.once("data", () => {
				answer.pause();
				inside(name, "truncate -s 5 shrinks");
				answer.resume();
			});
			answer.on("data", (part) => { n += part.length; });
			answer.on("end", () => resolve({n, cut: !answer.complete}));
			answer.on("error", () => resolve({n, cut: true}));
		}).on("error", reject);
	});
	assert.ok(got.cut && got.n < 100000000, JSON.stringify(got));
});

test("a client that stops reading holds up nobody and no memory", async () => {
	inside(name, "truncate -s 3G huge");
	const pid = service("bridge");
	const resident = () => Number(execFileSync("sh", ["-c", `grep VmRSS /proc/${pid}/status | tr -dc 0-9`], {encoding: "utf8"}));
	const memory = resident();
	const stalled = [];
	for (let i = 0; i < 10; i++) {
		const socket = net.connect(port, "127.0.0.1");
		socket.write(`GET /files/raw/huge HTTP/1.1\r\nHost: ${new URL(origin).host}\r\nCookie: ${cookie}\r\n\r\n`);
		socket.once("data", () => socket.pause());
		stalled.push(socket);
	}
	// The account's own places are taken: another account's are not.
	const neighbour = await logIn(newAccount("next"));
	assert.equal((await fetchBytes("/files/raw/none", {Cookie: neighbour.cookie})).status, 404);
	assert.ok(resident() - memory < 40000, `${memory} -> ${resident()} KB`);
	stalled.forEach((socket) => socket.destroy());
	assert.equal((await raw("ten.txt")).status, 200);
	const range = await raw("huge", {Range: "bytes=3221225470-"});
	assert.deepEqual([range.status, range.body.length], [206, 2]);
	inside(name, "rm huge");
});

test("an upload goes on after the bridge was killed", async () => {
	const bytes = randomBytes(64 * MB);
	let killed = false;
	const {failures} = await upload(bytes, "survivor.bin", {onChunk: (offset) => {
		if (!killed && offset >= 24 * MB) {
			killed = true;
			setTimeout(() => process.kill(service("bridge"), "SIGKILL"), 20);
		}
	}});
	assert.ok(failures > 0);
	assert.match(inside(name, "sha256sum survivor.bin"), new RegExp("^" + createHash("sha256").update(bytes).digest("hex")));
});

test("a full disk is said, and the upload goes on afterwards", async (t) => {
	const path = (await inspect(name)).Mounts.find((m) => m.Destination === "/workspace").Source;
	if (statSync(path).dev === statSync(path.replace(/\/_data$/, "")).dev)
		return t.skip("no loop devices or project quotas here: disk_quota = watch");
	const id = randomUUID();
	const bytes = randomBytes(8 * MB);
	assert.match(inside(name, "fallocate -l 12G filler 2>&1; echo $?"), /No space left|quota exceeded/i);
	assert.equal((await send("POST", `/files/upload/${id}?offset=0`, bytes)).status, 507);
	inside(name, "rm -f filler");
	const there = sizeOf(await send("GET", `/files/upload/${id}`, null));
	assert.equal((await send("POST", `/files/upload/${id}?offset=${there}`, bytes.subarray(there))).status, 200);
	assert.equal((await send("POST", `/files/upload/${id}/finish?to=whole.bin&size=${bytes.length}`)).status, 201);
	assert.ok((await raw("whole.bin")).body.equals(bytes));
});
