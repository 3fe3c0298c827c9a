// Going anywhere by Ctrl+K, and the header on a phone.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {address, assertAccessible, begin, logIn, newAccount, openPage, startBrowser, turns} from "./gongbang.js";

let browser, login;
before(async () => {
	browser = await startBrowser();
	login = newAccount();
});
after(() => browser.close());

async function inside(options) {
	const page = await openPage(browser, options);
	await logIn(page, login);
	await page.waitForURL(/\/workspace$/);
	return page;
}

async function openPalette(page) {
	await page.keyboard.press("Control+k");
	await page.locator("#palette[open]").waitFor();
}

test("Ctrl+K finds pages, conversations and acts, in Korean too", async () => {
	const page = await inside({locale: "ko-KR"});
	await begin(page, "hello 주간 보고서");
	await turns(page, 1);
	const conversation = page.url();
	await page.goto(address + "/usage");
	await openPalette(page);
	await assertAccessible(page, "the palette");
	// the last syllable is still being written
	await page.keyboard.insertText("주간 보고서ㄱ");
	// its title, the message itself, and the page with all messages
	await page.locator("#palette li mark", {hasText: "보고서"}).waitFor();
	assert.match(await page.locator("#palette li").first().textContent(), /주간 보고서/);
	assert.equal(await page.locator("#palette li").count(), 3);
	await page.keyboard.press("Enter");
	await page.waitForURL(conversation);

	await openPalette(page);
	await page.keyboard.insertText("에이전트");
	const options = page.locator("#palette li");
	assert.ok(await options.count() >= 2);
	await page.keyboard.press("ArrowDown");
	assert.equal(await page.locator("#palette [aria-selected=true]").getAttribute("id"), "palette-1");
	assert.equal(await page.locator("#palette input").getAttribute("aria-activedescendant"), "palette-1");
	await page.keyboard.press("ArrowUp");
	await page.keyboard.press("Enter");
	await page.waitForURL(/\/agents\/new$/);

	await openPalette(page);
	await page.keyboard.insertText("English");
	await page.keyboard.press("Enter");
	await page.locator("html[lang=en]").waitFor();
	await openPalette(page);
	await page.keyboard.press("Escape");
	assert.equal(await page.locator("#palette[open]").count(), 0);
	assert.deepEqual(page.problems, []);
	await page.context().close();
});

test("a login takes the browser's time zone", async () => {
	const page = await openPage(browser, {timezoneId: "Asia/Seoul"});
	await logIn(page, newAccount());
	await page.waitForURL(/\/workspace$/);
	await page.goto(address + "/account");
	assert.equal(await page.inputValue("#timezone"), "Asia/Seoul");
	await page.context().close();
});

for (const javaScriptEnabled of [true, false])
	test(`a phone has one bar and its pages in a drawer, script ${javaScriptEnabled}`, async () => {
		const page = await inside({viewport: {width: 360, height: 780}, javaScriptEnabled});
		const below = await page.locator("#workspace").boundingBox();
		assert.ok(below.y <= 49, `the workspace begins at ${below.y} px`);
		await page.goto(address + "/usage");
		assert.equal(await page.locator(".drawer nav").isVisible(), false);
		await page.click(".drawer > summary");
		const pages = page.locator(".drawer nav a");
		assert.ok(await pages.count() >= 5);
		for (const at of ["/agents", "/notices", "/usage"]) {
			await page.goto(address + at);
			const over = await page.locator("body").evaluate((body) => body.ownerDocument.documentElement.scrollWidth - window.innerWidth);
			assert.ok(over <= 0, `${at} is ${over} px too wide`);
		}
		await page.click(".drawer > summary");
		await pages.filter({hasText: /^(Agents|에이전트)/}).click();
		await page.waitForURL(/\/agents$/);
		await page.context().close();
	});
