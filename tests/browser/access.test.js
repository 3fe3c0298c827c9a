import {after, before, test} from "node:test";
import {address, assertAccessible, begin, logIn, newAccount, openPage, ready, startBrowser, turns} from "./gongbang.js";

let browser, login;
before(async () => {
	browser = await startBrowser();
	login = newAccount("axe");
});
after(() => browser.close());

for (const locale of ["en-US", "ko-KR"])
	for (const colorScheme of ["light", "dark"])
		for (const width of [360, 1440, 2560])
			test(`axe and width: ${locale}, ${colorScheme}, ${width} px`, async () => {
				const page = await openPage(browser, {locale, colorScheme, viewport: {width, height: 800}});
				await page.goto(address + "/login");
				await assertAccessible(page);
				await logIn(page, login);
				await page.waitForURL(/\/workspace$/);
				await ready(page);
				await assertAccessible(page);
				await page.goto(address + "/account");
				await assertAccessible(page);
				await begin(page, "markdown");
				await turns(page, 1);
				await page.fill("#message-input", "run: printf 'a%.0s' {1..400}");
				await page.press("#message-input", "Enter");
				await page.locator("[data-part=permission][data-state=waiting]").waitFor();
				await assertAccessible(page);
				await page.click("[data-answer=deny]");
				await turns(page, 2);
				await page.fill("#message-input", "question");
				await page.press("#message-input", "Enter");
				await page.locator("[data-part=question][data-state=waiting]").waitFor();
				await assertAccessible(page);
				// a conversation that waits keeps one of the few places
				await page.click("[data-part=question] [data-answer=deny]");
				await turns(page, 3);
				await page.context().close();
			});

for (const [locale, colorScheme, width] of [["en-US", "light", 1440], ["ko-KR", "dark", 360]])
	test(`axe: menus, shortcuts, plan, history, deleting, errors: ${locale}, ${width} px`, async () => {
		const page = await openPage(browser, {locale, colorScheme, viewport: {width, height: 800}});
		await page.goto(address + "/login");
		await page.fill("input[name=login]", login);
		await page.fill("input[name=password]", "not this one");
		await page.press("input[name=password]", "Enter");
		await page.locator("[role=alert]").first().waitFor();
		await assertAccessible(page, "a refused login");
		await logIn(page, login);
		await page.waitForURL(/\/workspace$/);
		await ready(page);
		await page.click(".user-menu > summary");
		await assertAccessible(page, "the user's menu");
		await page.keyboard.press("Escape");
		await begin(page, "hello");
		await turns(page, 1);
		const conversation = page.url();
		await page.click(".chat-head .menu > summary");
		await assertAccessible(page, "the conversation's menu");
		await page.reload();
		await ready(page);
		if (width < 800) {
			await page.click(".sidebar-toggle");
			await assertAccessible(page, "the list on a phone");
			await page.click(".sidebar-toggle");
		}
		await page.focus("#chat-area");
		await page.keyboard.press("?");
		await page.locator("#shortcuts[open]").waitFor();
		await assertAccessible(page, "the shortcuts");
		await page.click("#shortcuts button");
		await page.selectOption("#mode", "plan");
		await page.fill("#message-input", "plan");
		await page.press("#message-input", "Enter");
		await page.locator("[data-part=plan][data-state=waiting]").waitFor();
		await assertAccessible(page, "a plan");
		await page.click("[data-part=plan] [data-answer=deny]");
		await turns(page, 2);
		for (const path of [conversation + "?before=99999999", conversation + "/nothing", conversation.replace("/workspace/", "/conversations/") + "/delete"]) {
			await page.goto(path);
			await assertAccessible(page, path);
		}
		await page.context().close();
	});
