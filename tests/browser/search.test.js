// Finding what was said: the page, the palette, and the jump to the message.
// Tests lib/bridge/search_backlog.c as well.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {address, assertAccessible, begin, closePage, logIn, newAccount, openAt, openPage, ready, say, startBrowser, turns} from "./gongbang.js";
import {says} from "../words.js";

let browser, login;
before(async () => {
	browser = await startBrowser();
	login = newAccount();
	const page = await inside();
	await begin(page, "hello 어제 결제가 안 됐어요");
	await turns(page, 1);
	await say(page, "hello 영수증을 보내 주세요");
	await turns(page, 2);
	await closePage(page);
});
after(() => browser.close());

async function inside(options) {
	const page = await openPage(browser, options);
	await logIn(page, login);
	await page.waitForURL(/\/workspace$/);
	return page;
}

for (const options of [
	{locale: "ko-KR", colorScheme: "dark"},
	{viewport: {width: 360, height: 780}, javaScriptEnabled: false},
])
	test(`two syllables find a word with its particle, ${JSON.stringify(options)}`, async () => {
		const page = await openAt(browser, login, "/workspace", options);
		if (options.viewport) {
			await page.goto(address + "/search");
		} else {
			await page.goto(address + "/usage");
			await page.keyboard.press("Control+k");
			await page.locator("#palette[open]").waitFor();
			await page.keyboard.press("Escape");
			await page.goto(address + "/search");
			await assertAccessible(page, "search, nothing asked");
		}
		await page.fill("#search-words", "결제");
		await page.press("#search-words", "Enter");
		await page.locator("#search-hits mark").first().waitFor();
		assert.equal(await page.locator("#search-hits mark").first().textContent(), "결제");
		if (!options.viewport)
			await assertAccessible(page, "search results");
		await page.click("#search-hits .hit");
		await page.waitForURL(/\/workspace\/[0-9a-f-]{36}\?at=\d+#p-\d+$/);
		assert.match(await page.locator(":target").textContent(), /결제가 안 됐어요/);
		await closePage(page);
	});

test("the palette finds what was said, as one writes, and goes there", async () => {
	const page = await inside();
	await page.goto(address + "/usage");
	await page.keyboard.press("Control+k");
	await page.locator("#palette[open]").waitFor();
	await page.keyboard.insertText("영수증");
	const hit = page.locator("#palette li", {has: page.locator("mark")});
	await hit.first().waitFor();
	await assertAccessible(page, "palette with hits");
	await page.locator("#palette li", {hasText: says("search_everywhere")}).waitFor();
	await hit.first().click();
	await page.waitForURL(/\?at=\d+#p-\d+$/);
	assert.match(await page.locator(":target").textContent(), /영수증을/);
	await closePage(page);
});

test("operators and quotes are words like others", async () => {
	const page = await inside();
	for (const text of ["\"", "결제\" OR \"x", "terms:결제*", "'; DROP TABLE users", "NEAR(a b)"]) {
		const answer = await page.goto(`${address}/search?q=${encodeURIComponent(text)}`);
		assert.equal(answer.status(), 200, text);
	}
	await closePage(page);
});

test("pinned on top, archived aside, and back; by forms alone", async () => {
	const page = await openAt(browser, login, "/workspace", {javaScriptEnabled: false});
	await page.click("#conversation-list .row a");
	await page.waitForURL(/\/workspace\/[0-9a-f-]{36}$/);
	const here = page.url();
	await page.click(".chat-head .menu > summary");
	await page.click("#pin");
	await page.locator("#conversation-list .row[data-pinned]").waitFor();
	await page.click(".chat-head .menu > summary");
	await page.click("#archive");
	await page.waitForURL(/\?archived=/);
	assert.equal(await page.locator("#conversation-list .row").count(), 0);
	await page.click("#toasts .undo button");
	await page.waitForURL(here);
	await page.click(".chat-head .menu > summary");
	await page.click("#archive");
	await page.waitForURL(/\?archived=/);
	await page.goto(address + "/workspace?show=archived");
	await page.click("#conversation-list .row a");
	await page.waitForURL(here);
	await page.click(".chat-head .menu > summary");
	await page.click("#archive");
	await page.locator("#conversation-list .row[data-pinned]").waitFor();
	await page.click(".chat-head .menu > summary");
	await page.click("#pin");
	await page.waitForURL(here);
	assert.equal(await page.locator("#conversation-list .row[data-pinned]").count(), 0);
	await closePage(page);
});

test("another tab's row follows what a form did", async () => {
	const watching = await inside();
	const page = await openAt(browser, login, "/workspace");
	await page.click("#conversation-list .row a");
	await page.waitForURL(/\/workspace\/[0-9a-f-]{36}$/);
	await ready(watching);
	await page.click(".chat-head .menu > summary");
	await page.click("#pin");
	await watching.locator("#conversation-list .row[data-pinned]").waitFor();
	await page.click(".chat-head .menu > summary");
	await page.click("#archive");
	await page.waitForURL((url) => url.pathname.endsWith("/workspace"));
	await watching.locator("#conversation-list .row").waitFor({state: "detached"});
	await page.click("#toasts .undo button");
	await watching.locator("#conversation-list .row").waitFor();
	await closePage(page);
	await closePage(watching);
});

test("a project's conversation starts in its folder", async () => {
	const page = await openAt(browser, login, "/projects/new");
	await assertAccessible(page, "a new project");
	await page.fill("#project-name", "가게");
	await page.fill("#project-folder", "../shop");
	await page.click("main form button");
	await page.locator("[role=alert]", {hasText: says("error_project_folder")}).waitFor();
	await page.fill("#project-folder", "/workspace/shop/");
	await page.fill("#project-instructions", "Be brief.");
	await page.click("main form button");
	await page.waitForURL(/\/workspace\?project=/);
	await page.fill("#message-input", "hello");
	await page.press("#message-input", "Enter");
	await page.waitForURL(/\/workspace\/[0-9a-f-]{36}$/);
	await turns(page, 1);
	await page.goto(address + "/files");
	await page.locator("main a", {hasText: "shop"}).first().waitFor();
	await page.goto(address + "/projects");
	await page.locator("#projects a", {hasText: "가게"}).waitFor();
	await assertAccessible(page, "projects");
	await page.click("#projects .line-time");
	await page.click("#project-delete");
	await page.waitForURL(/\/projects\?deleted=/);
	assert.equal(await page.locator("#projects").count(), 0);
	await page.click("form.saved button");
	await page.locator("#projects a", {hasText: "가게"}).waitFor();
	await closePage(page);
});
