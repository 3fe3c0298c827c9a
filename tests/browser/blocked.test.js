// Blocked domains of a workspace: said at the tool's card in the page at once,
// requested by keyboard, removed when granted; and what a budget keeps from being sent.
// Tests lib/bridge/blocked_domains.c and lib/bridge/budget_status.c.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {join} from "node:path";
import {assertAccessible, begin, gongbang, logIn, newAccount, openPage, ready, say, startBrowser, turns} from "./gongbang.js";
import {says} from "../words.js";

const state = process.env.GONGBANG_STATE;
let browser, page, login, id;
before(async () => {
	browser = await startBrowser();
	page = await openPage(browser);
	login = newAccount("block");
	await logIn(page, login);
	await page.waitForURL(/\/workspace$/);
	await page.selectOption("#mode", "bypassPermissions");
	await begin(page, "hello");
	await turns(page, 1);
	await ready(page);
	id = JSON.parse(gongbang(["user", "list", "--json"])).find((u) => u.login === login).id;
});
after(async () => {
	sql(`DELETE FROM budgets WHERE subject = '${id}'; DELETE FROM stops`);
	tell("/spending/reload");
	await browser?.close();
});

const sql = (text) => execFileSync("sqlite3", ["-cmd", ".timeout 5000", join(state, "data/gongbang.db"), text], {encoding: "utf8"}).trim();
const tell = (path) => execFileSync("curl", ["-sf", "-X", "POST", "--unix-socket", join(state, "run/control/control.sock"), "http://bridge" + path]);
let done = 1;
async function run(command) {
	await say(page, "run: " + command);
	await turns(page, ++done);
}
const note = (domain) => page.locator(`.part-tool_use > .blocked[data-domain="${domain}"]`);
const bar = (pattern) => page.locator("#status-bar").filter({hasText: pattern}).waitFor();

test("a refusal is said at the tool's card only, and access is requested by keyboard", async () => {
	await run("curl -sS -m 8 https://example.org/");
	await note("example.org").waitFor();
	assert.match(await note("example.org").innerText(), says("blocked_here"));
	assert.doesNotMatch(await page.innerText("#status-bar"), /example/);
	await assertAccessible(page, "a blocked domain");
	const other = await page.context().newPage();
	await other.goto(page.url().replace(/workspace.*/, "workspace"));
	await ready(other);
	assert.doesNotMatch(await other.innerText("#workspace"), /example\.org/);
	await other.close();
	await note("example.org").locator("input[name=reason]").focus();
	await page.keyboard.type("for <b>prices</b>");
	await page.keyboard.press("Enter");
	await page.locator('.blocked[data-domain="example.org"][data-domain-state=asked]').waitFor();
	assert.match(await note("example.org").innerText(), says("blocked_asked"));
	assert.equal(await note("example.org").locator("button.secondary").isVisible(), false);
	assert.equal(sql(`SELECT reason FROM domains WHERE user_id = '${id}'`), "for <b>prices</b>");
});

test("a reason that is being typed stays when its card is replaced", async () => {
	await say(page, "run: curl -sS -m 8 https://a.example.net/; sleep 4");
	await note("a.example.net").waitFor();
	const input = note("a.example.net").locator("input[name=reason]");
	await input.focus();
	await page.keyboard.type("half a sent");
	await turns(page, ++done);
	await page.keyboard.type("ence");
	assert.equal(await input.inputValue(), "half a sentence");
});

test("what was dismissed stays away", async () => {
	await run("curl -sS -m 8 https://b.example.net/");
	await note("b.example.net").locator("[data-dismiss]").click();
	await page.reload();
	await ready(page);
	await note("a.example.net").waitFor();
	assert.equal(await note("b.example.net").isVisible(), false);
});

test("a decision is said once; a reload shows what still holds", async () => {
	sql(`UPDATE domains SET state = 'granted' WHERE user_id = '${id}' AND domain = 'example.org';
		UPDATE domains SET state = 'refused' WHERE user_id = '${id}' AND domain = 'a.example.net'`);
	tell("/egress/reload");
	await page.locator(".toast").filter({hasText: "example.org"}).waitFor();
	assert.match(await page.innerText(".toast"), says("blocked_granted"));
	assert.equal(await note("example.org").isVisible(), false);
	await page.locator('.blocked[data-domain="a.example.net"][data-domain-state=refused]').waitFor();
	tell("/egress/reload");
	await page.reload();
	await ready(page);
	await page.locator('.blocked[data-domain="a.example.net"][data-domain-state=refused]').waitFor();
	assert.match(await note("a.example.net").innerText(), says("blocked_refused"));
	assert.equal(await note("example.org").isVisible(), false);
	assert.equal(await page.locator(".toast").count(), 0);
});

test("tokens against the budget: live, from 80 % with a warning; used up, nothing is sent", async () => {
	assert.doesNotMatch(await page.innerText("#status-bar"), /tokens|budget/);
	const used = Number(sql(`SELECT sum(input + output + cache_write_5m + cache_write_1h + cache_read) FROM usage WHERE user_id = '${id}'`));
	sql(`INSERT INTO budgets (subject, day_tokens, changed_at) VALUES ('${id}', ${Math.floor(used / 0.9)}, 0)`);
	tell("/spending/reload");
	await bar(/90% of today's budget/);
	await bar(/90% of your budget/);
	assert.equal(await page.isDisabled("#send"), false);
	sql(`UPDATE budgets SET day_tokens = ${used} WHERE subject = '${id}'`);
	tell("/spending/reload");
	await bar(says("status_budget_used"));
	assert.equal(await page.isDisabled("#send"), true);
	assert.match(await page.innerText("#send-note"), /^Resets /);
	await say(page, "kept for later");
	assert.equal(await page.inputValue("#message-input"), "kept for later");
	assert.match(await page.innerText("#composer-error"), /^Resets /);
	// Whoever sends it all the same is told by the gateway, which reads budgets once a second.
	await page.waitForTimeout(2000);
	await page.evaluate(async () => {
		const form = document.querySelector("#composer");
		const body = new URLSearchParams(new FormData(form));
		body.set("text", "hello");
		await fetch(form.action, {method: "POST", body});
	});
	await page.locator("[data-part=error]").filter({hasText: /budget.*used up/}).waitFor();
	await ready(page);
	assert.equal(await page.locator("[data-part=error]").count(), 1);
});

test("calls stopped by an administrator: one sentence, at once, until they are resumed", async () => {
	sql(`DELETE FROM budgets WHERE subject = '${id}'`);
	tell("/spending/reload");
	await page.locator("#send:not([disabled])").waitFor();
	sql("INSERT INTO stops (name, by_login, at) VALUES ('all', 'admin', 1)");
	tell("/spending/reload");
	await page.locator(".banner").filter({hasText: says("gateway_stopped")}).waitFor();
	await page.locator("#status-bar[data-state=stopped]").waitFor();
	assert.match(await page.innerText("#status-bar"), says("status_stopped_all"));
	assert.equal((await page.innerText("body")).match(/paused for everyone/g).length, 1);
	assert.equal(await page.isDisabled("#send"), true);
	await page.reload();
	await page.locator("#status-bar[data-state=stopped]").waitFor();
	assert.equal(await page.locator(".banner").count(), 1);
	sql("DELETE FROM stops");
	tell("/spending/reload");
	await page.locator(".banner").waitFor({state: "detached"});
	await ready(page);
	assert.equal(await page.isDisabled("#send"), false);
	assert.deepEqual(page.problems, []);
});
