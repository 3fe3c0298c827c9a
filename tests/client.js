// A user of an installation, without a browser: shared by the whole-stack tests
// and the benchmarks. GONGBANG_STATE and GONGBANG_PORT name the installation,
// as for scripts/up.
import {execFileSync} from "node:child_process";
import {createHash} from "node:crypto";
import {existsSync, readFileSync} from "node:fs";
import http from "node:http";
import https from "node:https";
import {join} from "node:path";
import WebSocket from "ws";

export const state = process.env.GONGBANG_STATE;
export const port = process.env.GONGBANG_PORT;
if (!state || !port)
	throw new Error("GONGBANG_STATE and GONGBANG_PORT are not set: run scripts/check or scripts/bench");
export const origin = (process.env.GONGBANG_URL || `http://127.0.0.1:${port}`).replace(/\/$/, "");
export const engineSocket = process.env.GONGBANG_ENGINE ||
	(existsSync(join(state, "docker.sock")) ? join(state, "docker.sock") : "/var/run/docker.sock");
export const password = "correct horse battery";

export const now = () => Number(process.hrtime.bigint()) / 1e6;
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function gongbang(args, input = "") {
	return execFileSync(process.env.GONGBANG_COMMAND || "scripts/gongbang", args, {input, encoding: "utf8"});
}

let accounts = 0;
export function newAccount(prefix = "u") {
	const login = prefix + process.pid + "x" + accounts++;
	gongbang(["user", "add", login], password + "\n");
	return login;
}

export function call(method, path, {cookie = "", form = null, headers = {}, body = null} = {}) {
	return new Promise((resolve, reject) => {
		const text = form ? new URLSearchParams(form).toString() : body;
		const request = (origin.startsWith("https:") ? https : http).request(origin + path, {method, headers: {
			Cookie: cookie, Origin: new URL(origin).origin,
			...(form ? {"Content-Type": "application/x-www-form-urlencoded"} : {}),
			...(text === null ? {} : {"Content-Length": Buffer.byteLength(text)}),
			...headers,
		}}, (answer) => {
			let got = "";
			answer.setEncoding("utf8");
			answer.on("data", (chunk) => { got += chunk; });
			answer.on("end", () => resolve({status: answer.statusCode, headers: answer.headers, text: got}));
		});
		request.on("error", reject);
		request.end(text ?? undefined);
	});
}

export const field = (html, name) => html.match(new RegExp(`name="${name}" value="([^"]*)"`))[1];
export const cookies = (answer) => (answer.headers["set-cookie"] || []).map((c) => c.split(";")[0]).join("; ");

// {cookie, after}: the session's cookie, and when the login's answer was here.
export async function logIn(login, secret = password) {
	const page = await call("GET", "/login");
	const answer = await call("POST", "/login", {cookie: cookies(page),
		form: {csrf: field(page.text, "csrf"), login, password: secret}});
	const after = now();
	if (answer.status !== 303)
		throw new Error("login: " + answer.status + " " + answer.text);
	return {cookie: cookies(answer).split("; ").find((c) => c.startsWith("gongbang_session=")), after};
}

// As if somebody typed so long into the box of a new conversation: its page, for begin().
export async function type(cookie, ms) {
	const page = await call("GET", "/workspace", {cookie});
	const ws = open("/ws/workspace", cookie);
	await new Promise((resolve, reject) => ws.once("open", resolve).once("error", reject));
	const conversation = field(page.text, "conversation");
	ws.send(JSON.stringify({type: "begin", id: conversation}));
	await sleep(ms);
	return {text: page.text, conversation, ws};
}

// A new conversation with a first message; its id. typed: what type() gave.
export async function begin(cookie, text, typed = null) {
	const page = typed || await call("GET", "/workspace", {cookie});
	typed?.ws.close();
	const answer = await call("POST", "/conversations", {cookie,
		form: {csrf: field(page.text, "csrf"), id: crypto.randomUUID(), conversation: field(page.text, "conversation"), text}});
	if (answer.status !== 303)
		throw new Error("conversation: " + answer.status + " " + answer.text);
	return answer.headers.location.match(/[0-9a-f-]{36}/)[0];
}

