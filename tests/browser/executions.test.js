// Runs as people see them: the list, a run's page, one that is running.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {randomUUID} from "node:crypto";
import {join} from "node:path";
import {address, assertAccessible, closePage, gongbang, newAccount, openAt, startBrowser} from "./gongbang.js";
import {says} from "../words.js";

const state = process.env.GONGBANG_STATE;
const sql = (text, ...flags) => execFileSync("sqlite3", [...flags, "-cmd", ".timeout 5000", join(state, "data/gongbang.db")], {input: text, encoding: "utf8"});
const rows = (text) => JSON.parse(sql(text, "-json") || "[]");
const tell = (path) => execFileSync("curl", ["-s", "-X", "POST", "--unix-socket", join(state, "run/control/control.sock"), "http://bridge" + path]);
const quote = (text) => "'" + text.replaceAll("'", "''") + "'";
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let browser, login, user;
const agent = randomUUID();

before(async () => {
	browser = await startBrowser();
	login = newAccount("runs");
	user = JSON.parse(gongbang(["user", "list", "--json"])).find((u) => u.login === login).id;
	const definition = JSON.stringify({gongbang_agent: 1, name: "Weekly stocks", prompt: "slow",
		schedule: {frequency: "none", timezone: "UTC"}, model: "", policy: "everything", tools: []});
	sql(`INSERT INTO agents (id, user_id, name, version, status, created_at, updated_at) VALUES ('${agent}', '${user}', 'Weekly stocks', 1, 'active', 1, 1);
		INSERT INTO agent_versions (agent_id, version, definition, created_at) VALUES ('${agent}', 1, ${quote(definition)}, 1);`);
});
after(() => browser.close());
const open = (path, options) => openAt(browser, login, path, options);

// A row as the worker leaves it.
function add({status, reason = "", detail = "", result = "", at = Date.now() - 3600000, trigger = "schedule", before = at, payload = ""}) {
	const id = randomUUID(), open = status === "queued", began = !["queued", "skipped", "missed", "refused"].includes(status);
	sql(`INSERT INTO executions (id, agent_id, user_id, version, trigger_kind, status, reason, detail, planned_at, not_before, queued_at, started_at, ended_at, attempt, prompt, payload, result)
		VALUES ('${id}', '${agent}', '${user}', 1, '${trigger}', '${status}', '${reason}', ${quote(detail)}, ${at}, ${before}, ${at}, ${began ? at + 400 : 0}, ${open ? 0 : at + 74000}, 0, 'Fetch this week''s prices and draw them.', ${quote(payload)}, ${quote(result)});`);
	return id;
}

// As the worker starts one: all of it in a transaction, then a word to the bridge.
function begin(prompt) {
	const run = {id: randomUUID(), conversation: randomUUID()}, now = Date.now();
	sql(`BEGIN IMMEDIATE;
		INSERT INTO conversations (id, user_id, title, mode, created_at, updated_at, kind) VALUES ('${run.conversation}', '${user}', 'Weekly stocks', 'bypassPermissions', ${now}, ${now}, 'run');
		INSERT INTO messages (id, conversation_id, seq, state, text, at, created_at) VALUES ('${randomUUID()}', '${run.conversation}', 1, 'queued', ${quote(prompt)}, -1, ${now});
		INSERT INTO executions (id, agent_id, user_id, version, trigger_kind, status, planned_at, not_before, queued_at, started_at, attempt, prompt)
			VALUES ('${run.id}', '${agent}', '${user}', 1, 'manual', 'running', ${now}, ${now}, ${now}, ${now}, 1, ${quote(prompt)});
		INSERT INTO attempts (execution_id, attempt, conversation_id, started_at, deadline_at) VALUES ('${run.id}', 1, '${run.conversation}', ${now}, ${now + 600000});
		COMMIT;`);
	tell(`/conversations/${run.conversation}/refresh`);
	return run;
}

// The attempt's end, and the run's, which is the worker's to book when one is there.
async function ended(run) {
	for (let i = 0; i < 300; i++) {
		const [a] = rows(`SELECT outcome FROM attempts WHERE execution_id = '${run.id}';`);
		if (a.outcome) {
			sql(`UPDATE executions SET status = t.outcome, reason = t.reason, result = t.result, turns = t.turns, ended_at = t.ended_at
				FROM attempts t WHERE t.execution_id = executions.id AND executions.id = '${run.id}' AND executions.status = 'running';`);
			return a.outcome;
		}
		await sleep(200);
	}
	throw new Error("the attempt did not end");
}

const narrow = {viewport: {width: 360, height: 740}, locale: "ko-KR", colorScheme: "dark"};

