// Simulates many users at once on an installation: they log in over some
// seconds, each starts a conversation with a hello and continues with tool
// turns, while agents come due. Shared by scripts/loadtest, scripts/bench and a
// test.
import {availableParallelism} from "node:os";
import {Page, begin, call, field, gongbang, logIn, now, sleep, type} from "../client.js";
import {hostSeconds, memoryLeftMb, programs} from "./host.js";

const TURN_MS = 120000;
const FIRST_MS = 300000;
const secret = "load test " + crypto.randomUUID();

export const percentile = (list, p) => {
	const sorted = [...list].sort((a, b) => a - b);
	return sorted.length ? sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * p / 100) - 1)] : NaN;
};

// Accounts that an interrupted load test left are used again.
export function makeAccounts(count) {
	const known = new Set(JSON.parse(gongbang(["user", "list", "--json"])).map((u) => u.login));
	return Array.from({length: count}, (_, i) => {
		const login = `loadtest-${i + 1}`;
		if (!known.has(login)) {
			gongbang(["user", "add", login], secret + "\n");
			return login;
		}
		gongbang(["user", "enable", login]);
		gongbang(["user", "passwd", login], secret + "\n");
		return login;
	});
}

// A page that notes when the first text of an answer is there, and the places in
// line it was shown; its person allows what Claude asks for.
class Visitor extends Page {
	constructor(path, cookie) {
		super(path, cookie);
		this.places = new Set();
	}

	receive(e) {
		if (e.kind === "delta")
			this.first ??= now();
		if (e.kind === "status" && /data-place="(\d+)"/.test(e.html))
			this.places.add(e.html.match(/data-place="(\d+)"/)[1]);
		super.receive(e);
		if (e.kind === "part" && this.kinds("permission", "waiting").some(([target]) => target === e.target))
			this.send({type: "answer", target: e.target, choice: "allow"});
	}
}

const saysBad = (page) => page.status === "failed" ? "failed: " + page.words.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim() : page.error || [...page.refused.values()][0];

// Waits for so many ends of turns; a page that gave up is a failure at once.
async function ended(page, turns, ms) {
	await page.until((p) => p.ends >= turns || saysBad(p), `turn ${turns}`, ms);
	if (page.ends < turns)
		throw new Error(saysBad(page));
}

async function visit(person, {turns, typing}) {
	person.began = now();
	const {cookie} = await logIn(person.login, secret);
	Object.assign(person, {cookie, loggedIn: now()});
	const typed = typing ? await type(cookie, typing) : null;
	person.said = now();
	person.id = await begin(cookie, `hello ${person.login}`, typed);
	await call("GET", `/workspace/${person.id}`, {cookie});
	const page = person.page = new Visitor(`/ws/conversations/${person.id}`, cookie);
	await ended(page, 1, FIRST_MS);
	person.first = page.first;
	for (let i = 1; i <= turns; i++) {
		const start = now();
		page.say(`run: echo ${person.login}-${i}`);
		await ended(page, i + 1, TURN_MS);
		person.turns.push(now() - start);
	}
}

// What the conversation's record says: each message once, each with its answer.
async function check(person, {turns}) {
	const answer = await call("GET", `/conversations/${person.id}/export.json`, {cookie: person.cookie});
	const texts = JSON.parse(answer.text).messages.filter((m) => m.role === "user").flatMap((m) => m.parts.filter((p) => p.type === "text").map((p) => p.data.text));
	const said = [`hello ${person.login}`, ...Array.from({length: turns}, (_, i) => `run: echo ${person.login}-${i + 1}`)];
	for (const text of said) {
		const n = texts.filter((t) => t === text).length;
		person.lost += n === 0;
		person.doubled += n > 1;
	}
}

// ---- agents that come due meanwhile ----------------------------------------------

const preset = {frequency: "cron", date: "", time: "08:00", days: "", timezone: "UTC", model: "", policy: "everything", tools: "", timeout: "30",
	max_turns: "20", budget_tokens: "0", retries: "0", overlap: "skip", missed: "skip", window: "60", jitter: "0", failures_max: "5"};

// Agents of one account each, all due at the same minute.
async function makeAgents(logins, at) {
	const cron = `${at.getUTCMinutes()} ${at.getUTCHours()} ${at.getUTCDate()} ${at.getUTCMonth() + 1} *`;
	const all = [];
	for (const login of logins) {
		const {cookie} = await logIn(login, secret);
		const csrf = field((await call("GET", "/agents", {cookie})).text, "csrf");
		const answer = await call("POST", "/agents/new", {cookie, form: {...preset, cron, csrf, id: crypto.randomUUID(), version: "0", act: "save",
			name: "Load test " + crypto.randomUUID().slice(0, 8), prompt: "run: echo an agent of " + login}});
		if (answer.status !== 303)
			throw new Error("agent: " + answer.status);
		all.push({login, cookie, csrf, id: answer.headers.location.match(/[0-9a-f-]{36}/)[0]});
	}
	return all;
}

async function outcome(agent) {
	const html = (await call("GET", `/executions?agent=${agent.id}`, {cookie: agent.cookie})).text;
	return html.match(/data-execution="[^"]*"[^>]*data-status="(\w+)"/)?.[1] || html.match(/data-status="(\w+)"[^>]*data-execution=/)?.[1] || "none";
}

