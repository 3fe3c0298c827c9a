// How a person answers Claude: by keys, in the tool's own card, with one more
// tab open, and without script.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {begin, logIn, newAccount, openPage, ready, say, startBrowser, turns} from "./gongbang.js";
import {says} from "../words.js";

let browser, login;
before(async () => {
	browser = await startBrowser();
	login = newAccount("answers");
});
after(() => browser.close());

async function open(options) {
	const page = await openPage(browser, options);
	await logIn(page, login);
	await page.waitForURL(/\/workspace$/);
	return page;
}

const waiting = (page, kind) => page.locator(`[data-part=${kind}][data-state=waiting]`);
// What has only just appeared answers no key.
async function seen(page, kind) {
	await waiting(page, kind).waitFor();
	await page.waitForTimeout(800);
}

test("the card asks in the tool's place; Enter allows and a mark stays", async () => {
	const page = await open();
	await begin(page, "run: touch by-enter");
	await seen(page, "permission");
	assert.match(await waiting(page, "permission").innerText(), says("permission_run"));
	assert.equal(await page.locator("[data-part=tool_use]").isVisible(), false);
	await page.keyboard.press("Enter");
	await turns(page, 1);
	assert.equal(await page.locator("[data-part=permission][data-state=ok]").isVisible(), false);
	assert.ok(await page.locator("[data-part=tool_use] .part-allowed").isVisible());
	assert.deepEqual(page.problems, []);
});

test("where the CLI says so nothing is preselected: Enter allows nothing, the button does", async () => {
	const page = await open();
	await begin(page, "run: touch by-button-only");
	await seen(page, "permission");
	await waiting(page, "permission").evaluate((part) => { part.dataset.defaultNo = ""; });
	await page.keyboard.press("Enter");
	assert.equal(await waiting(page, "permission").count(), 1);
	await waiting(page, "permission").locator("[data-answer=allow]").click();
	await turns(page, 1);
	assert.deepEqual(page.problems, []);
});

test("Esc denies and stops; digits choose; an empty answer says so at the question", async () => {
	const page = await open();
	await begin(page, "run: touch by-escape");
	await seen(page, "permission");
	await page.keyboard.press("Escape");
	await page.locator("[data-part=permission][data-state=denied]").waitFor();
	await ready(page);
	assert.doesNotMatch(await page.innerText("#chat-area"), /STOP what|doesn't want/);
	await say(page, "question");
	await seen(page, "question");
	await page.keyboard.press("Enter");
	assert.equal(await page.locator("fieldset[aria-invalid=true] .problem:visible").count(), 2);
	await page.focus("#message-input");
	await page.keyboard.press("2");
	assert.ok(await page.locator("fieldset").first().locator("input[type=radio]").nth(1).isChecked());
	assert.equal(await page.locator("fieldset[aria-invalid=true]").count(), 1);
	await page.keyboard.press("1");
	await page.focus("#message-input");
	await page.keyboard.press("Enter");
	await page.locator("[data-part=question][data-state=ok]").waitFor();
	assert.deepEqual(page.problems, []);
});

test("a key that sends a message allows nothing", async () => {
	const page = await open();
	await begin(page, "hello");
	await turns(page, 1);
	await say(page, "run: touch not-by-a-draft");
	await page.fill("#message-input", "more to say");
	await seen(page, "permission");
	await page.focus("#message-input");
	await page.keyboard.press("Enter");
	await page.locator("#queue li", {hasText: "more to say"}).waitFor();
	assert.equal(await waiting(page, "permission").count(), 1);
	await page.keyboard.press("Escape");
	await ready(page);
});

test("another tab shows at once who needs the person, first in the list", async () => {
	const page = await open();
	await begin(page, "hello");
	await turns(page, 1);
	const other = await page.context().newPage();
	await begin(other, "run: touch elsewhere");
	await waiting(other, "permission").waitFor();
	const row = page.locator(`#c-${other.url().split("/").at(-1)}[data-state=waiting]`);
	await row.waitFor();
	assert.match(await row.innerText(), says("conversation_waiting"));
	assert.match(await page.title(), /^◆ /);
	const tops = await page.locator("#conversation-list li").evaluateAll((rows) =>
		rows.map((one) => [one.getBoundingClientRect().top, one.dataset.state]).sort((a, b) => a[0] - b[0]));
	assert.equal(tops[0][1], "waiting");
	await other.click("[data-answer=deny]");
	await page.locator(`#c-${other.url().split("/").at(-1)}:not([data-state=waiting])`).waitFor();
	assert.doesNotMatch(await page.title(), /^◆/);
});

test("a queued message is edited in place, ↑ recalls, a turn that failed is tried again", async () => {
	const page = await open();
	await begin(page, "slow 60");
	await page.locator("[data-part=text][data-state=running]").waitFor();
	await say(page, "to be edited");
	await page.locator("#queue li", {hasText: "to be edited"}).locator("[data-withdraw]").waitFor();
	await page.keyboard.press("ArrowUp");
	await page.waitForFunction(() => document.querySelector("#message-input").value === "to be edited");
	await page.fill("#message-input", "");
	assert.equal(await page.locator("#send").isVisible(), false);
	await page.keyboard.press("Escape");
	await ready(page);
	assert.equal(await page.locator("#send").isVisible(), true);
	await say(page, "error 400");
	const again = page.locator("[data-retry]:visible");
	await again.waitFor({timeout: 60000});
	await again.click();
	await page.locator("[data-role=user]", {hasText: "error 400"}).nth(1).waitFor();
});

test("without script: messages, a permission, a question, the mode, and stop", async () => {
	const page = await open({javaScriptEnabled: false});
	const until = async (selector) => {
		for (let i = 0; i < 60 && !await page.locator(selector).count(); i++) {
			await page.waitForTimeout(1000);
			await page.reload();
		}
		assert.ok(await page.locator(selector).count(), selector);
	};
	await page.fill("#message-input", "run: touch without-script");
	await page.click("#send");
	await page.waitForURL(/\/workspace\/[0-9a-f-]{36}$/);
	await until("[data-part=permission][data-state=waiting]");
	assert.match(await page.innerText("#status-bar"), says("status_waiting"));
	await page.click("[data-answer=allow]");
	await until("[data-part=usage]");
	assert.equal(await page.locator("[data-part=tool_use][data-state=ok]").count(), 1);
	await page.fill("#message-input", "question");
	await page.click("#send");
	await until("[data-part=question][data-state=waiting]");
	await page.locator("fieldset").first().locator("input[type=radio]").nth(1).check();
	await page.locator("fieldset").nth(1).locator("input[type=checkbox]").first().check();
	await page.locator("fieldset").nth(1).locator("[data-other]").fill("and <b>more</b>");
	await page.click("[data-answer=allow]");
	await until("[data-part=question][data-state=ok]");
	assert.match(await page.innerText("[data-part=question]"), /USD[^]*Table[^]*and <b>more<\/b>/);
	await page.selectOption("#mode", "bypassPermissions");
	await page.click("[name=act][value=mode]");
	await until("#mode option[value=bypassPermissions][selected]");
	await page.fill("#message-input", "slow 60");
	await page.click("#send");
	await until("#stop:not([hidden])");
	assert.equal(await page.locator("meta[http-equiv=refresh]").count(), 1);
	await page.click("#stop");
	await until("#stop[hidden]");
	assert.match(await page.innerText("#status-bar"), says("status_ready"));
	assert.equal(await page.locator("meta[http-equiv=refresh]").count(), 0);
});