test("the list, wide and narrow, and its empty states", async () => {
	let page = await open("/executions");
	await page.getByText(says("run_none")).waitFor();
	await assertAccessible(page);
	add({status: "success", result: "# Prices\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"});
	add({status: "failed", reason: "needs_input", at: Date.now() - 7200000});
	add({status: "missed", reason: "late", at: Date.now() - 9200000});
	await page.goto(address + "/executions");
	assert.equal(await page.locator("[data-execution]").count(), 3);
	await assertAccessible(page);
	await page.selectOption("select[name=status]", "failed");
	await page.waitForURL(/status=failed/);	// applied at once
	assert.equal(await page.locator("[data-execution]").count(), 1);
	await page.getByText(says("run_short_needs_input")).waitFor();
	await page.goto(address + "/executions?status=refused");
	await page.getByText(says("run_none_found")).waitFor();
	await closePage(page);
	page = await open("/executions", narrow);
	assert.equal(await page.locator("[data-execution]").count(), 3);
	await assertAccessible(page);
	await closePage(page);
});

test("a row keeps up with its run, and opens it as a whole", async () => {
	const id = add({status: "queued", at: Date.now() - 1000, before: Date.now() + 3600000});
	const page = await open("/executions");
	const row = page.locator(`[data-execution="${id}"]`);
	assert.equal(await row.getAttribute("data-status"), "queued");
	sql(`UPDATE executions SET status = 'cancelled', reason = 'person', ended_at = ${Date.now()} WHERE id = '${id}';`);
	await page.locator(`[data-execution="${id}"][data-status=cancelled]`).waitFor();
	await row.locator(".run-trigger").click();
	await page.waitForURL(new RegExp("/executions/" + id));
	await closePage(page);
});

test("a run that ended, from the top; compared with the one before", async () => {
	add({status: "success", result: "same\nold\n", at: Date.now() - 200000});
	const id = add({status: "success", result: "same\nnew\n", at: Date.now() - 100000, payload: '{"a":1}'});
	for (const options of [{}, narrow]) {
		const page = await open("/executions/" + id, options);
		const order = await page.locator("main > *").evaluateAll((all) => all.map((e) => e.id).filter(Boolean));
		assert.deepEqual(order, ["result", "how", "run-details"]);
		await page.click("#prompt summary");
		await page.getByText("Fetch this week's prices").waitFor();
		assert.equal(await page.locator("#payload pre").count(), 0);
		await assertAccessible(page);
		await page.locator("#result a").first().click();
		await page.locator("ins", {hasText: "new"}).waitFor();
		await page.locator("del", {hasText: "old"}).waitFor();
		await assertAccessible(page);
		await closePage(page);
	}
});

test("one that waits tells why; cancelled there, it says so", async () => {
	const id = add({status: "queued", at: Date.now() - 65000, before: Date.now() + 3600000});
	const page = await open("/executions/" + id, narrow);
	await page.locator("#run-state").waitFor();
	await assertAccessible(page);
	const first = await page.locator("#run-state").innerText();
	await page.waitForFunction((text) => document.querySelector("#run-state").innerText !== text, first);
	await page.locator("#run-cancel").click();
	await page.locator("main[data-status=cancelled]").waitFor();
	await closePage(page);
});

test("one that goes on is seen live, by nobody's box, until its end is shown", async () => {
	const run = begin("slow");
	const page = await open("/executions/" + run.id);
	assert.equal(await page.locator("#message-input").count(), 0);
	await page.locator("#chat-area [data-part=text]").first().waitFor({timeout: 90000});
	await page.locator("#status-bar[data-state=working]").waitFor({timeout: 90000});
	assert.equal(await page.locator("#stop:visible").count(), 0);
	await assertAccessible(page);
	assert.equal(await ended(run), "success");
	await page.locator("main[data-status=success]").waitFor();
	await page.locator("#how [data-part=text]").first().waitFor();
	await page.goto(address + "/workspace/" + run.conversation);
	assert.match(page.url(), new RegExp("/executions/" + run.id));
	await page.locator("#run-continue").click();
	await page.waitForURL(new RegExp("/workspace/" + run.conversation));
	await page.locator(".origin-note").waitFor();
	await page.locator("#status-bar[data-state=ready]").waitFor({timeout: 90000});
	await page.fill("#message-input", "Hello");
	await page.press("#message-input", "Enter");
	await page.locator("[data-part=usage]").nth(1).waitFor({timeout: 90000});
	await assertAccessible(page);
	await page.goto(address + "/executions/" + run.id);
	assert.equal(await page.locator("#how [data-role=user]").count(), 1);
	await closePage(page);
});

