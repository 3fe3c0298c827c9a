// Malformed input through the real nginx: a clear answer, and nothing lost.
// Tests lib/bridge/bridge.c and lib/http/daemon.c.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import net from "node:net";
import WebSocket from "ws";
import {begin, call, cookies, field, logIn, newAccount, openConversation, origin, port} from "../client.js";

let login, cookie, page, stranger;
before(async () => {
	login = newAccount("http");
	({cookie} = await logIn(login));
	page = await openConversation(login, "hello");
	await page.until((p) => p.ends >= 1, "the first turn");
	stranger = (await logIn(newAccount("stranger"))).cookie;
});
after(() => page?.close());

// The raw answer to raw bytes.
function raw(bytes) {
	return new Promise((resolve) => {
		const socket = net.connect(Number(port), "127.0.0.1", () => socket.write(bytes));
		let got = "";
		socket.setEncoding("latin1");
		socket.on("data", (chunk) => { got += chunk; });
		socket.on("close", () => resolve(got));
		socket.on("error", () => resolve(got));
		socket.setTimeout(8000, () => socket.destroy());
	});
}
const get = (path, host = `127.0.0.1:${port}`) => raw(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

test("security headers stand on pages and static files", async () => {
	for (const path of ["/login", "/static/base.css", "/nothing-here"]) {
		const {headers} = await call("GET", path);
		assert.match(headers["content-security-policy"] || "", /default-src 'none'/, path);
		assert.doesNotMatch(headers["content-security-policy"], /unsafe/);
		assert.equal(headers["x-content-type-options"], "nosniff");
	}
});

// BREACH: no page that repeats what its address says is compressed.
test("pages are compressed, those with a query are not", async () => {
	const ask = (path) => raw(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCookie: ${cookie}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n`);
	assert.match(await ask("/workspace"), /^HTTP\/1\.1 200[^]*content-encoding: gzip/i);
	const searched = await ask("/workspace?search=abc");
	assert.match(searched, /^HTTP\/1\.1 200[^]*value="abc"/);
	assert.doesNotMatch(searched.split("\r\n\r\n")[0], /content-encoding/i);
});

test("wrong method, path, host, length, encoding", async () => {
	assert.equal((await call("DELETE", "/login")).status, 405);
	assert.equal((await call("POST", "/healthz", {form: {}})).status, 405);
	assert.equal((await call("GET", "/nothing-here", {cookie})).status, 404);
	assert.equal((await call("GET", "/workspace/not-a-uuid", {cookie})).status, 404);
	assert.doesNotMatch(await get("/login", "evil.example"), /^HTTP\/1\.1 200/);
	for (const path of ["/%", "/%zz", "/%00", "/login%00", "/..%2f..%2fetc/passwd", "/static/..%2f..%2fgongbang.conf", "/static/../gongbang.conf", "/%ff%fe"])
		assert.match(await get(path), /^HTTP\/1\.1 (400|404|303)/, path);
	const head = `POST /login HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n`;
	assert.match(await raw(head + "Content-Length: -1\r\n\r\n"), /^HTTP\/1\.1 400/);
	assert.match(await raw(head + "Content-Length: 99999999999999999999\r\n\r\n"), /^HTTP\/1\.1 (400|413)/);
	assert.match(await raw(head + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"), /^HTTP\/1\.1 4\d\d/);
	assert.match(await raw("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), /^HTTP\/1\.1 400/);
	assert.match(await raw(`GET /login HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX: ${"x".repeat(100000)}\r\n\r\n`), /^HTTP\/1\.1 4\d\d/);
});

test("what nginx refuses itself is said in both languages", async () => {
	const long = "x".repeat(20000);
	const head = `Host: 127.0.0.1:${port}\r\nConnection: close\r\n`;
	const rows = [
		[413, "too large", `POST /login HTTP/1.1\r\n${head}Content-Length: 99999999\r\n\r\n`],
		[414, "can't read", `GET /login?${long} HTTP/1.1\r\n${head}\r\n`],
		[400, "can't read", `GET /login HTTP/1.1\r\n${head}Cookie: a=${long}\r\n\r\n`],
		[400, "can't read", `GET /login HTTP/1.1\r\n${head}Host: b\r\n\r\n`],
		[400, "can't read", `POST /login HTTP/1.1\r\n${head}Content-Length: -1\r\n\r\n`],
	];
	for (const [status, words, request] of rows) {
		const answer = await raw(request);
		assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [^]*Content-Type: text/html; charset=utf-8[^]*<h1>[^<]*${words}[^]*<p lang="ko">`), request.slice(0, 60));
		assert.match(answer, /Content-Security-Policy: default-src 'none'; style-src/);
	}
});

test("wrong cookie, CSRF token, Origin; a form of 10 MB", async () => {
	for (const bad of ["gongbang_session=", "gongbang_session=../..", "gongbang_session=" + "a".repeat(64), "gongbang_session=\u00e9; ;;=;", "x".repeat(3000)])
		assert.ok([303, 400].includes((await call("GET", "/workspace", {cookie: Buffer.from(bad).toString("latin1")})).status));
	const html = (await call("GET", "/workspace", {cookie})).text;
	const csrf = field(html, "csrf");
	const form = {csrf, id: crypto.randomUUID(), text: "x"};
	assert.equal((await call("POST", "/conversations", {cookie, form: {...form, csrf: "0".repeat(csrf.length)}})).status, 403);
	assert.equal((await call("POST", "/conversations", {cookie, form: {...form, csrf: ""}})).status, 403);
	assert.equal((await call("POST", "/conversations", {cookie: stranger, form})).status, 403);
	assert.equal((await call("POST", "/conversations", {cookie, form, headers: {Origin: "http://evil.example"}})).status, 403);
	assert.equal((await call("POST", "/login", {cookie, form: {csrf, login: "x".repeat(10 << 20), password: "y"}})).status, 413);
	const bytes = `csrf=${csrf}&text=%ff%fe&id=${crypto.randomUUID()}`;
	assert.equal((await call("POST", "/conversations", {cookie, body: bytes, headers: {"Content-Type": "application/x-www-form-urlencoded"}})).status, 400);
});

