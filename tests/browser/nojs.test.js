// Every page with JavaScript off: what can be pressed works, nothing says that
// it is connecting.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {says} from "../words.js";
import {address, gongbang, openAt, password, startBrowser} from "./gongbang.js";

const PAGES_MAX = 60;
let browser;
before(async () => { browser = await startBrowser(); });
after(() => browser.close());

// What a reader sees and cannot use: buttons that only a script hears, fields
// and forms that go nowhere.
function deadControls() {
	const dead = {
		button: (n) => n.type === "button" || !n.form,
		form: (n) => !n.hasAttribute("action"),
		input: (n) => !n.form && !n.readOnly,
		select: (n) => !n.form,
		textarea: (n) => !n.form && !n.readOnly,
		a: (n) => !n.hasAttribute("href"),
	};
	return [...document.querySelectorAll(Object.keys(dead).join())]
		.filter((n) => n.checkVisibility() && !n.disabled && dead[n.localName](n))
		.map((n) => n.outerHTML.slice(0, 160));
}

// One page of a kind: what differs in ids alone is the same page.
const kind = (url) => url.pathname.replace(/[0-9a-f-]{36}/g, "ID") + (/month=|show=/.test(url.search) ? "" : url.search);

test("no page has a dead control or waits for a script", async () => {
	const login = "plain" + process.pid;
	gongbang(["user", "add", login, "--role", "admin"], password + "\n");
	const page = await openAt(browser, login, "/agents/new", {javaScriptEnabled: false});
	await page.fill("#name", "Plain");
	await page.fill("#prompt", "Hello");
	await page.click("#save");
	await page.waitForURL(/\/agents\/[0-9a-f-]{36}\b/);
	await page.click("#run-now");
	await page.waitForURL(/\/executions\/[0-9a-f-]{36}/);
	await page.goto(address + "/workspace");
	await page.fill("#message-input", "question");
	await page.click("#send");
	await page.waitForURL(/\/workspace\/[0-9a-f-]{36}/);

	const queue = [new URL(address + "/workspace"), new URL(address + "/login"), new URL(address + "/nothing-here")];
	const seen = new Set(queue.map(kind));
	const words = says("ws_connecting");
	const wrong = [];
	let visited = 0;
	while (queue.length && visited < PAGES_MAX) {
		const url = queue.shift();
		const answer = await page.goto(url.href);
		if (!(answer.headers()["content-type"] ?? "").startsWith("text/html"))
			continue;
		visited++;
		for (const dead of await page.evaluate(deadControls))
			wrong.push(`${kind(url)}: ${dead}`);
		if (words.test(await page.locator("body").innerText()))
			wrong.push(`${kind(url)}: ${words}`);
		for (const href of await page.evaluate(() => [...document.querySelectorAll("a[href]:not([download])")].map((a) => a.href))) {
			const next = new URL(href);
			next.hash = "";
			if (next.origin !== new URL(address).origin || /\/(export|files|usage\.csv)\b/.test(next.pathname) || seen.has(kind(next)))
				continue;
			seen.add(kind(next));
			queue.push(next);
		}
	}
	assert.ok(visited >= 20, `walked only ${visited} pages: ${[...seen].join(" ")}`);
	assert.deepEqual(wrong, []);
	await page.context().close();
});
