// Forms of an MCP server in the workspace: asked as a question, answered in the
// server's types; what cannot be shown is declined at once; the language is the page's.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {containerOf, inside} from "../client.js";
import {address, assertAccessible, begin, closePage, logIn, newAccount, openPage, ready, say, startBrowser, turns} from "./gongbang.js";
import {says} from "../words.js";

let browser, login, page;
before(async () => {
	browser = await startBrowser();
	login = newAccount("forms");
	page = await openPage(browser);
	await logIn(page, login);
	await page.waitForURL(/\/workspace$/);
	await ready(page);
	const script = Buffer.from(readFileSync(new URL("shop.py", import.meta.url))).toString("base64");
	inside(containerOf(login), `echo ${script} | base64 -d >/workspace/shop.py; claude mcp add --scope user shop -- python3 /workspace/shop.py`);
	await page.selectOption("#mode", "bypassPermissions");
});
after(() => browser.close());

const form = (state) => page.locator(`[data-part=question][data-state=${state}]`);

// What the server got, as the last call's card shows it: a tree.
const outcome = () => page.locator("[data-part=tool_use]").last().locator(".preview-json").last().textContent();

test("a form is filled in, and its server gets what was typed", async () => {
	await begin(page, "hello");	// meanwhile Claude finds the server
	await turns(page, 1);
	await say(page, "tool: mcp__shop__order");
	await form("waiting").waitFor();
	assert.match(await form("waiting").innerText(), /What shall it be\?/);
	assert.match(await form("waiting").innerText(), says("form_note"));
	await assertAccessible(page, "a form");
	await page.click("[data-answer=allow]");
	assert.equal(await page.locator("fieldset[aria-invalid=true]").count(), 2);
	await page.getByLabel("Large").check();
	await page.locator("fieldset[data-question=count] input[type=number]").fill("2.5");
	await page.click("[data-answer=allow]");
	await page.locator("#composer-error").filter({hasText: says("error_form_fields")}).waitFor();
	await page.locator("fieldset[data-question=count] input[type=number]").fill("2");
	await page.locator("fieldset[data-question=gift] input[value=true]").check();
	await page.click("[data-answer=allow]");
	await turns(page, 2);
	assert.match(await outcome(), /content.*count\s+2\s+gift\s+true\s+size\s+"?large"?\s/s);
	await page.reload();
	await form("ok").waitFor();
	assert.match(await form("ok").innerText(), /Size\s+Large\s+How many\s+2/);
	await ready(page);
});

test("it can be declined, and one that cannot be shown declines itself", async () => {
	await say(page, "tool: mcp__shop__order");
	await form("waiting").locator("[data-answer=deny]").click();
	await turns(page, 3);
	assert.match(await outcome(), /action\s+"?decline"?\s/);
	await say(page, "tool: mcp__shop__ship");
	await turns(page, 4);
	assert.match(await outcome(), /action\s+"?decline"?\s/);
	assert.match(await form("denied").last().innerText(), says("form_unshown"));
});

test("Stop ends a form, too", async () => {
	await say(page, "tool: mcp__shop__order");
	await form("waiting").waitFor();
	await page.click("#stop");
	await form("waiting").waitFor({state: "detached"});
	await ready(page);
	assert.deepEqual(page.problems, []);
});

test("a permission says nothing in English on a Korean page", async () => {
	const korean = await openPage(browser, {locale: "ko-KR"});
	const other = newAccount("forms");
	await logIn(korean, other);
	await korean.waitForURL(/\/workspace$/);
	await korean.goto(address + "/workspace");
	await begin(korean, "실행: touch x");
	const card = korean.locator("[data-part=permission][data-state=waiting]");
	await card.waitFor({timeout: 60000});
	assert.doesNotMatch(await card.innerText(), /approval|requires|command|asks/i);
	await card.locator("[data-answer=deny]").click();
	await turns(korean, 1);
	assert.doesNotMatch((await korean.locator("[data-part=tool_use], [data-part=permission]").allInnerTexts()).join(), /The user|doesn't want/);
	await closePage(korean);
});