test("one that goes on is cancelled", async () => {
	const run = begin("run: sleep 300");
	const page = await open("/executions/" + run.id);
	await page.locator("#chat-area [data-part=tool_use]").first().waitFor({timeout: 90000});
	await page.locator("#status-bar", {hasText: /[\d.]+K? tokens in this run/}).waitFor({timeout: 90000});
	await page.locator("#run-cancel").click();
	await page.locator("#run-state").getByText(says("run_said_ending")).waitFor();
	assert.equal(await ended(run), "cancelled");
	await page.locator("main[data-status=cancelled]").waitFor();
	await page.getByText(says("run_reason_person")).waitFor();
	await closePage(page);
});

test("the page follows each try of a run", async () => {
	const run = add({status: "failed"}), now = Date.now();
	const attempt = (n, from, to) => {
		const conversation = randomUUID();
		sql(`INSERT INTO conversations (id, user_id, title, mode, created_at, updated_at, kind) VALUES ('${conversation}', '${user}', 'Weekly stocks', 'bypassPermissions', ${now}, ${now}, 'run');
			INSERT INTO attempts (execution_id, attempt, conversation_id, started_at, deadline_at, ended_at, outcome, reason) VALUES ('${run}', ${n}, '${conversation}', ${from}, ${now + 600000}, ${to}, '${to ? "failed" : ""}', '${to ? "api" : ""}');`);
	};
	const waits = (n) => sql(`UPDATE executions SET status = 'queued', reason = 'retry', attempt = ${n}, ended_at = 0, not_before = ${now + 3600000} WHERE id = '${run}';`);
	attempt(1, now - 60000, now - 50000);
	waits(1);
	const page = await open("/executions/" + run);
	await page.locator("#run-state").getByText(says("run_said_retry")).waitFor();
	assert.equal(await page.locator(".attempt").count(), 1);
	// Begun and ended between two looks: the same status, another try.
	attempt(2, now - 40000, now - 30000);
	waits(2);
	await page.locator("#attempt-2[open]").waitFor();
	await closePage(page);
	sql(`DELETE FROM attempts WHERE execution_id = '${run}'; DELETE FROM executions WHERE id = '${run}';`);
});

test("the agents' rows have the reason in a word or two, the run's page in sentences", async () => {
	const id = add({status: "failed", reason: "needs_input", at: Date.now() - 5000});
	sql(`UPDATE agents SET last_execution_id = '${id}' WHERE id = '${agent}';`);
	const page = await open("/agents");
	const row = page.locator(`[data-agent="${agent}"]`);
	assert.match(await row.locator(".last small").innerText(), says("run_short_needs_input"));
	await row.locator("a.mark").click();
	await page.waitForURL(new RegExp("/executions/" + id));
	await page.getByText(says("run_reason_needs_input")).waitFor();
	await page.keyboard.press("?");
	await page.locator("#shortcuts[open]").waitFor();
	await page.keyboard.press("Escape");
	await page.goto(address + "/executions");
	await page.keyboard.press("/");
	assert.equal(await page.evaluate(() => document.activeElement.name), "agent");
	await page.locator(".runs th a").first().focus();
	await page.keyboard.press("ArrowDown");
	assert.ok(await page.locator(".runs th a").nth(1).evaluate((e) => e === document.activeElement));
	await closePage(page);
});

test("a run that asked: its question is asked again in the conversation, and answered there", async () => {
	const run = begin("question");
	assert.equal(await ended(run), "failed");
	const page = await open(`/executions/${run.id}`);
	await page.click(`form[action$="/continue"] button`);
	await page.waitForURL(/\/workspace\/[0-9a-f-]{36}$/);
	const form = page.locator("[data-part=question][data-state=waiting]");
	await form.waitFor();
	await assertAccessible(page, "a question asked again");
	assert.doesNotMatch(await page.innerText("#chat-area"), says("error_run_question"));
	await form.locator("[data-again]").click();
	assert.equal(await form.locator("fieldset[aria-invalid=true]").count(), 2);
	await form.getByLabel("USD").check();
	await form.getByLabel("Table").check();
	await form.getByLabel("Image").check();
	await form.locator("[data-again]").click();
	const answer = page.locator("[data-role=user]").last();
	await answer.filter({hasText: "Which currency should the prices be in?"}).waitFor();
	assert.match(await answer.innerText(), /USD[^]*Table, Image/);
	await page.locator("[data-role=user] ~ [data-role=assistant] [data-part=usage]").last().waitFor();
	assert.equal(await form.count(), 0);
	await closePage(page);
});
