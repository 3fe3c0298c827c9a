// The measurements of scripts/bench, each a ratio or a size against its stated
// limit, all in one run on one machine. Prints a table in Markdown.
import {execFileSync, spawn} from "node:child_process";
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {createInterface} from "node:readline";
import {begin, call, containerOf, engine, engineSocket, event, inspect, isEnd, isReady, logIn, newAccount, now, open, origin, port, service, sleep, state} from "../client.js";

import {agentsPage} from "./agents_page.js";
import {files as measureFiles} from "./files.js";
import {gateway as measureGateway} from "./gateway.js";
import {children, sharedKb} from "./host.js";
import {load, percentile} from "./load.js";
import {search as measureSearch} from "./search.js";
import {worker as measureWorker} from "./worker.js";

const build = process.env.GONGBANG_BUILD;
const instance = process.env.GONGBANG_INSTANCE;	// what we make is named after it: scripts/bench removes it
const only = process.argv.slice(2);
const rows = [];

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const ms = (n) => n.toFixed(1) + " ms";

function report(what, measured, limit, holds) {
	rows.push([what, measured, limit, holds ? "holds" : "**missed**"]);
	console.error(`${what}: ${measured} (limit ${limit}) ${holds ? "holds" : "MISSED"}`);
}

// ---- memory ------------------------------------------------------------------

function privateKb(pid) {
	const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
	return ["Private_Clean", "Private_Dirty"].reduce((sum, name) => sum + Number(rollup.match(new RegExp(name + ":\\s+(\\d+)"))[1]), 0);
}

function residentKb(pid) {
	return Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]);
}

const workers = () => children(service("nginx"));

// ---- the measurements ---------------------------------------------------------

async function ready() {
	const ours = [], theirs = [], running = [];
	for (let i = 0; i < 5; i++) {
		const login = newAccount();
		const session = await logIn(login);
		const ws = open("/ws/workspace", session.cookie);
		ours.push((await event(ws, isReady)).time - session.after);
		const name = containerOf(login);
		const was = await inspect(name);
		for (let k = 0; k < 5; k++) {
			const again = await logIn(login);
			const second = open("/ws/workspace", again.cookie);
			running.push((await event(second, isReady)).time - again.after);
			second.close();
		}
		ws.close();
		const spec = {...was.Config, HostConfig: {...was.HostConfig}, Labels: {}};
		delete spec.Hostname;
		const mounts = spec.HostConfig.Mounts || [];
		for (const mount of mounts)
			if (mount.Type === "volume")
				mount.Source = `${instance}-${i}`;
		const start = now();
		const made = await engine("POST", `/containers/create?name=${instance}-${i}`, spec);
		const started = await engine("POST", `/containers/${made.body.Id}/start`);
		theirs.push(now() - start);
		if (started.status !== 204)
			throw new Error("engine start: " + started.status);
		await engine("DELETE", `/containers/${made.body.Id}?force=1&v=1`);
		for (const mount of mounts)
			if (mount.Type === "volume")
				await engine("DELETE", "/volumes/" + mount.Source + "?force=1");
		await engine("POST", `/containers/${name}/stop?t=1`);
	}
	const ratio = median(ours) / median(theirs);
	report("login's answer to a ready new container", `${ratio.toFixed(2)} x (${ms(median(ours))} against create + start ${ms(median(theirs))}, median of 5)`, "1.3 x", ratio <= 1.3);
	report("login's answer to a ready running container", `${ms(median(running))} (median of 25)`, "10 ms", median(running) < 10);
}

// A CLI of its own in the same container, driven by a pipe through one exec.
function directCli(name) {
	const child = spawn("docker", ["-H", "unix://" + engineSocket, "exec", "-i", name, "claude", "-p",
		"--input-format", "stream-json", "--output-format", "stream-json", "--verbose",
		"--include-partial-messages", "--replay-user-messages", "--permission-prompt-tool", "stdio"],
	{stdio: ["pipe", "pipe", "ignore"]});
	const lines = createInterface({input: child.stdout});
	return {
		turn(text) {
			return new Promise((resolve) => {
				const start = now();
				let first = 0;
				const listen = (line) => {
					const e = JSON.parse(line);
					if (!first && e.type === "stream_event" && e.event.type === "content_block_delta")
						first = now() - start;
					if (e.type === "result") {
						lines.off("line", listen);
						resolve(first);
					}
				};
				lines.on("line", listen);
				child.stdin.write(JSON.stringify({type: "user", message: {role: "user", content: text}, uuid: crypto.randomUUID()}) + "\n");
			});
		},
		end() {
			child.stdin.end();
		},
	};
}

