// Blocked domains of a workspace: shown in the page at once, requested by
// keyboard, removed when granted.
// Tests lib/bridge/blocked_domains.c and lib/bridge/budget_status.c.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {join} from "node:path";
import {containerOf} from "../client.js";
import {begin, gongbang, logIn, newAccount, openPage, ready, say, startBrowser, turns} from "./gongbang.js";
import {says} from "../words.js";

const state = process.env.GONGBANG_STATE;
const engine = process.env.GONGBANG_ENGINE || "/var/run/docker.sock";
let browser, page, login, id;
before(async () => {
	browser = await startBrowser();
	page = await openPage(browser);
	login = newAccount("block");
	await logIn(page, login);
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
// Whatever curl says of it.
function reach(...hosts) {
	const script = hosts.map((host) => `curl -s -o /dev/null -m 8 https://${host}/`).join("; ");
	execFileSync("docker", ["-H", "unix://" + engine, "exec", containerOf(login), "sh", "-c", script + "; true"]);
}
const row = (domain) => page.locator(`#blocked li[data-domain="${domain}"]`);
const shows = (domain, how) => page.locator(`#blocked li[data-domain="${domain}"][data-domain-state=${how}]`).waitFor({state: "attached"});
const bar = (pattern) => page.locator("#status-bar").filter({hasText: pattern}).waitFor();

test("a refusal is told in status bar and conversation, and asked for by keyboard", async () => {
	reach("example.org");
	await shows("example.org", "blocked");
	await bar(/Blocked: example\.org/);
	await page.focus("#show-blocked");
	await page.keyboard.press("Enter");
	await page.keyboard.type("for <b>prices</b>");
	await page.keyboard.press("Enter");
	await shows("example.org", "asked");
	assert.equal(sql(`SELECT reason FROM domains WHERE user_id = '${id}'`), "for <b>prices</b>");
	assert.equal(await page.locator("#show-blocked").count(), 0);
	assert.equal(await page.evaluate(() => document.querySelector("#blocked").contains(document.activeElement)), true);
});

test("many fold into one line, and what is being typed stays", async () => {
	await page.locator("#blocked details").evaluate((fold) => { fold.open = false; });
	reach("a.example.net", "b.example.net", "c.example.net");
	await shows("c.example.net", "blocked");
	assert.match(await page.locator("#blocked summary").innerText(), /^Blocked: \S+ and 2 more$/);
	assert.equal(await row("a.example.net").isVisible(), false);
	await page.click("#show-blocked");
	const input = row("a.example.net").locator("input");
	await input.focus();
	await page.keyboard.type("half a sent");
	reach("d.example.net");
	await shows("d.example.net", "blocked");
	await page.keyboard.type("ence");
	assert.equal(await input.inputValue(), "half a sentence");
});

test("a decision is told at once; a reload shows what still stands", async () => {
	sql(`UPDATE domains SET state = 'granted' WHERE user_id = '${id}' AND domain = 'example.org';
		UPDATE domains SET state = 'refused' WHERE user_id = '${id}' AND domain = 'a.example.net'`);
	tell("/egress/reload");
	await shows("example.org", "granted");
	await shows("a.example.net", "refused");
	assert.match(await row("example.org").innerText(), says("blocked_granted"));
	await page.reload();
	await ready(page);
	await shows("a.example.net", "refused");
	await shows("b.example.net", "blocked");
	assert.equal(await row("example.org").count(), 0);
});

test("tokens against the budget: live, from 80 % with a warning, used up in words", async () => {
	assert.doesNotMatch(await page.innerText("#status-bar"), /tokens|budget/);
	const used = Number(sql(`SELECT sum(input + output + cache_write_5m + cache_write_1h + cache_read) FROM usage WHERE user_id = '${id}'`));
	sql(`INSERT INTO budgets (subject, day_tokens, changed_at) VALUES ('${id}', ${Math.floor(used / 0.9)}, 0)`);
	tell("/spending/reload");
	await bar(/90% of today's budget/);
	await bar(/90% of your budget/);
	sql(`UPDATE budgets SET day_tokens = ${used} WHERE subject = '${id}'`);
	tell("/spending/reload");
	await bar(says("status_budget_used"));
	await say(page, "hello");
	await page.locator("[data-part=error]").filter({hasText: /budget.*used up/}).waitFor();
	await ready(page);
	assert.equal(await page.locator("[data-part=error]").count(), 1);
	sql("INSERT INTO stops (name, by_login, at) VALUES ('all', 'admin', 1)");
	tell("/spending/reload");
	await bar(says("gateway_stopped"));
	assert.deepEqual(page.problems, []);
});