test("another user's conversation is as missing as a missing one", async () => {
	const paths = (id) => ["/workspace/" + id, `/conversations/${id}/export.md`, `/conversations/${id}/export.json`, `/conversations/${id}/delete`];
	const missing = paths("0190f5c2-7a1b-7c3d-8e4f-0123456789ab");
	const theirs = paths(page.id);
	const normal = (text) => text.replaceAll(/name="csrf" value="[^"]*"/g, "csrf").replaceAll(/[0-9a-f-]{36}|[0-9a-f]{32,}/g, "*");
	for (let i = 0; i < paths("x").length; i++) {
		const a = await call("GET", theirs[i], {cookie: stranger}), b = await call("GET", missing[i], {cookie: stranger});
		assert.equal(a.status, 404);
		assert.equal(normal(a.text), normal(b.text));
	}
	const csrf = field((await call("GET", "/workspace", {cookie: stranger})).text, "csrf");
	for (const act of ["rename", "delete"])
		assert.equal((await call("POST", `/conversations/${page.id}/${act}`, {cookie: stranger, form: {csrf, title: "mine"}})).status, 404);
	assert.equal(await handshake({path: `/ws/conversations/${page.id}?from=0`, cookie: stranger}), 404);
});

function handshake({path = "/ws/workspace", cookie: c = cookie, headers = {}, origin: o = origin}) {
	return new Promise((resolve) => {
		const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, {origin: o, headers: {Cookie: c, ...headers}});
		ws.on("open", () => {
			ws.close();
			resolve(101);
		});
		ws.on("unexpected-response", (request, answer) => resolve(answer.statusCode));
		ws.on("error", () => {});
	});
}

test("WebSocket: login, Origin, version, path", async () => {
	assert.equal(await handshake({}), 101);
	assert.equal(await handshake({cookie: ""}), 401);
	assert.equal(await handshake({cookie: "gongbang_session=" + "0".repeat(64)}), 401);
	assert.equal(await handshake({origin: "http://evil.example"}), 403);
	assert.equal(await handshake({origin: ""}), 403);
	assert.equal(await handshake({path: "/ws/nothing"}), 404);
	assert.equal(await handshake({path: "/ws/conversations/not-a-uuid"}), 404);
	assert.match(await raw(`GET /ws/workspace HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: ${origin}\r\nCookie: ${cookie}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`), /^HTTP\/1\.1 426/);
	assert.match(await raw(`GET /ws/workspace HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`), /^HTTP\/1\.1 (400|426)/);
});

test("what a socket may send: broken JSON, unknown types, 20 MB, control bytes", async () => {
	for (const bad of ["", "{", "[]", "null", "{\"type\":7}", "{\"type\":\"nothing\"}", "{\"type\":\"message\"}",
		"{\"type\":\"message\",\"id\":\"x\",\"text\":\"y\"}", "{\"type\":\"answer\",\"target\":\"p-999999\",\"choice\":\"allow\"}",
		"{\"type\":\"mode\",\"mode\":\"root\"}", "[".repeat(100000)])
		page.ws.send(bad);
	page.send({type: "ping"});
	const asked = () => [...page.parts.values()].filter((p) => p.role === "user").length;
	const was = asked();
	for (const text of ["NUL \u0000 here", "lone \ud800 surrogate", "\u202eright to left\u202c", "\u001b[31mred\u001b[0m", "<script>alert(1)</script>"]) {
		const ends = page.ends;
		const id = page.say(text);
		await page.until((p) => p.ends > ends || p.refused.has(id), text);
	}
	assert.ok(asked() >= was + 3);
	assert.ok(![...page.parts.values()].some((p) => /<script/i.test(p.html) || p.html.includes("\u0000") || p.html.includes("\u001b")));
	const long = crypto.randomUUID();
	page.ws.send(JSON.stringify({type: "message", id: long, text: "x".repeat(20 << 20)}));
	await page.until((p) => p.refused.get(long), "20 MB refused with words");
	const ends = page.ends;
	page.say("still here");
	await page.until((p) => p.ends > ends, "a turn after the flood");
});

test("a conversation survives a hostile title", async () => {
	const id = await begin(cookie, "x");
	const csrf = field((await call("GET", "/workspace", {cookie})).text, "csrf");
	const title = "\"><img src=x onerror=alert(1)>{{title}}";
	assert.equal((await call("POST", `/conversations/${id}/rename`, {cookie, form: {csrf, title: title + "\u202e"}})).status, 400, "what turns text round");
	assert.equal((await call("POST", `/conversations/${id}/rename`, {cookie, form: {csrf, title}})).status, 303);
	const html = (await call("GET", "/workspace/" + id, {cookie})).text;
	assert.doesNotMatch(html, /<img src=x/);
	assert.match(html, /&lt;img src=x/);
	const file = await call("GET", `/conversations/${id}/export.md`, {cookie});
	assert.doesNotMatch(file.headers["content-disposition"], /[\r\n<>]/);
});

test("cookies and caches: nothing private is kept by others", async () => {
	const page1 = await call("GET", "/login");
	assert.match(page1.headers["cache-control"], /no-store/);
	assert.match((page1.headers["set-cookie"] || []).join(), /HttpOnly.*SameSite=Lax|SameSite=Lax.*HttpOnly/);
	assert.ok(cookies(page1));
});