async function firstDelta() {
	const login = newAccount();
	const {cookie} = await logIn(login);
	const id = await begin(cookie, "hello");
	const ws = open(`/ws/conversations/${id}?from=0`, cookie);
	await event(ws, isEnd);
	const direct = directCli(containerOf(login));
	await direct.turn("hello");
	const ours = [], theirs = [];
	for (let i = 0; i < 50; i++) {
		const end = event(ws, isEnd);
		const delta = event(ws, (e) => e.kind === "delta");
		const start = now();
		ws.send(JSON.stringify({type: "message", id: crypto.randomUUID(), text: "hello"}));
		ours.push((await delta).time - start);
		await end;
		await sleep(150);	// the queue's own end: a new turn begins at rest
		theirs.push(await direct.turn("hello"));
		await sleep(50);
	}
	direct.end();
	ws.close();
	const more = median(ours) - median(theirs);
	report("message to first delta, more than the CLI by a pipe", `${ms(more)} (${ms(median(ours))} against ${ms(median(theirs))}, medians of 50 in turn)`, "5 ms", more <= 5);
}

function wrk(url, cookie) {
	const out = execFileSync("wrk", ["-t1", "-c32", "-d5", ...(cookie ? ["-H", "Cookie: " + cookie] : []), url], {encoding: "utf8"});
	if (/Non-2xx/.test(out))
		throw new Error(out);
	return Number(out.match(/Requests\/sec:\s+([\d.]+)/)[1]);
}

// A constant page of the same size behind an nginx of the same settings.
async function withConstant(bytes, work) {
	const dir = mkdtempSync(join("/tmp", instance + "."));
	execFileSync("chmod", ["755", dir]);
	const threads = execFileSync("sh", ["-c", `sed -n 's/^pages_threads = //p' "${state}/gongbang.conf"`], {encoding: "utf8"}).trim() || "4";
	const program = spawn(join(build, "tests/bench/constant_fcgi"), [join(dir, "s.sock"), String(bytes), threads], {stdio: "ignore"});
	const free = 20000 + process.pid % 10000;
	const conf = readFileSync(join(state, "conf/nginx/up.conf"), "utf8");
	writeFileSync(join(dir, "nginx.conf"), conf
		.replace(/pid [^;]+;/, `pid ${dir}/pid;`)
		.replace(/access_log [^;]+ gongbang;/, `access_log ${dir}/access.log gongbang;`)
		.replace(/include [^;]*upstreams.inc;[^]*$/, `
server { listen 127.0.0.1:${free}; location / { include ${state}/conf/nginx/fastcgi.inc; fastcgi_pass unix:${dir}/s.sock; } } }`)
		.replaceAll("$gongbang_path", "$uri").replace(/map \$uri[^}]*}/, ""));
	const nginx = spawn("nginx", ["-p", dir, "-c", join(dir, "nginx.conf")], {stdio: "ignore"});
	await sleep(1000);
	try {
		return await work(`http://127.0.0.1:${free}/`);
	} finally {
		nginx.kill();
		program.kill("SIGKILL");	// libfcgi keeps SIGTERM to itself
		await sleep(200);
		rmSync(dir, {recursive: true, force: true});
	}
}

