// A trigger called by programs: through the real nginx, without a cookie or
// Origin.
import {before, test} from "node:test";
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {call, field, gongbang, logIn, newAccount, origin, state} from "../client.js";

const definition = JSON.stringify({gongbang_agent: 1, name: "Triggered", prompt: "Say {{payload}}"});
let cookie, agent;
before(async () => {
	const login = newAccount("hooks");
	gongbang(["agent", "import", "--user", login, "--file", "-"], definition);
	({cookie} = await logIn(login));
	agent = (await call("GET", "/agents", {cookie})).text.match(/data-agent="([0-9a-f-]{36})"/)[1];
});

async function form(path, fields = {}) {
	const {text} = await call("GET", `/agents/${agent}/hook`, {cookie});
	return call("POST", `/agents/${agent}/${path}`, {cookie, form: {csrf: field(text, "csrf"), ...fields}});
}

const make = async () => (await form("hook")).text.match(/\/hooks\/[0-9a-f]{64}/)[0];
const trigger = (path, body, type = "application/json") => fetch(origin + path, {
	method: "POST", body, headers: {"Content-Type": type, Origin: "https://elsewhere.example", Cookie: "gongbang=x"}});

test("a call begins a run, which has the payload as it came", async () => {
	const hook = await make();
	assert.equal((await trigger(hook, "{}")).status, 409);	/* paused */
	await form("resume");
	const answer = await trigger(hook, '{"why": "시험"}');
	assert.equal(answer.status, 202);
	const {execution} = await answer.json();
	assert.equal(answer.headers.get("location"), execution);
	assert.match(execution, /\/executions\/[0-9a-f-]{36}$/);
	assert.equal(answer.headers.get("set-cookie"), null);
});

test("what is no JSON, too large, or not called by POST is refused", async () => {
	const hook = await make();
	assert.equal((await trigger(hook, "{")).status, 400);
	assert.equal((await trigger(hook, "a=b", "text/plain")).status, 400);
	assert.equal((await trigger(hook, '"' + "x".repeat(70000) + '"')).status, 413);
	assert.equal((await fetch(origin + hook)).status, 405);
	assert.equal((await trigger("/hooks/" + "0".repeat(64), "{}")).status, 404);
});

test("a secret that was replaced or revoked opens nothing", async () => {
	const old = await make(), hook = await make();
	assert.equal((await trigger(old, "{}")).status, 404);
	await form("hook/revoke");
	assert.equal((await trigger(hook, "{}")).status, 404);
});

test("too many calls are told when to come back", async () => {
	const hook = await make();
	let answer;
	for (let i = 0; i < 11; i++)
		answer = await trigger(hook, "{}");
	assert.equal(answer.status, 429);
	assert.ok(Number(answer.headers.get("retry-after")) >= 1);
});

test("no log has a secret", async () => {
	const hook = await make();
	await trigger(hook, "{");
	await fetch(origin + hook);
	for (const log of ["nginx/access.log", "nginx/current", "pages/current"]) {
		let text = "";
		try {
			text = readFileSync(join(state, "log", log), "utf8");
		} catch (error) {
			assert.equal(error.code, "ENOENT");
		}
		assert.ok(!text.includes(hook.slice(7)), log);
	}
});
