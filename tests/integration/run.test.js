// Runs of agents on the whole stack, started by rows like the worker's: each
// ends in one outcome, whatever crashes, and nobody can interfere.
// Tests lib/bridge/run_control.c.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {call, containerOf, engine, engineSocket, field, gongbang, inside, logIn, logOf, newAccount, openConversation, Page, redis, service, sleep, state, userId} from "../client.js";

const store = (sql) => execFileSync("sqlite3", ["-bail", "-cmd", ".timeout 5000", join(state, "data/gongbang.db")], {encoding: "utf8", input: sql}).trim();
const rows = (sql) => JSON.parse(execFileSync("sqlite3", ["-json", "-cmd", ".timeout 5000", join(state, "data/gongbang.db"), sql], {encoding: "utf8"}) || "[]");
const tell = (path) => execFileSync("curl", ["-s", "-X", "POST", "--unix-socket", join(state, "run/control/control.sock"), "http://bridge" + path]);
const quote = (text) => "'" + text.replaceAll("'", "''") + "'";

async function until(so, what, timeout = 60000) {
	for (const end = Date.now() + timeout; Date.now() < end; await sleep(200)) {
		const found = await so();
		if (found)
			return found;
	}
	throw new Error("not in time: " + what);
}

let login, user, cookie, name;
const agent = crypto.randomUUID();
let versions = 0;
before(async () => {
	login = newAccount("run");
	user = userId(login);
	name = containerOf(login);
	({cookie} = await logIn(login));
	store(`INSERT INTO agents (id, user_id, name, version, status, created_at, updated_at) VALUES ('${agent}', '${user}', 'Test', 1, 'active', 1, 1);`);
});

// As the worker starts one: all of it in a transaction, then a word to the bridge.
function begin(prompt, {policy = "everything", tools = [], max_turns = 50, budget_tokens = 0, timeout = 600000, cancel = false, quiet = false} = {}) {
	const run = {execution: crypto.randomUUID(), conversation: crypto.randomUUID()};
	const definition = JSON.stringify({gongbang_agent: 1, name: "Test", prompt, schedule: {frequency: "none", timezone: "UTC"},
		model: "", policy, tools, timeout_minutes: 10, max_turns, budget_tokens});
	const now = Date.now();
	store(`BEGIN IMMEDIATE;
		INSERT INTO agent_versions (agent_id, version, definition, created_at) VALUES ('${agent}', ${++versions}, ${quote(definition)}, 1);
		INSERT INTO conversations (id, user_id, title, mode, model, state, spoken, recorded_offset, created_at, updated_at, deleted_at, kind)
			VALUES ('${run.conversation}', '${user}', 'Test', '${policy === "everything" ? "bypassPermissions" : "default"}', '', 'idle', 0, 0, ${now}, ${now}, 0, 'run');
		INSERT INTO messages (id, conversation_id, seq, state, text, at, created_at) VALUES ('${crypto.randomUUID()}', '${run.conversation}', 1, 'queued', ${quote(prompt)}, -1, ${now});
		INSERT INTO executions (id, agent_id, user_id, version, trigger_kind, status, planned_at, not_before, started_at, attempt, prompt, cancel_at, reason)
			VALUES ('${run.execution}', '${agent}', '${user}', ${versions}, 'manual', 'running', ${now}, 0, ${now}, 1, ${quote(prompt)}, ${cancel ? now : 0}, '${cancel ? "person" : ""}');
		INSERT INTO attempts (execution_id, attempt, conversation_id, started_at, deadline_at) VALUES ('${run.execution}', 1, '${run.conversation}', ${now}, ${now + timeout});
		COMMIT;`);
	if (!quiet)
		tell(`/conversations/${run.conversation}/refresh`);
	return run;
}

const attempt = (run) => rows(`SELECT * FROM attempts WHERE execution_id = '${run.execution}'`)[0];
async function ended(run, outcome, reason, again = 0) {
	const a = await until(() => { const now = attempt(run); return now.outcome && now; }, `the outcome ${outcome} ${reason}`);
	assert.deepEqual({outcome: a.outcome, reason: a.reason, again: a.again}, {outcome, reason, again}, JSON.stringify(a));
	return a;
}
const works = (run, part = "tool_use") => until(() => rows(`SELECT 1 FROM parts WHERE conversation_id = '${run.conversation}' AND kind = '${part}'`).length, "it works");
const watch = (run) => new Page(`/ws/conversations/${run.conversation}`, cookie);
const sleeping = (mark) => inside(name, `pgrep -fx 'sleep ${mark}' | head -1; true`).trim();

