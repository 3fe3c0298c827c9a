import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {address, gongbang, logIn, newAccount, openPage, password, startBrowser} from "./gongbang.js";

let browser;
before(async () => { browser = await startBrowser(); });
after(() => browser.close());

test("a wrong password is refused in words and keeps the login", async () => {
	const login = newAccount();
	const page = await openPage(browser);
	await logIn(page, login, "wrong password here");
	await page.locator("[role=alert]").waitFor();
	assert.equal(await page.inputValue("input[name=login]"), login);
	assert.equal(await page.inputValue("input[name=password]"), "");
	const known = await page.locator("[role=alert]").innerText();
	await logIn(page, "nobody-of-that-name", "wrong password here");
	assert.equal(await page.locator("[role=alert]").innerText(), known);
});

test("login opens the workspace, logout ends it on the server", async () => {
	const login = newAccount();
	const page = await openPage(browser);
	await logIn(page, login);
	await page.waitForURL(/\/workspace$/);
	const [cookie] = (await page.context().cookies()).filter((c) => c.name === "gongbang_session");
	assert.ok(cookie.httpOnly);
	assert.equal(cookie.sameSite, "Lax");
	await page.click(".user-menu > summary");
	await page.click("#logout");
	await page.waitForURL(/\/login/);
	await page.context().addCookies([cookie]);
	await page.goto(address + "/workspace");
	assert.match(page.url(), /\/login/);
	assert.deepEqual(page.problems, []);
});

test("after login one comes back to the page one asked for", async () => {
	const login = newAccount();
	const page = await openPage(browser);
	await page.goto(address + "/account");
	assert.match(page.url(), /\/login\?next=/);
	await page.fill("input[name=login]", login);
	await page.fill("input[name=password]", password);
	await page.press("input[name=password]", "Enter");
	await page.waitForURL(/\/account$/);
});

test("a disabled account is thrown out of an open page", async () => {
	const login = newAccount();
	const page = await openPage(browser);
	await logIn(page, login);
	await page.waitForURL(/\/workspace$/);
	await page.locator("#status-bar[data-state=ready]").waitFor({timeout: 60000});
	gongbang(["user", "disable", login]);
	await page.locator("#status-bar[data-state=failed]").waitFor();
	await page.reload();
	assert.match(page.url(), /\/login/);
});

test("Korean by the browser's language, then by choice", async () => {
	const login = newAccount();
	const page = await openPage(browser, {locale: "ko-KR"});
	await page.goto(address + "/login");
	assert.equal(await page.getAttribute("html", "lang"), "ko");
	assert.match(await page.innerText("body"), /로그인/);
	await logIn(page, login);
	await page.waitForURL(/\/workspace$/);
	await page.click(".user-menu > summary");
	await page.click("button[name=locale][value=en]");
	await page.waitForLoadState();
	assert.equal(await page.getAttribute("html", "lang"), "en");
	await page.reload();
	assert.equal(await page.getAttribute("html", "lang"), "en");
});

test("the theme that the system has already is not offered", async () => {
	for (const [colorScheme, offered] of [["dark", "light"], ["light", "dark"]]) {
		const page = await openPage(browser, {colorScheme});
		await page.goto(address + "/login");
		assert.deepEqual(await page.locator("button[name=theme]:visible").evaluateAll((all) => all.map((one) => one.value)), [offered]);
		await page.context().close();
	}
});

test("the theme is chosen without script", async () => {
	const login = newAccount();
	const page = await openPage(browser, {javaScriptEnabled: false});
	await logIn(page, login);
	await page.waitForURL(/\/workspace$/);
	await page.click(".user-menu > summary");
	await page.click("button[name=theme][value=dark]");
	assert.equal(await page.getAttribute("html", "data-theme"), "dark");
	await page.click(".user-menu > summary");
	await page.click("button[name=theme][value=light]");
	assert.equal(await page.getAttribute("html", "data-theme"), "light");
});
