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