// at: a port of this host in place of the installation's.
export function open(path, cookie, at = null) {
	const {host} = new URL(origin);
	return new WebSocket(at ? `ws://127.0.0.1:${at}${path}` : origin.replace(/^http/, "ws") + path,
		{origin: new URL(origin).origin, headers: {Cookie: cookie, Host: host}});
}

// The time of the first event that test() likes.
export function event(ws, test, timeout = 60000) {
	return new Promise((resolve, reject) => {
		const listen = (data) => {
			const e = JSON.parse(data);
			if (test(e))
				done(() => resolve(Object.assign(e, {time: now()})));
		};
		const closed = (code) => done(() => reject(new Error("socket closed " + code)));
		const timer = setTimeout(() => done(() => reject(new Error("no such event in time"))), timeout);
		function done(act) {
			clearTimeout(timer);
			ws.off("message", listen);
			ws.off("close", closed);
			act();
		}
		ws.on("message", listen);
		ws.on("close", closed);
	});
}
export const isReady = (e) => e.kind === "status" && e.state === "ready";
export const isEnd = (e) => e.kind === "end";

// A page that reconnects as the real one does, and keeps what it saw: parts by
// name, with every text it was given.
export class Page {
	constructor(path, cookie, at = null) {
		Object.assign(this, {path, cookie, at, offset: 0, parts: new Map(), ends: 0, outbox: [], refused: new Map(),
			status: "", over: false});
		this.connect();
	}

	connect() {
		if (this.over)
			return;
		const separator = this.path.includes("?") ? "&" : "?";
		this.replayed = !this.path.includes("/conversations/");
		this.ws = open(`${this.path}${separator}from=${this.offset}`, this.cookie, this.at);
		this.ws.on("open", () => this.outbox.forEach((m) => this.ws.send(JSON.stringify(m))));
		this.ws.on("message", (data) => this.receive(JSON.parse(data)));
		this.ws.on("error", () => {});
		this.ws.on("close", (code) => {
			this.closed = code;
			if (code !== 4401 && code !== 4404)
				setTimeout(() => this.connect(), 300);
		});
	}

	receive(e) {
		if (e.kind === "part")
			this.parts.set(e.target, {role: e.role, html: e.html, message: e.message});
		else if (e.kind === "delta" && this.parts.has(e.target))
			this.parts.get(e.target).html += e.text;
		else if (e.kind === "end")
			this.ends++;
		else if (e.kind === "status" && this.replayed)	// comes again then: ready is never before its parts
			Object.assign(this, {status: e.state, words: e.html});
		else if (e.kind === "accepted")
			this.outbox = this.outbox.filter((m) => m.id !== e.id);
		else if (e.kind === "refused") {
			this.outbox = this.outbox.filter((m) => m.id !== e.id);
			this.refused.set(e.id, e.text);
		} else if (e.kind === "error")
			this.error = e.text;
		else if (e.kind === "gone")
			this.gone = true;
		else if (e.kind === "queue")	// after the parts that the page lacked
			Object.assign(this, {queue: e.html, replayed: true});
		if (typeof e.at === "number" && e.at > this.offset)
			this.offset = e.at;
		this.heard?.();
	}

	say(text) {
		const message = {type: "message", id: crypto.randomUUID(), text};
		this.outbox.push(message);
		this.send(message);
		return message.id;
	}

	send(message) {
		if (this.ws.readyState === WebSocket.OPEN)
			this.ws.send(JSON.stringify(message));
	}

	// Waits until test(this) holds.
	until(test, what, timeout = 60000) {
		return new Promise((resolve, reject) => {
			const look = () => {
				if (!test(this))
					return;
				clearTimeout(timer);
				clearInterval(poll);
				this.heard = null;
				resolve(this);
			};
			const poll = setInterval(look, 200);
			const timer = setTimeout(() => {
				clearInterval(poll);
				reject(new Error("not in time: " + what + "; status " + this.status + "; parts " + JSON.stringify([...this.parts].slice(-6))));
			}, timeout);
			this.heard = look;
			look();
		});
	}