async function outcomes(agents, ms) {
	for (const end = now() + ms; ; await sleep(1000)) {
		const all = await Promise.all(agents.map(outcome));
		if (now() > end || all.every((s) => !["none", "queued", "running"].includes(s)))
			return all;
	}
}

// ---- all of it ---------------------------------------------------------------------

// Nobody is left who counts as a visitor of this load test.
function cleanUp(people, agents) {
	for (const p of people)
		p.page?.close();
	for (const login of new Set([...people, ...agents].map((p) => p.login)))
		gongbang(["user", "remove", "--yes", login]);
}

function watchHost() {
	const before = {seconds: hostSeconds(), programs: programs(), free: memoryLeftMb(), self: process.cpuUsage(), at: now()};
	let least = before.free;
	const timer = setInterval(() => { least = Math.min(least, memoryLeftMb()); }, 500);
	return () => {
		clearInterval(timer);
		const after = programs();
		const self = process.cpuUsage(before.self);
		const ours = Object.entries(after).map(([name, p]) => [name, p.mb, p.seconds - (before.programs[name]?.seconds || 0)]);
		return {seconds: hostSeconds() - before.seconds, clientSeconds: (self.user + self.system) / 1e6, wall: (now() - before.at) / 1000,
			taken: before.free - least, programs: ours};
	};
}

// typing: ms that each types at the first message, which Claude is begun by.
// Resolves to {failed, lost, doubled, first, turns, …}; tell gets a line now and then.
export async function load({users, turns = 0, agents = 0, over = 60, typing = 0, tell = () => {}}) {
	const logins = makeAccounts(users + agents);
	const people = logins.slice(0, users).map((login) => ({login, turns: [], lost: 0, doubled: 0}));
	let due = [];
	tell(`${logins.length} accounts are ready`);
	try {
		if (agents) {
			const at = new Date(Date.now() + 60000 + over * 500);
			due = await makeAgents(logins.slice(users), at);
			const minute = Math.floor(at.getTime() / 60000) * 60000;
			await sleep(Math.max(0, minute - over * 500 - Date.now()));
		}
		const stop = watchHost();
		const start = now();
		const progress = setInterval(() => tell(`${((now() - start) / 1000).toFixed(0)} s: ${people.filter((p) => p.first).length} answered, ${people.filter((p) => p.failed).length} failed`), 10000);
		await Promise.all(people.map(async (p, i) => {
			await sleep(users > 1 ? i * over * 1000 / (users - 1) : 0);
			await visit(p, {turns, typing}).catch((error) => { p.failed = error.message; });
		}));
		clearInterval(progress);
		const runs = await outcomes(due, 300000);
		const host = stop();
		for (const p of people)
			if (!p.failed)
				await check(p, {turns}).catch((error) => { p.failed = "record: " + error.message; });
		const good = people.filter((p) => !p.failed);
		return {users, host, failed: people.filter((p) => p.failed).map((p) => `${p.login}: ${p.failed}`),
			lost: people.reduce((s, p) => s + p.lost, 0), doubled: people.reduce((s, p) => s + p.doubled, 0),
			logIn: good.map((p) => p.loggedIn - p.began), first: good.map((p) => p.first - p.began), answer: good.map((p) => p.first - p.said),
			turns: good.flatMap((p) => p.turns), runs, lined: people.filter((p) => p.page?.places.size).length,
			processors: availableParallelism()};
	} finally {
		await cleanUp(people, due);
	}
}

const seconds = (ms) => (ms / 1000).toFixed(ms < 9950 ? 2 : 1);
const line = (name, list) => [name, `p50 ${seconds(percentile(list, 50))}, p95 ${seconds(percentile(list, 95))}, last ${seconds(percentile(list, 100))} s`];

// Rows of [what, value].
export function table(r) {
	const ours = r.host.programs.reduce((s, [, , cpu]) => s + cpu, 0);
	return [
		["failed, lost, doubled", `${r.failed.length}, ${r.lost}, ${r.doubled} of ${r.users} people and ${r.users + r.turns.length} messages`],
		line("log-in", r.logIn),
		line("first answer, from the log-in's begin", r.first),
		line("first answer, from the message", r.answer),
		...(r.turns.length ? [line(`a tool turn (${r.turns.length})`, r.turns)] : []),
		...(r.runs.length ? [["runs due meanwhile", [...new Set(r.runs)].map((s) => `${r.runs.filter((x) => x === s).length} ${s}`).join(", ")]] : []),
		["people who were shown a place in line", String(r.lined)],
		["memory a user", `${(r.host.taken / (r.users + r.runs.length)).toFixed(0)} MB`],
		["our programs", `${r.host.programs.reduce((s, [, mb]) => s + mb, 0).toFixed(0)} MB (${r.host.programs.map(([name, mb]) => `${name} ${mb.toFixed(0)}`).join(", ")})`],
		["processor time", `${r.host.seconds.toFixed(1)} s of this host in ${r.host.wall.toFixed(1)} s on ${r.processors} processors: ${(r.host.seconds / r.users).toFixed(2)} s a user; our programs ${ours.toFixed(1)} s (${r.host.programs.map(([name, , cpu]) => `${name} ${cpu.toFixed(1)}`).join(", ")}), this load test ${r.host.clientSeconds.toFixed(1)} s`],
	];
}
