// Agents from the form to the outcome, on the whole installation: scheduled by
// the worker, run in the container by the bridge, whatever is killed meanwhile.
import {test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {join} from "node:path";
import {call, containerOf, field, inspect, logIn, newAccount, redis, service, sleep, state, userId} from "../client.js";

const store = (sql) => execFileSync("sqlite3", ["-cmd", ".timeout 5000", join(state, "data/gongbang.db"), sql], {encoding: "utf8"}).trim();
const rows = (sql) => store(sql).split("\n").filter(Boolean).map((line) => line.split("|"));
const ended = (run) => !["queued", "running", ""].includes(statusOf(run));
const statusOf = (run) => store(`SELECT status FROM executions WHERE id = '${run}'`);

async function until(so, what, ms = 90000) {
	for (const end = Date.now() + ms; Date.now() < end; await sleep(200)) {
		const got = await so();
		if (got)
			return got;
	}
	throw new Error("not in time: " + what);
}

const preset = {frequency: "none", date: "", time: "08:00", days: "", cron: "", timezone: "Asia/Seoul", model: "", policy: "everything",
	tools: "", timeout: "5", max_turns: "20", budget_tokens: "0", retries: "2", overlap: "skip", missed: "skip", window: "60",
	jitter: "0", failures_max: "5"};

async function person(name) {
	const login = newAccount(name);
	const {cookie} = await logIn(login);
	const csrf = field((await call("GET", "/agents", {cookie})).text, "csrf");
	return {login, cookie, csrf, id: userId(login)};
}

async function newAgent(who, fields) {
	const answer = await call("POST", "/agents/new", {cookie: who.cookie, form: {...preset, csrf: who.csrf, id: crypto.randomUUID(),
		version: "0", act: "save", ...fields}});
	assert.equal(answer.status, 303, answer.text);
	return answer.headers.location.match(/[0-9a-f-]{36}/)[0];
}

const post = (who, path, form = {}) => call("POST", path, {cookie: who.cookie, form: {csrf: who.csrf, ...form}});

async function runNow(who, agent) {
	const id = crypto.randomUUID();
	const answer = await post(who, `/agents/${agent}/run`, {id});
	assert.equal(answer.status, 303, answer.text);
	return id;
}

const conversationOf = (run) => store(`SELECT conversation_id FROM attempts WHERE execution_id = '${run}' ORDER BY attempt DESC LIMIT 1`);
const working = (run) => until(() => conversationOf(run) &&
	store(`SELECT count(*) FROM parts WHERE conversation_id = '${conversationOf(run)}' AND kind = 'tool_use' AND state = 'running'`) === "1", "a running tool");

test("a planned moment comes, the workspace starts, the run succeeds, nobody is logged in", async () => {
	const who = await person("night");
	const agent = await newAgent(who, {name: "Every minute", prompt: "hello", frequency: "cron", cron: "* * * * *"});
	const next = Number(store(`SELECT next_run_at FROM agents WHERE id = '${agent}'`));
	assert.ok(next > Date.now() && next <= Date.now() + 60000 && next % 60000 === 0, String(next));
	assert.equal((await post(who, "/logout")).status, 303);
	const [run, planned] = (await until(() => rows(`SELECT id, planned_at FROM executions WHERE agent_id = '${agent}'`)[0], "the row"));
	assert.equal(Number(planned), next);
	await until(() => ended(run), "the end");
	assert.equal(statusOf(run), "success");
	const again = await logIn(who.login);
	await call("POST", `/agents/${agent}/pause`, {cookie: again.cookie, form: {csrf: field((await call("GET", "/agents", again)).text, "csrf")}});
	const page = await call("GET", `/executions/${run}`, again);
	assert.equal(page.status, 200);
	assert.ok(page.text.includes("data-status=\"success\""), page.text);
	assert.ok(!page.text.includes("hello</textarea>"));
	const list = await call("GET", "/executions", again);
	assert.ok(list.text.includes(`data-execution="${run}"`));
	assert.ok((await call("GET", "/agents", again)).text.includes(`data-agent="${agent}"`));
	assert.equal((await inspect(containerOf(who.login))).State.Running, true);
	assert.notEqual(store(`SELECT coalesce(sum(input + output), 0) FROM usage WHERE kind = 'run' AND subject_id = '${run}'`), "0");
	assert.notEqual(store(`SELECT coalesce(sum(input + output), 0) FROM agent_usage WHERE agent_id = '${agent}'`), "0");
});

test("worker and bridge are killed in mid-run, Redis forgets all: one row, one outcome", async () => {
	const who = await person("kill");
	const agent = await newAgent(who, {name: "Long", prompt: "run: sleep 8"});
	const run = await runNow(who, agent);
	await working(run);
	process.kill(Number(service("worker")), "SIGKILL");
	process.kill(Number(service("bridge")), "SIGKILL");
	redis("flushall");
	await until(() => ended(run), "the end");
	assert.equal(statusOf(run), "success");
	assert.equal(store(`SELECT count(*) FROM executions WHERE agent_id = '${agent}'`), "1");
	assert.equal(store(`SELECT count(*) FROM attempts WHERE execution_id = '${run}' AND outcome <> ''`), "1");
});

test("an agent deleted in mid-run: the run ends, its history stays", async () => {
	const who = await person("gone");
	const agent = await newAgent(who, {name: "Deleted", prompt: "run: sleep 120"});
	const run = await runNow(who, agent);
	await working(run);
	assert.equal((await post(who, `/agents/${agent}/delete`, {name: "Deleted"})).status, 303);
	await until(() => ended(run), "the end");
	assert.equal(statusOf(run), "cancelled");
	assert.equal((await call("GET", `/agents/${agent}`, who)).status, 404);
	assert.equal((await call("GET", `/executions/${run}`, who)).status, 200);
});

test("a container removed in mid-run: the next try follows, both are kept", async () => {
	const who = await person("lost");
	const agent = await newAgent(who, {name: "Lost", prompt: "run: sleep 15", retries: "1"});
	const run = await runNow(who, agent);
	await working(run);
	execFileSync("docker", ["-H", "unix://" + (process.env.GONGBANG_ENGINE || "/var/run/docker.sock"), "rm", "-f", containerOf(who.login)]);
	await until(() => store(`SELECT reason FROM executions WHERE id = '${run}' AND status = 'queued'`) === "retry", "the retry");
	assert.deepEqual(rows(`SELECT attempt, outcome, again FROM attempts WHERE execution_id = '${run}'`), [["1", "failed", "1"]]);
	store(`UPDATE executions SET not_before = 0 WHERE id = '${run}'`);
	await until(() => ended(run), "the second try");
	assert.equal(statusOf(run), "success");
	assert.equal(store(`SELECT count(*) FROM attempts WHERE execution_id = '${run}'`), "2");
});

test("nobody sees or moves another's agent or run", async () => {
	const one = await person("one"), two = await person("two");
	const agent = await newAgent(one, {name: "Mine", prompt: "hello"});
	const run = await runNow(one, agent);
	for (const path of [`/agents/${agent}`, `/agents/${agent}/versions`, `/agents/${agent}/export.json`, `/agents/${agent}/notify`, `/agents/${agent}/delete`,
		`/executions/${run}`, `/executions/${run}/compare`, `/executions/${run}/files?path=x`, `/executions?agent=${agent}`])
		assert.ok([404, 200].includes((await call("GET", path, two)).status) && !(await call("GET", path, two)).text.includes("Mine"), path);
	for (const path of [`/agents/${agent}`, `/agents/${agent}/run`, `/agents/${agent}/test`, `/agents/${agent}/pause`, `/agents/${agent}/resume`,
		`/agents/${agent}/delete`, `/agents/${agent}/hook`, `/executions/${run}/cancel`, `/executions/${run}/continue`])
		assert.equal((await post(two, path, {...preset, name: "Mine", prompt: "x", version: "1", id: crypto.randomUUID()})).status, 404, path);
	assert.equal(store(`SELECT count(*) FROM executions WHERE agent_id = '${agent}'`), "1");
	await until(() => ended(run), "the end");
});