	kinds(kind, partState = "") {
		return [...this.parts].filter(([, p]) => p.html.includes(`data-part="${kind}"`) &&
			(!partState || p.html.includes(`data-state="${partState}"`)));
	}

	answer(kind, choice, more = {}) {
		const [target] = this.kinds(kind, "waiting").at(-1);
		this.send({type: "answer", target, choice, ...more});
	}

	close() {
		this.over = true;
		this.ws.close();
	}
}

export async function openConversation(login, text) {
	const {cookie} = await logIn(login);
	const id = await begin(cookie, text);
	const page = new Page(`/ws/conversations/${id}`, cookie);
	page.id = id;
	return page;
}

// ---- the operator's view ------------------------------------------------------

export function engine(method, path, body) {
	return new Promise((resolve, reject) => {
		const request = http.request({socketPath: engineSocket, method, path: "/v1.41" + path,
			headers: {"Content-Type": "application/json"}}, (answer) => {
			let text = "";
			answer.on("data", (chunk) => { text += chunk; });
			answer.on("end", () => {
				let parsed = text;
				try {
					parsed = JSON.parse(text);
				} catch {
					// not JSON: given as it is
				}
				resolve({status: answer.statusCode, body: parsed});
			});
		});
		request.on("error", reject);
		request.end(body ? JSON.stringify(body) : undefined);
	});
}

export function userId(login) {
	return JSON.parse(gongbang(["user", "list", "--json"])).find((u) => u.login === login).id;
}

// Its name tells nobody whose it is.
export const containerOf = (login) => "gongbang-" + createHash("sha256").update(userId(login)).digest("hex").slice(0, 16);

export async function inspect(name) {
	return (await engine("GET", `/containers/${name}/json`)).body;
}

// Runs a command inside a workspace as its user; what it printed, whatever its status.
export function inside(name, script) {
	try {
		return execFileSync("docker", ["-H", "unix://" + engineSocket, "exec", name, "/bin/bash", "-c", script],
			{encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 60000});
	} catch (error) {
		return (error.stdout || "") + (error.stderr || "") + `\nexit ${error.status}`;
	}
}

// What the operator can see of the conversation's Claude: a user's process cannot. "" while none runs.
export function claudeEnvironment(name, conversation) {
	const of = (pid, file) => readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0");
	const top = execFileSync("docker", ["-H", "unix://" + engineSocket, "top", name, "-eo", "pid,comm"], {encoding: "utf8"});
	for (const [, pid] of top.matchAll(/^\s*(\d+)\s+claude$/gm)) {
		try {
			if (of(pid, "cmdline").includes(conversation))
				return of(pid, "environ").join("\n");
		} catch {
			// it ended meanwhile
		}
	}
	return "";
}

// Runs a command where the logs are, to which only the engine leads.
const volumePath = "/var/lib/gongbang/volume";
export function insideState(name, script) {
	return execFileSync("docker", ["-H", "unix://" + engineSocket, "exec", "-w", volumePath, name, "bash", "-c", script], {encoding: "utf8", timeout: 60000});
}

// A conversation's log, which no process of the workspace has a path to.
export function logOf(name, conversation) {
	const file = `.gongbang/sessions/${conversation}/log`;
	return execFileSync("docker", ["-H", "unix://" + engineSocket, "exec", "-w", volumePath, name, "sh", "-c", `! [ -e ${file} ] || cat ${file}`],
		{maxBuffer: 1 << 30});
}

// The process id runit holds for one of our programs.
// Redis, as the operator whom its users' file names.
export const redis = (...args) => execFileSync("redis-cli", ["-s", join(state, "run/redis/redis.sock"), "--user", "operator", ...args],
	{encoding: "utf8", env: {...process.env, REDISCLI_AUTH: readFileSync(join(state, "redis-users/operator"), "utf8")}}).trim();

export function service(name) {
	return execFileSync("sv", ["status", join(state, "services", name)], {encoding: "utf8"}).match(/pid (\d+)/)[1];
}