test("a success: its result, its turns, its token, its files", async () => {
	const run = begin("run: echo 12345 > made.txt; mkdir -p d; echo x > 'd/이름 y.csv'; ln -s /etc/passwd link; mkfifo pipe; head -c 5000000 /dev/zero > big.bin; sleep 2", {budget_tokens: 5000000});
	await works(run);
	const token = await until(() => redis("smembers", "tokens:" + user).split("\n").filter(Boolean)
		.map((h) => redis("get", "token:" + h)).find((t) => t.startsWith("1 run ")), "its token");
	assert.match(token, new RegExp(`^1 run ${user} ${run.execution} \\S+ 5000000 0$`));
	const a = await ended(run, "success", "");
	assert.match(a.result, /실행했어요/);	// as the file is named
	assert.equal(a.turns, 2);
	assert.equal(a.denials, 0);
	const files = rows(`SELECT path, size, made, kept, CAST(content AS TEXT) AS text FROM execution_files WHERE execution_id = '${run.execution}' ORDER BY path`);
	assert.deepEqual(files.map((f) => [f.path, f.size, f.made, f.kept]),
		[["big.bin", 5000000, 1, 0], ["d/이름 y.csv", 2, 1, 1], ["made.txt", 6, 1, 1]]);
	assert.equal(files[2].text, "12345\n");
	await until(() => !redis("smembers", "tokens:" + user).split("\n").filter(Boolean)
		.some((h) => redis("get", "token:" + h).startsWith("1 run ")), "its token ends");
	await until(() => !inside(name, "pgrep -x claude; true").trim(), "its process ends");
});

test("a tool that is not listed is denied at once, counted and shown; a listed one runs", async () => {
	const denied = begin("run: touch denied", {policy: "listed", tools: ["Read"]});
	const a = await ended(denied, "success", "");
	assert.equal(a.denials, 1);
	assert.match(a.result, /unattended/);
	assert.equal(rows(`SELECT state FROM parts WHERE conversation_id = '${denied.conversation}' AND kind = 'permission'`)[0].state, "denied");
	/* the CLI would allow it by itself */
	assert.equal((await ended(begin("run: ls", {policy: "listed", tools: ["Read"]}), "success", "")).denials, 1);
	const listed = begin("run: touch listed", {policy: "listed", tools: ["Read", "Bash(touch:*)"]});
	assert.equal((await ended(listed, "success", "")).denials, 0);
	assert.equal(inside(name, "ls denied listed 2>/dev/null; true").trim(), "listed");
});

