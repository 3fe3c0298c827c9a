import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {address, begin, logIn, newAccount, openPage, ready, startBrowser, turns} from "./gongbang.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser, login;
before(async () => {
	browser = await startBrowser();
	login = newAccount("axe");
});
after(() => browser.close());

// Runs axe in an isolated way: by the debugger, so the page's CSP stays as it is.
async function violations(page) {
	const client = await page.context().newCDPSession(page);
	await client.send("Runtime.evaluate", {expression: axe});
	const {result} = await client.send("Runtime.evaluate", {
		expression: "axe.run(document).then((r) => JSON.stringify(r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target).join(' '))))",
		awaitPromise: true,
	});
	return JSON.parse(result.value);
}

async function overflow(page) {
	return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

for (const locale of ["en-US", "ko-KR"])
	for (const colorScheme of ["light", "dark"])
		for (const width of [360, 1440, 2560])
			test(`axe and width: ${locale}, ${colorScheme}, ${width} px`, async () => {
				const page = await openPage(browser, {locale, colorScheme, viewport: {width, height: 800}});
				await page.goto(address + "/login");
				assert.deepEqual(await violations(page), []);
				assert.ok(await overflow(page) <= 0);
				await logIn(page, login);
				await page.waitForURL(/\/workspace$/);
				await ready(page);
				assert.deepEqual(await violations(page), []);
				assert.ok(await overflow(page) <= 0);
				await page.goto(address + "/account");
				assert.deepEqual(await violations(page), []);
				assert.ok(await overflow(page) <= 0);
				await begin(page, "markdown");
				await turns(page, 1);
				await page.fill("#message-input", "run: printf 'a%.0s' {1..400}");
				await page.press("#message-input", "Enter");
				await page.locator("[data-part=permission][data-state=waiting]").waitFor();
				assert.deepEqual(await violations(page), []);
				assert.ok(await overflow(page) <= 0);
				await page.click("[data-answer=deny]");
				await turns(page, 2);
				await page.fill("#message-input", "question");
				await page.press("#message-input", "Enter");
				await page.locator("[data-part=question][data-state=waiting]").waitFor();
				assert.deepEqual(await violations(page), []);
				assert.ok(await overflow(page) <= 0);
				// a conversation that waits keeps one of the few places
				await page.click("[data-part=question] [data-answer=deny]");
				await turns(page, 3);
				await page.context().close();
			});

async function clean(page, what) {
	assert.deepEqual(await violations(page), [], what);
	assert.ok(await overflow(page) <= 0, what + ": wider than the window");
}

for (const [locale, colorScheme, width] of [["en-US", "light", 1440], ["ko-KR", "dark", 360]])
	test(`axe: menus, shortcuts, plan, history, deleting, errors: ${locale}, ${width} px`, async () => {
		const page = await openPage(browser, {locale, colorScheme, viewport: {width, height: 800}});
		await page.goto(address + "/login");
		await page.fill("input[name=login]", login);
		await page.fill("input[name=password]", "not this one");
		await page.press("input[name=password]", "Enter");
		await page.locator("[role=alert]").first().waitFor();
		await clean(page, "a refused login");
		await logIn(page, login);
		await page.waitForURL(/\/workspace$/);
		await ready(page);
		await page.click(".user-menu > summary");
		await clean(page, "the user's menu");
		await page.keyboard.press("Escape");
		await begin(page, "hello");
		await turns(page, 1);
		const conversation = page.url();
		await page.click(".chat-head .menu > summary");
		await clean(page, "the conversation's menu");
		await page.reload();
		await ready(page);
		if (width < 800) {
			await page.click(".sidebar-toggle");
			await clean(page, "the list on a phone");
			await page.click(".sidebar-toggle");
		}
		await page.focus("#chat-area");
		await page.keyboard.press("?");
		await page.locator("#shortcuts[open]").waitFor();
		await clean(page, "the shortcuts");
		await page.click("#shortcuts button");
		await page.selectOption("#mode", "plan");
		await page.fill("#message-input", "plan");
		await page.press("#message-input", "Enter");
		await page.locator("[data-part=plan][data-state=waiting]").waitFor();
		await clean(page, "a plan");
		await page.click("[data-part=plan] [data-answer=deny]");
		await turns(page, 2);
		for (const path of [conversation + "?before=99999999", conversation + "/nothing", conversation.replace("/workspace/", "/conversations/") + "/delete"]) {
			await page.goto(path);
			await clean(page, path);
		}
		await page.context().close();
	});
