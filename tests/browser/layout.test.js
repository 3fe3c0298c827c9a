// Every page: what a finger or Tab reaches, its left edge, its one primary act, what moves.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {address, begin, closePage, gongbang, logIn, openAt, openPage, password, say, startBrowser, turns} from "./gongbang.js";

let browser;
const admin = "layout" + process.pid;
before(async () => {
	browser = await startBrowser();
	gongbang(["user", "add", admin, "--role", "admin"], password + "\n");
	gongbang(["agent", "import", "--user", admin, "--file", "-"], JSON.stringify({gongbang_agent: 1,
		name: "A report whose name is longer than a phone is wide", prompt: "hello"}));
});
after(() => browser.close());

const lists = ["/agents", "/executions", "/files", "/trash", "/usage", "/admin", "/admin/usage", "/admin/budgets"];
const texts = ["/account", "/notices", "/domains", "/admin/domains", "/admin/budgets/each", "/agents/new", "/agents/import"];
const ofAgent = ["", "/edit", "/versions", "/notify", "/hook"];

async function pathsOf(page) {
	await page.goto(address + "/agents");
	const agent = new URL(await page.locator(".board th a").first().getAttribute("href"), address).pathname;
	return [...lists, ...texts, ...ofAgent.map((path) => agent + path)];
}

// Targets that are too small for a finger. A link within a sentence may be as its text is;
// a row of a list is one target, and what takes no tap is none.
const smallTargets = () => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")]
	.filter((e) => e.checkVisibility({visibilityProperty: true}) && !e.closest(".sr, dialog:not([open])"))
	.filter((e) => getComputedStyle(e).pointerEvents !== "none" && !e.closest(".board .last"))
	.map((e) => [e, (e.closest(".board th") ? e.closest("tr") : e.matches("[type=checkbox], [type=radio]") ? e.closest("label") : e).getBoundingClientRect()])
	.filter(([e, r]) => r.right > 0 && Math.min(r.width, r.height) < 43.5 &&
		!(getComputedStyle(e).display === "inline" && e.closest("p, li, dd, small")))
	.map(([e, r]) => `${e.tagName} ${e.id || e.className || e.textContent.trim()} ${Math.round(r.width)}x${Math.round(r.height)}`);

// Safari enlarges a page for smaller ones.
const smallFields = () => [...document.querySelectorAll("input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea")]
	.filter((e) => parseFloat(getComputedStyle(e).fontSize) < 16).map((e) => e.name || e.id);

test("a phone: fingers hit everything, fields do not make the page grow, nothing is wider", async () => {
	const page = await openAt(browser, admin, "/agents", {viewport: {width: 360, height: 740}, hasTouch: true, isMobile: true});
	for (const path of ["/login", "/workspace", "/nothing", ...await pathsOf(page)]) {
		await page.goto(address + path);
		assert.deepEqual(await page.evaluate(smallTargets), [], path);
		assert.deepEqual(await page.evaluate(smallFields), [], path);
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth) <= 0, path);
	}
	await begin(page, "markdown");
	await turns(page, 1);
	assert.deepEqual(await page.evaluate(smallTargets), [], "a conversation");
	await page.fill("#message-input", "question");
	await page.click("#send");
	await page.locator("[data-part=question][data-state=waiting]").waitFor();
	assert.deepEqual(await page.evaluate(smallTargets), [], "a question");
	await page.click("[data-part=question] [data-answer=deny]");
	await turns(page, 2);
	await closePage(page);
});

test("one left edge, and one primary act, on every page", async () => {
	const page = await openAt(browser, admin, "/agents");
	const edges = new Map();
	for (const path of await pathsOf(page)) {
		await page.goto(address + path);
		const {left, filled} = await page.evaluate(() => ({
			left: document.querySelector("h1").getBoundingClientRect().left,
			filled: [...document.querySelectorAll("main button, main .button")].filter((e) => e.checkVisibility() && !e.matches(".secondary, .quiet, .danger, .row-act, .copy")).map((e) => e.id || e.textContent.trim()),
		}));
		edges.set(left, [...edges.get(left) || [], path]);
		assert.ok(filled.length <= 1, path + ": " + filled.join(", "));
	}
	assert.equal(edges.size, 1, JSON.stringify([...edges]));
	await closePage(page);
});

