// p50 of 20 switches: click to the state being ready. Usage: node .switch.mjs [hover ms]
import {address, begin, logIn, newAccount, openPage, ready, startBrowser, turns} from "./browser/gongbang.js";
const hover = Number(process.argv[2] ?? -1);
const browser = await startBrowser();
const page = await openPage(browser);
const login = newAccount("switch");
await logIn(page, login);
await page.waitForURL(/\/workspace$/);
await ready(page);
const urls = [];
for (let i = 0; i < 3; i++) {
	await begin(page, "markdown");
	await turns(page, 1);
	await ready(page);
	urls.push(page.url().split("/").at(-1));
}
const times = [], shown = [];
for (let i = 0; i < 20; i++) {
	const id = urls[i % 3];
	const row = page.locator(`#c-${id} a`);
	if (hover >= 0) {
		await row.hover();
		await page.waitForTimeout(hover);
	}
	const t = performance.now();
	await row.click();
	await page.waitForURL(new RegExp(id), {waitUntil: "commit"});
	await page.locator("#chat-area [data-part=usage]").first().waitFor();
	shown.push(performance.now() - t);
	await page.locator("#status-bar[data-state=ready], #status-bar[data-state=stopped]").waitFor();
	times.push(performance.now() - t);
	await page.waitForTimeout(300);
}
const mid = (list) => Math.round(list.sort((a, b) => a - b)[10]);
const p95 = (list) => Math.round(list.sort((a, b) => a - b)[18]);
console.log({hover, shown: mid(shown), ready: mid(times), ready95: p95(times)});
const nav = await page.evaluate(() => { const n = performance.getEntriesByType("navigation")[0]; return [n.deliveryType, n.transferSize, n.encodedBodySize, n.responseEnd, n.domContentLoadedEventEnd]; });
console.log(nav, page.problems);
await browser.close();
