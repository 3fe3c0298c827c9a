// A shared copy: made by a form, read by another account, ended in an open page.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {address, assertAccessible, closePage, newAccount, openAt, ready, startBrowser} from "./gongbang.js";

let browser;
before(async () => { browser = await startBrowser(); });
after(() => browser.close());

test("a conversation is shared, read and taken back", async () => {
	const author = await openAt(browser, newAccount("shr"), "/workspace");
	await ready(author);
	await author.fill("#message-input", "markdown: # Prices\n\n| week | price |\n|---|--:|\n| 40 | 220 |");
	await author.press("#message-input", "Enter");
	await author.locator("[data-role=assistant] table").waitFor();
	await author.locator("#status-bar[data-state=ready]").waitFor();
	await author.locator(".chat-head details.menu > summary").click();
	await author.locator("a[href$='/share']").click();
	await author.locator("#share-make").waitFor();
	await assertAccessible(author);
	await author.locator("#share-make").click();
	const link = await author.locator("#share-address").textContent();
	assert.match(link, /\/share\/[0-9a-f]{64}$/);
	await assertAccessible(author);

	const reader = await openAt(browser, newAccount("shr"), new URL(link).pathname);
	await reader.locator("[data-role=assistant] table").waitFor();
	await assertAccessible(reader);
	assert.equal(await reader.locator("main button:visible, main form:visible").count(), 0);
	await author.goto(address + "/account");
	await author.locator("#shares .decide button").click();
	await author.locator("#shares .saved").waitFor();
	assert.equal(await author.locator("#shares li").count(), 0);
	// An open page notices by itself.
	await reader.locator("main.shared").waitFor({state: "detached", timeout: 60000});
	assert.equal(await reader.locator("table").count(), 0);
	await closePage(reader);
	await closePage(author);
});