async function page() {
	const login = newAccount();
	const {cookie} = await logIn(login);
	for (let i = 0; i < 50; i++)
		await begin(cookie, "");
	const html = (await call("GET", "/workspace", {cookie})).text;
	const ratios = [], ours = [], theirs = [];
	await withConstant(Buffer.byteLength(html), async (url) => {
		for (let i = 0; i < 3; i++) {
			ours.push(wrk(origin + "/workspace", cookie));
			theirs.push(wrk(url, ""));
			ratios.push(ours[i] / theirs[i]);
		}
	});
	report(`/workspace with 50 conversations (${Buffer.byteLength(html)} bytes)`, `${(100 * median(ratios)).toFixed(0)} % of a constant page (${median(ours).toFixed(0)} against ${median(theirs).toFixed(0)} requests/s, median of 3 pairs)`, "50 %", median(ratios) >= 0.5);
	const kb = residentKb(service("pages"));
	report("gongbang.fcgi resident, after that load", `${(kb / 1024).toFixed(1)} MB`, "20 MB", kb < 20 * 1024);
}

// Fresh processes: what an earlier measurement left must not be counted.
async function restart(...names) {
	for (const name of names)
		execFileSync("sv", ["-w", "20", "restart", join(state, "services", name)], {stdio: "ignore"});
	for (;;) {
		await sleep(500);
		const answer = await call("GET", "/healthz").catch(() => null);
		if (answer?.status === 200)
			return;
	}
}

async function sockets() {
	const count = 10000;
	const login = newAccount();
	const {cookie} = await logIn(login);
	await restart("bridge", "nginx");
	await event(open("/ws/workspace", cookie), isReady);
	const bridge = service("bridge");
	const before = {bridge: privateKb(bridge), nginx: workers().reduce((s, p) => s + privateKb(p), 0)};
	const client = spawn(join(build, "tests/bench/sockets"), [port, "/ws/workspace", cookie, String(count), "200"], {stdio: ["pipe", "pipe", "inherit"]});
	const said = await new Promise((resolve) => createInterface({input: client.stdout}).once("line", resolve));
	await sleep(2000);
	const after = {bridge: privateKb(bridge), nginx: workers().reduce((s, p) => s + privateKb(p), 0)};
	client.stdin.end();
	const each = (name) => (after[name] - before[name]) / count;
	const failed = Number(said.match(/failed (\d+)/)[1]);
	report("10,000 WebSockets through nginx", said, "failed 0", failed === 0);
	report("an idle WebSocket in the bridge", `${each("bridge").toFixed(1)} KB private`, "3 KB", each("bridge") <= 3);
	report("an idle WebSocket in nginx", `${each("nginx").toFixed(1)} KB private`, "16 KB", each("nginx") <= 16);
	await sleep(3000);
}

// One long answer; the most that the bridge and the shim took meanwhile.
async function pour(ws, pids, text) {
	const peak = {bridge: 0, shim: 0};
	const look = () => {
		for (const name of ["bridge", "shim"])
			peak[name] = Math.max(peak[name], residentKb(pids[name]) / 1024);
	};
	const watch = setInterval(look, 50);
	const end = event(ws, isEnd);
	ws.send(JSON.stringify({type: "message", id: crypto.randomUUID(), text}));
	await end;
	clearInterval(watch);
	look();
	return peak;
}

async function flood() {
	const login = newAccount();
	const {cookie} = await logIn(login);
	const id = await begin(cookie, "hello");
	const ws = open(`/ws/conversations/${id}?from=0`, cookie);
	await event(ws, isEnd);
	const name = containerOf(login);
	const pids = {bridge: service("bridge"), shim: (await inspect(name)).State.Pid};
	const idle = {bridge: residentKb(pids.bridge) / 1024, shim: residentKb(pids.shim) / 1024};
	const peaks = [];
	for (let i = 0; i < 4; i++)
		peaks.push(await pour(ws, pids, "long 8192"));
	const size = Number(execFileSync("docker", ["-H", "unix://" + engineSocket, "exec", "-w", "/var/lib/gongbang/volume", name, "stat", "-c", "%s", `.gongbang/sessions/${id}/log`], {encoding: "utf8"}));
	ws.close();
	const say = (who) => `${who} ${idle[who].toFixed(1)} MB idle, then at most ${peaks.map((p) => p[who].toFixed(1)).join(", ")}`;
	const grown = (who) => peaks[3][who] - peaks[1][who];
	report(`${(size / 1e6).toFixed(0)} MB through a session, resident in each quarter`, `${say("bridge")}; ${say("shim")}`,
		"constant: second to fourth quarter + 4 MB and + 0.1 MB at most", grown("bridge") <= 4 && grown("shim") <= 0.1);
}

