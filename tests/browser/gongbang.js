// Shared by the browser tests: the address, an account, a page.
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {afterEach, beforeEach} from "node:test";
import {chromium} from "playwright-core";

export const address = process.env.GONGBANG_URL;
if (!address)
	throw new Error("GONGBANG_URL is not set: run scripts/check, or scripts/up and set it");
const command = process.env.GONGBANG_COMMAND || "scripts/gongbang";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const password = "correct horse battery";

// Runs the command line against the installation under test.
export function gongbang(args, input = "") {
	return execFileSync(command, args, {input, encoding: "utf8"});
}

let accounts = 0;
export function newAccount(prefix = "u") {
	const login = prefix + process.pid + "x" + accounts++;
	gongbang(["user", "add", login], password + "\n");
	return login;
}

export function startBrowser() {
	return chromium.launch({
		executablePath: "/usr/bin/chromium-headless-shell",
		args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-component-update",
			"--disable-sync"],
	});
}

// What a test opens ends with it, lest it goes on drawing beside the next; what
// was opened before the tests stays.
let opened = [];
if (process.env.NODE_TEST_CONTEXT) {	// not for pictures
	beforeEach(() => { opened = []; });
	afterEach(() => Promise.all(opened.map((context) => context.close())));
}

// A page of its own context. Console errors and refused CSP are failures:
// page.problems lists them.
export async function openPage(browser, options = {}) {
	const context = await browser.newContext({
		viewport: {width: 1440, height: 900}, locale: "en-US", ...options});
	opened.push(context);
	const page = await context.newPage();
	page.setDefaultTimeout(20000);
	page.problems = [];
	page.on("console", (message) => {
		if (message.type() === "error" && !/WebSocket connection|status of (401|404|4..|5..)/.test(message.text()))
			page.problems.push(message.text());
	});
	page.on("pageerror", (error) => page.problems.push(String(error)));
	return page;
}

export async function logIn(page, login, secret = password) {
	await page.goto(address + "/login");
	await page.fill("input[name=login]", login);
	await page.fill("input[name=password]", secret);
	await page.press("input[name=password]", "Enter");
}

// Of who is logged in: the page at this path.
export async function openAt(browser, login, path, options) {
	const page = await openPage(browser, options);
	await logIn(page, login);
	await page.waitForURL(/\/workspace$/);
	await page.goto(address + path);
	return page;
}

export async function closePage(page) {
	assert.deepEqual(page.problems, []);
	await page.context().close();
}

// axe by the debugger, so the page's CSP stays as it is; and nothing is wider than the window.
export async function assertAccessible(page, what = page.url()) {
	const client = await page.context().newCDPSession(page);
	await client.send("Runtime.evaluate", {expression: axe});
	// What fades in or out has no colour of its own yet.
	await page.evaluate(() => document.getAnimations().filter((a) => Number.isFinite(a.effect.getComputedTiming().endTime)).forEach((a) => a.finish()));
	const {result} = await client.send("Runtime.evaluate", {
		expression: "axe.run(document).then((r) => JSON.stringify(r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target).join(' '))))",
		awaitPromise: true,
	});
	assert.deepEqual(JSON.parse(result.value), [], what);
	assert.ok(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth) <= 0, what + ": wider than the window");
	if (process.env.GONGBANG_SCREENSHOTS)
		await page.screenshot({path: `${process.env.GONGBANG_SCREENSHOTS}/${what.replace(/[^a-z0-9]+/gi, "-")}.png`, fullPage: true});
}

export async function ready(page) {
	await page.locator("#status-bar[data-state=ready]").waitFor({timeout: 60000});
}

// From the workspace's first page to a conversation with this message sent.
export async function begin(page, text) {
	await page.goto(address + "/workspace");
	await page.fill("#message-input", text);
	await page.press("#message-input", "Enter");
	await page.waitForURL(/\/workspace\/[0-9a-f-]{36}$/);
}

export async function say(page, text) {
	await page.fill("#message-input", text);
	await page.press("#message-input", "Enter");
}

// The turn's end: its usage part. n: how many turns so far.
export async function turns(page, n, timeout = 60000) {
	await page.locator("[data-part=usage]").nth(n - 1).waitFor({timeout});
}