test("another Claude of the workspace sends it messages: it goes on as it was told", async () => {
	const run = begin("run: sleep 3005");
	await until(() => /^\d+$/.test(sleeping(3005)), "it sleeps");
	execFileSync("docker", ["-H", "unix://" + engineSocket, "exec", "-i", name, "sh", "-c", "cat >/tmp/peer.py"],
		{input: readFileSync(new URL("peer.py", import.meta.url))});
	const said = inside(name, "python3 /tmp/peer.py $(printf 'uds:%s ' /tmp/cc-socks/*.sock) $(jq -r .name ~/.claude/sessions/*.json)");
	assert.match(said, /Peer sessions/);
	assert.match(said, /\{\\+"success\\+":true/, "it is sent");	// what refuses is the one that it is sent to
	inside(name, "pkill -fx 'sleep 3005'");
	const a = await until(() => attempt(run).outcome && attempt(run), "its end");
	assert.equal(a.outcome, "success", JSON.stringify(a));
	assert.equal(a.turns, 2);
	assert.doesNotMatch(logOf(name, run.conversation).toString(), /STEERED/);
	assert.equal(inside(name, "ls /workspace/steered 2>/dev/null; cat ~/.claude/projects/*/" + run.conversation + ".jsonl | grep -c STEERED").trim(), "0\n\nexit 1".trim());
});

test("a question ends it, whatever is allowed; so do too many turns and the API", async () => {
	const asks = begin("question");
	assert.match((await ended(asks, "failed", "needs_input")).detail, /currency/i);
	await ended(begin("run: ls", {max_turns: 1}), "failed", "turns");
	await ended(begin("error 429"), "failed", "rate", 1);
	assert.match((await ended(begin("error 400"), "failed", "request", 0)).detail, /400/);
});

// What the worker has booked: its status as it is told, and its problems as "code what".
async function booked(run) {
	const [x] = await until(() => {
		const found = rows(`SELECT status, reason, problems FROM executions WHERE id = '${run.execution}' AND status <> 'running'`);
		return found.length && found;
	}, "it is booked");
	return {...x, problems: (x.problems ? JSON.parse(x.problems) : []).map((p) => p.code + (p.what ? " " + p.what : ""))};
}

test("no error is not done: what was not reached, denied, blocked or failed last", async () => {
	const list = {policy: "listed", tools: ["Read"]}, listed = [], here = [];
	for (const [prompt, how, want] of [
		["/help", {}, ["failed", "no_model"]],
		["/status", {}, ["failed", "no_model"]],
		["hello", {}, ["success", ""]],
		["run: true", {}, ["success", ""]],
		["run: exit 3", {}, ["success", "", "command Bash"]],
		["run: touch denied", list, ["success", "", "denied Bash"]],
		["later", {}, ["success", ""]],	/* no tool that puts work off is offered */
		["run: curl -sS https://blocked.example.org/; true", {}, ["success", "", "blocked blocked.example.org"]],
	]) {
		const run = begin(prompt, how);
		const {status, reason, problems} = await booked(run);
		assert.deepEqual([status, reason, ...problems], want, prompt);
		here.push(run.execution);
		if (problems.length)
			listed.push(run.execution);
	}
	const page = await call("GET", "/executions?status=problems", {cookie});
	const shown = [...page.text.matchAll(/data-execution="([^"]+)" data-status="problems"/g)].map((m) => m[1]);
	assert.deepEqual(shown.filter((id) => here.includes(id)).sort(), listed.sort());
});

test("of two that write at once each has its own files, and none of the other's", async () => {
	const own = (run) => rows(`SELECT path FROM execution_files WHERE execution_id = '${run.execution}' AND own = 1 ORDER BY path`).map((f) => f.path);
	const all = (run) => rows(`SELECT path FROM execution_files WHERE execution_id = '${run.execution}' ORDER BY path`).map((f) => f.path);
	const draws = begin("run: sleep 2; echo x > chart.png; sleep 1");
	await works(draws);
	const [greets, writes, slow] = [begin("slow 3"), begin("write: notes.md"), begin("slow 4")];
	for (const run of [draws, greets, writes, slow])
		await booked(run);
	assert.deepEqual(own(draws), ["chart.png"]);
	assert.deepEqual(own(writes), ["notes.md"]);
	assert.deepEqual([own(greets), own(slow)], [[], []]);
	assert.ok(all(slow).includes("chart.png"), "it changed meanwhile");
	// Two shells at one moment, background processes, and files that are moved into place.
	const [a, b] = [
		begin("run: sleep 2; echo x > a.png; (setsid sh -c 'sleep 1; echo x > late.txt' &); mkdir st; echo x > st/in; mv st moved; until [ -e b.png ] && [ -e late.txt ]; do sleep 0.2; done"),
		begin("run: sleep 2; echo x > b.png; echo x > .part; mv .part b.csv; until [ -e a.png ]; do sleep 0.2; done"),
	];
	await booked(a);
	await booked(b);
	assert.deepEqual([own(a), own(b)], [["a.png", "late.txt", "moved/in"], ["b.csv", "b.png"]]);
	assert.ok(all(a).includes("b.png") && all(b).includes("a.png"), "they changed meanwhile");
	// A conversation and a run.
	const chat = await openConversation(login, "run: sleep 2; echo x > said.txt; sleep 2");
	await chat.until((p) => p.kinds("permission", "waiting").length, "it asks", 120000);
	const beside = begin("run: sleep 2; echo x > beside.txt; sleep 3");
	await works(beside);
	chat.answer("permission", "allow");
	await booked(beside);
	await chat.until((p) => p.kinds("files", "ok").length, "its files");
	assert.deepEqual(own(beside), ["beside.txt"]);
	const [[, {html}]] = chat.kinds("files", "ok");
	assert.match(html, /said\.txt/);
	assert.doesNotMatch(html, /beside\.txt/);
	chat.close();
	// One name: it is whose that wrote it last.
	const first = begin("run: echo 1 > same.txt; until grep -q 2 same.txt; do sleep 0.2; done");
	await until(() => inside(name, "cat same.txt 2>/dev/null; true").trim() === "1", "the first wrote it");
	const last = begin("run: echo 2 > same.txt");
	await booked(first);
	await booked(last);
	assert.deepEqual([own(first), own(last)], [[], ["same.txt"]]);
});

test("its budget is used up: no other try", async () => {
	const a = await ended(begin("run: ls", {budget_tokens: 1}), "failed", "budget");
	assert.match(a.detail, /used up/);
});

test("the deadline and a cancel end its tools too", async () => {
	const late = begin("run: sleep 3001", {timeout: 9000});
	const doomed = begin("run: sleep 3002");
	await until(() => sleeping(3001) && sleeping(3002), "both sleep");
	store(`UPDATE executions SET cancel_at = 5, reason = 'overlap' WHERE id = '${doomed.execution}';`);
	tell(`/conversations/${doomed.conversation}/refresh`);
	await ended(doomed, "cancelled", "overlap");
	await ended(late, "timeout", "");
	await until(() => !sleeping(3001) && !sleeping(3002), "no tool is left");
	const early = begin("run: touch never", {cancel: true});
	await ended(early, "cancelled", "person");
	assert.equal(rows(`SELECT count(*) AS n FROM parts WHERE conversation_id = '${early.conversation}'`)[0].n, 0);
});

test("its live view is read-only, and nobody else's", async () => {
	const run = begin("slow 5");
	const page = watch(run);
	await page.until((p) => p.kinds("text", "running").length === 1, "the answer comes live");
	const id = page.say("and this?");
	await page.until((p) => p.refused.has(id), "the message is refused");
	assert.match(page.refused.get(id), /watch|지켜/);
	for (const type of [{type: "interrupt"}, {type: "mode", mode: "plan"}, {type: "model", model: "x"}, {type: "start"},
		{type: "withdraw", id: crypto.randomUUID()}, {type: "answer", target: "p-1", choice: "allow"}]) {
		page.error = null;
		page.send(type);
		await page.until((p) => p.error, type.type + " is refused");
	}
	const stranger = await logIn(newAccount("stranger"));
	const other = new Page(`/ws/conversations/${run.conversation}`, stranger.cookie);
	await other.until((p) => p.closed === 1006, "no page of others");
	other.close();
	await ended(run, "success", "");
	await page.until((p) => p.status === "stopped", "it has ended");
	assert.equal(rows(`SELECT count(*) AS n FROM messages WHERE conversation_id = '${run.conversation}'`)[0].n, 1);
	page.close();
	// As attempt_continue does.
	store(`UPDATE conversations SET kind = 'chat' WHERE id = '${run.conversation}';`);
	const chat = watch(run);
	await chat.until((p) => p.status === "ready", "it is a conversation now");
	const was = chat.kinds("usage").length;
	chat.say("hello");
	await chat.until((p) => p.kinds("usage").length === was + 1, "which is answered");
	chat.close();
});

test("kill -9 of the bridge in the middle, and a word that was lost: the outcome arrives", async () => {
	const run = begin("run: sleep 3; echo ok");
	await works(run);
	process.kill(Number(service("bridge")), "SIGKILL");
	await ended(run, "success", "");
	await ended(begin("hello", {quiet: true}), "success", "");
});

test("kill -9 of gateway, worker and bridge, one after another: one outcome, booked once", async () => {
	for (const program of ["gateway", "worker", "bridge"]) {
		const run = begin("run: sleep 2; echo ok");
		await works(run);
		process.kill(Number(service(program)), "SIGKILL");
		const {status, problems} = await booked(run);
		assert.deepEqual([status, ...problems], ["success"], program);
		assert.deepEqual(rows(`SELECT outcome FROM attempts WHERE execution_id = '${run.execution}'`), [{outcome: "success"}]);
		assert.equal(rows(`SELECT count(*) AS n FROM usage WHERE subject_id = '${run.execution}' AND outcome = 'complete'`)[0].n, 2);
	}
});

test("a logout in the middle: the run and its token live on", async () => {
	const page = await call("GET", "/workspace", {cookie});
	const run = begin("run: sleep 4; echo ok");
	await works(run);
	assert.equal((await call("POST", "/logout", {cookie, form: {csrf: field(page.text, "csrf")}})).status, 303);
	assert.match((await ended(run, "success", "")).result, /command succeeded/);
	({cookie} = await logIn(login));
});

test("a chat that is idle gives its place; the container removed: worth another try", async () => {
	const chats = [];
	for (let i = 0; i < 4; i++) {
		chats.push(await openConversation(login, "hello"));
		await chats[i].until((p) => p.ends >= 1, "a chat");
	}
	const run = begin("run: sleep 3003");
	await until(() => sleeping(3003), "it has a place");
	chats.forEach((c) => c.close());
	await engine("DELETE", `/containers/${name}?force=true`);
	await ended(run, "failed", "container", 1);
	await ended(begin("hello"), "success", "");
});

test("the account disabled: its run is cancelled, and stays so", async () => {
	const run = begin("run: sleep 3004");
	await until(() => sleeping(3004), "it sleeps");
	gongbang(["user", "disable", login]);
	await ended(run, "cancelled", "disabled");
});

after(() => gongbang(["user", "enable", login]));