async function memory() {
	await restart("redis", "gateway", "bridge", "worker", "pages", "squid", "nginx");
	await call("GET", "/login");
	const parts = {nginx: [service("nginx"), ...workers()], pages: [service("pages")], bridge: [service("bridge")], gateway: [service("gateway")], worker: [service("worker")],
		squid: [service("squid"), ...children(service("squid"))], redis: [service("redis")]};
	const sizes = Object.entries(parts).map(([name, pids]) => [name, pids.reduce((s, p) => s + sharedKb(p), 0) / 1024]);
	const total = sizes.reduce((s, [, n]) => s + n, 0);
	report("control plane, idle", `${total.toFixed(1)} MB (${sizes.map(([name, n]) => name + " " + n.toFixed(1)).join(", ")})`, "150 MB", total <= 150);
	const before = privateKb(service("bridge"));
	const open_ = [];
	for (let i = 0; i < 20; i++) {
		const {cookie} = await logIn(newAccount());
		const ws = open("/ws/workspace", cookie);
		await event(ws, isReady);
		open_.push(ws);
	}
	const each = (privateKb(service("bridge")) - before) / 20;
	report("the bridge with 20 workspaces open", `${(residentKb(service("bridge")) / 1024).toFixed(1)} MB resident, ${each.toFixed(0)} KB a workspace`, "none stated", true);
	open_.forEach((ws) => ws.close());
}

async function dashboard() {
	const login = newAccount();
	const {cookie} = await logIn(login);
	execFileSync(join(build, "tests/bench/fill_agents"), [join(state, "data/gongbang.db"), login, "1000"]);
	const times = [];
	for (let i = 0; i < 300; i++) {
		const start = now();
		await call("GET", "/agents?page=" + (1 + i % 20), {cookie});
		times.push(now() - start);
	}
	const sorted = times.slice(50).sort((a, b) => a - b);
	const p99 = sorted[Math.floor(sorted.length * 0.99)];
	report("/agents of a user with 1,000 agents, asked through nginx", `${ms(median(sorted))} (median of 250; p99 ${ms(p99)})`, "10 ms", median(sorted) < 10);
}

// A hundred people within a minute; only one hello each.
async function start() {
	const r = await load({users: 100, over: 60, tell: (text) => console.error(text)});
	const at = (p) => percentile(r.first, p) / 1000;
	report("100 people log in within 60 s and say hello", `${r.failed.length} failed, ${r.lost} lost, ${r.doubled} doubled; first answer p50 ${at(50).toFixed(1)}, p95 ${at(95).toFixed(1)}, last ${at(100).toFixed(1)} s; ${(r.host.seconds / r.users).toFixed(2)} s of processor a user`,
		"none failed, lost, doubled; p50 8, p95 18, last 25 s", !r.failed.length && !r.lost && !r.doubled && at(50) <= 8 && at(95) <= 18 && at(100) <= 25);
}

const agents = () => agentsPage(report, build);
const gateway = () => measureGateway(report, instance);
const worker = () => measureWorker(report);
const search = () => measureSearch(report, build, state);
const files = () => measureFiles(report);

const all = {ready, start, firstDelta, page, agents, dashboard, sockets, flood, memory, gateway, worker, files, search};
for (const name of only)
	if (!all[name])
		throw new Error("no such measurement: " + name);
for (const [name, measure] of Object.entries(all)) {
	if (only.length && !only.includes(name))
		continue;
	try {
		await measure();
	} catch (error) {
		report(name, "could not be measured: " + error.message, "", false);
	}
}
console.log("| what | measured | limit | |\n|---|---|---|---|");
for (const row of rows)
	console.log("| " + row.join(" | ") + " |");
process.exit(rows.every((row) => row[3] === "holds") ? 0 : 1);