test("by Tab alone: all is reached in order, with its ring, and nothing holds one", async () => {
	const page = await openAt(browser, admin, "/agents");
	for (const path of ["/workspace", ...await pathsOf(page)]) {
		await page.goto(address + path);
		await page.evaluate(() => {
			document.body.tabIndex = -1;
			document.body.focus();	// from the top, wherever the page began
		});
		const reached = [];
		for (let i = 0; i < 120; i++) {
			await page.keyboard.press("Tab");
			const at = await page.evaluate(() => {
				const e = document.activeElement, style = getComputedStyle(e), card = e.closest(".composer-card, #palette");
				const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || card;
				return e === document.body ? null : (ring ? "" : "no ring: ") + (e.id || e.name || e.textContent.trim().slice(0, 30));
			});
			if (!at)
				break;
			reached.push(at);
		}
		assert.ok(reached.length > 8 && reached.length < 120, path + ": " + reached.join(", "));
		assert.deepEqual(reached.filter((at) => at.startsWith("no ring")), [], path);
	}
	await closePage(page);
});

test("reduced motion: nothing moves", async () => {
	const page = await openAt(browser, admin, "/workspace", {reducedMotion: "reduce"});
	await page.locator("#go").waitFor();
	const moving = () => [...document.querySelectorAll("*")].filter((e) => parseFloat(getComputedStyle(e).transitionDuration) > 0.001).map((e) => e.tagName + "." + e.className)
		.concat(document.getAnimations().map((a) => a.animationName));
	await page.keyboard.press("Control+k");
	await page.locator("#palette[open]").waitFor();
	assert.deepEqual(await page.evaluate(moving), []);
	await page.keyboard.press("Escape");
	await begin(page, "slow 20");
	await page.locator("#status-bar[data-state=working]").waitFor({timeout: 60000});
	assert.deepEqual(await page.evaluate(moving), []);
	await page.click("#stop");
	await closePage(page);
});

test("a keyboard that covers the page leaves the composer above it", async () => {
	const page = await openPage(browser, {viewport: {width: 360, height: 740}});
	// As in Safari, which tells of its keyboard only so.
	await page.addInitScript(() => {
		const view = Object.assign(new EventTarget(), {scale: 1, height: innerHeight});
		Object.defineProperty(window, "visualViewport", {value: view});
	});
	await logIn(page, admin);
	await page.waitForURL(/\/workspace$/);
	const bottom = () => page.evaluate(() => document.querySelector("#composer").getBoundingClientRect().bottom);
	const resize = (height) => page.evaluate((px) => {
		visualViewport.height = px;
		visualViewport.dispatchEvent(new Event("resize"));
	}, height);
	const before = await bottom();
	assert.ok(before > 600);
	await resize(400);
	assert.ok(await bottom() <= 400, "covered");
	await resize(740);
	assert.equal(await bottom(), before);
	await closePage(page);
});

test("the message box grows with its text, where the browser sizes it and where the script does", async () => {
	for (const native of [true, false]) {
		const page = await openPage(browser, {viewport: {width: 360, height: 740}});
		if (!native)
			await page.addInitScript(() => {
				CSS.supports = () => false;
				const sheet = new CSSStyleSheet();
				sheet.replaceSync("textarea { field-sizing: fixed !important; }");
				document.adoptedStyleSheets = [sheet];
			});
		await logIn(page, admin);
		await page.waitForURL(/\/workspace$/);
		const heightOf = async (text) => {
			await page.fill("#message-input", text);
			return page.evaluate(() => document.querySelector("#message-input").offsetHeight);
		};
		const one = await heightOf("one");
		const five = await heightOf("line\n".repeat(4) + "line");
		assert.ok(five >= one + 3 * 24 && five <= one + 4 * 24, `${native}: ${one}, then ${five}`);
		assert.equal(await heightOf("line\n".repeat(100)), 0.4 * 740);
		assert.equal(await heightOf("word ".repeat(5000)), 0.4 * 740);
		assert.equal(await heightOf(""), one);
		await closePage(page);
	}
});

test("a conversation with code opens without anything moving", async () => {
	const page = await openAt(browser, admin, "/workspace", {viewport: {width: 360, height: 740}});
	await begin(page, "markdown");
	await turns(page, 1);
	await say(page, "markdown");
	await turns(page, 2);
	await page.addInitScript(() => {
		window.shifts = [];
		new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((e) => [e.value, ...e.sources.map((s) => s.node?.id || s.node?.className)].join(" "))))
			.observe({type: "layout-shift", buffered: true});
	});
	await page.reload();
	await page.locator(".code .hl-kwa").first().waitFor();
	await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
	assert.deepEqual(await page.evaluate(() => window.shifts), []);
	assert.ok(await page.evaluate(() => { const c = document.querySelector("#chat-area"); return c.scrollHeight - c.scrollTop - c.clientHeight < 2; }), "at the end");
	await closePage(page);
});
