// The pages of agents, as people see and use them.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {address, assertAccessible, begin, closePage, newAccount, openAt, startBrowser, turns} from "./gongbang.js";
import {says} from "../words.js";

let browser, login;
before(async () => {
	browser = await startBrowser();
	login = newAccount("agent");
});
after(() => browser.close());
const open = (path, options, who = login) => openAt(browser, who, path, options);

async function make(page, name, prompt = "Fetch {{date}}") {
	await page.goto(address + "/agents/new");
	await page.fill("#name", name);
	await page.fill("#prompt", prompt);
	await page.selectOption("#frequency", "daily");
	await page.click("#save");
	await page.waitForURL(/\/agents\/[0-9a-f-]{36}\?done=on$/);
	return page.url().match(/[0-9a-f-]{36}/)[0];
}

test("an agent is made without script: all fields are there, preview and saving too", async () => {
	const page = await open("/agents", {javaScriptEnabled: false});
	assert.match(await page.locator(".empty-state").innerText(), says("agent_none_title"));
	await page.click("#new-agent");
	for (const name of ["name", "prompt", "frequency", "date", "time", "cron", "timezone", "model", "tools"])
		assert.ok(await page.locator(`[name=${name}]`).first().isVisible(), name);
	await page.fill("#name", "By hand");
	await page.fill("#prompt", "On {{date}}, keep {{this}}.");
	await page.selectOption("#frequency", "weekly");
	await page.check("[name=days][value=mo]");
	await page.fill("#timezone", "America/New_York");
	await page.click("#show-preview");
	await page.locator(".runs-list").waitFor();
	assert.equal(await page.locator(".runs-list li").count(), 5);
	for (const row of await page.locator(".runs-list li").allInnerTexts())
		assert.match(row, /Mon .*08:00 (EST|EDT)/);
	assert.match(await page.locator(".preview-prompt pre").innerText(), /^On \d{4}-\d\d-\d\d.*, keep {{this}}\.$/);
	await page.click("#save");
	assert.match(page.url(), /\/agents\/[0-9a-f-]{36}\?done=on$/);
	assert.match(await page.locator(".saved").innerText(), says("agent_done_on_next"));
	assert.equal(await page.locator("#agent-now").getAttribute("data-status"), "active");
	await page.goto(address + "/agents");
	const row = page.locator("#agent-dashboard [data-agent]");
	assert.equal(await row.count(), 1);
	assert.match(await row.innerText(), /By hand[^]*No runs yet[^]*in \d+ (day|hour|minute|second)/);
	await page.context().close();
});

test("with script fields that do not apply are hidden and the next runs appear while typing", async () => {
	const page = await open("/agents/new", {}, newAccount("agent"));
	const seen = (selector) => page.locator(selector).isVisible();
	assert.equal(await seen("#time"), false);
	assert.equal(await seen("#show-preview"), false);
	await page.selectOption("#frequency", "weekly");
	assert.ok(await seen("#time"));
	assert.ok(await seen("[name=days][value=mo]"));
	assert.equal(await seen("#month-day"), false);
	assert.equal(await seen("#cron"), false);
	assert.equal(await page.locator("[name=days]:checked").count(), 1, "today's weekday");
	await page.locator("[name=days]:checked").uncheck();
	await page.locator(".preview-problems").waitFor();
	await page.check("[name=days][value=we]");
	await page.locator(".runs-list li").nth(4).waitFor();
	assert.match(await page.locator(".runs-list").innerText(), /Wed/);
	await page.selectOption("#frequency", "monthly");
	await page.selectOption("#month-day", "-1fr");
	await page.locator(".runs-list", {hasText: "Fri"}).waitFor();
	await page.selectOption("#frequency", "cron");
	await page.fill("#cron", "0 0 30 2 *");
	await page.locator(".preview-problems").waitFor();
	await page.fill("#cron", "30 7 * * 1-5");
	await page.locator(".runs-list", {hasText: "07:30"}).waitFor();
	assert.equal(await seen("#tools"), false);
	await page.check("[name=policy][value=listed]");
	assert.ok(await seen("#tools"));
	await closePage(page);
});

test("what is wrong is said at its field, and what was typed stays", async () => {
	const page = await open("/agents/new", {}, newAccount("agent"));
	await page.fill("#name", "Kept");
	await page.fill("#prompt", "Kept words");
	await page.selectOption("#frequency", "daily");
	await page.fill("#timezone", "Mars/Base");
	await page.click("#save");
	await page.locator(".error-summary").waitFor();
	assert.equal(await page.evaluate(() => document.activeElement.className), "error-summary");
	assert.equal(await page.inputValue("#name"), "Kept");
	assert.equal(await page.inputValue("#prompt"), "Kept words");
	assert.equal(await page.getAttribute("#timezone", "aria-invalid"), "true");
	const describes = (await page.getAttribute("#timezone", "aria-describedby")).split(" ");
	assert.ok(describes.includes("timezone-problem"));
	assert.ok(await page.locator("#timezone-problem").isVisible());
	await assertAccessible(page, "errors");
	await page.click(".error-summary a");
	assert.equal(await page.evaluate(() => location.hash), "#timezone");
	await closePage(page);
});

test("two tabs: the second is told, keeps its words, and decides", async () => {
	const page = await open("/agents", {}, newAccount("agent"));
	const id = await make(page, "Shared");
	const other = await page.context().newPage();
	for (const tab of [page, other])
		await tab.goto(address + `/agents/${id}/edit`);
	await other.fill("#prompt", "The other tab's words");
	await other.click("#save");
	await other.waitForURL(/done=saved/);
	await page.fill("#prompt", "This tab's words");
	await page.click("#save");
	await page.locator("#conflict").waitFor();
	assert.equal(await page.inputValue("#prompt"), "This tab's words");
	assert.equal(await page.locator("#conflict del").innerText(), "The other tab's words");
	assert.equal(await page.locator("#conflict ins").innerText(), "This tab's words");
	await assertAccessible(page, "conflict");
	await other.goto(address + `/agents/${id}/edit`);
	assert.equal(await other.inputValue("#prompt"), "The other tab's words");
	await page.click("#keep-mine");
	await page.waitForURL(/done=saved/);
	await other.fill("#name", "Late");
	await other.click("#save");
	await other.locator("#conflict").waitFor();
	await other.click("#take-theirs");
	await other.waitForURL(/\/agents\/[0-9a-f-]{36}\/edit$/);
	assert.equal(await other.inputValue("#prompt"), "This tab's words");
	assert.equal(await other.inputValue("#name"), "Shared");
	await closePage(page);
});

test("versions are compared, and one is restored", async () => {
	const page = await open("/agents", {}, newAccount("agent"));
	const id = await make(page, "Versions", "one\ntwo\nthree");
	await page.goto(address + `/agents/${id}/edit`);
	await page.fill("#prompt", "one\nTWO\nthree");
	await page.click("#save");
	await page.waitForLoadState();
	await page.goto(address + `/agents/${id}/versions`);
	assert.equal(await page.locator("[data-version]").count(), 2);
	assert.match(await page.locator("[data-version='2']").innerText(), /Prompt/);
	await page.click("button:has-text('Compare')");
	await page.locator("#comparison").waitFor();
	assert.equal(await page.locator("#comparison del").innerText(), "two");
	assert.equal(await page.locator("#comparison ins").innerText(), "TWO");
	await page.click("[data-version='1'] button");
	await page.waitForURL(/done=restored/);
	await page.goto(address + `/agents/${id}/edit`);
	assert.equal(await page.inputValue("#prompt"), "one\ntwo\nthree");
	await closePage(page);
});

test("pause, resume, delete", async () => {
	const page = await open("/agents", {}, newAccount("agent"));
	const id = await make(page, "Switch");
	await page.click("#pause");
	await page.waitForURL(/done=paused/);
	assert.equal(await page.locator("#agent-now").getAttribute("data-status"), "paused");
	await page.goto(address + "/agents");
	await page.click(`[data-agent="${id}"] button`);
	assert.equal(await page.locator("#row-menu [data-act=pause]").isVisible(), false);
	await page.click("#row-menu [data-act=resume]");
	await page.locator(`[data-agent="${id}"][data-status=active]`).waitFor();
	assert.match(page.url(), /\/agents$/);
	await page.goto(address + `/agents/${id}/delete`);
	await page.click("button.destroy");
	await page.waitForURL(/deleted=1/);
	assert.match(await page.locator(".empty-state").innerText(), says("agent_none_title"));
	await closePage(page);
});

test("the dashboard keeps up with what another tab does, but not under the reader", async () => {
	const page = await open("/agents", {}, newAccount("agent"));
	const id = await make(page, "Watched");
	const other = await make(page, "At hand");
	await page.goto(address + "/agents");
	const tab = await page.context().newPage();
	for (const one of [id, other]) {
		await tab.goto(address + "/agents/" + one);
		await tab.click("#pause");
		await tab.waitForURL(/done=paused/);
	}
	await page.bringToFront();
	await page.locator(`[data-agent="${other}"] th a`).focus();
	await page.evaluate(() => dispatchEvent(new Event("focus")));
	await page.locator(`[data-agent="${id}"][data-status=paused]`).waitFor();
	assert.equal(await page.getAttribute(`[data-agent="${other}"]`, "data-status"), "active");
	assert.equal(await page.evaluate(() => document.activeElement.textContent), "At hand");
	await page.evaluate(() => {
		document.activeElement.blur();
		dispatchEvent(new Event("focus"));
	});
	await page.locator(`[data-agent="${other}"][data-status=paused]`).waitFor();
	await closePage(page);
});

test("the dashboard by keyboard: n, /, arrows", async () => {
	const page = await open("/agents", {}, newAccount("agent"));
	await make(page, "Alpha");
	await make(page, "Beta");
	await page.goto(address + "/agents");
	await page.keyboard.press("/");
	assert.equal(await page.evaluate(() => document.activeElement.id), "agent-search");
	await page.keyboard.type("bet");
	await page.keyboard.press("Enter");
	await page.waitForURL(/search=bet/);
	assert.equal(await page.locator("[data-agent]").count(), 1);
	await page.goto(address + "/agents");
	await page.locator(".board th a").first().focus();
	await page.keyboard.press("ArrowDown");
	assert.equal(await page.evaluate(() => document.activeElement.textContent), "Beta");
	await page.keyboard.press("ArrowUp");
	assert.equal(await page.evaluate(() => document.activeElement.textContent), "Alpha");
	await page.evaluate(() => document.activeElement.blur());
	await page.keyboard.press("n");
	await page.waitForURL(/\/agents\/new$/);
	await closePage(page);
});

for (const javaScriptEnabled of [true, false])
	test(`a conversation becomes an agent, script ${javaScriptEnabled ? "on" : "off"}`, async () => {
		const who = newAccount("agent");
		const page = await open("/workspace", {}, who);
		await begin(page, "hello");
		await turns(page, 1);
		const conversation = page.url();
		let tab = page;
		if (!javaScriptEnabled) {
			tab = await open("/workspace", {javaScriptEnabled}, who);
			await tab.goto(conversation);
		}
		await tab.click("#save-agent");
		await tab.waitForURL(/\/agents\/new\?conversation=/);
		await tab.locator("#agent-form").waitFor({timeout: 60000});
		assert.equal(await tab.inputValue("#name"), "Daily report");
		assert.equal(await tab.inputValue("#prompt"), "write: report-{{date}}.md");
		await tab.click("#save-draft");
		await tab.waitForURL(/done=draft/);
		assert.equal(await tab.locator("#agent-now").getAttribute("data-status"), "paused");
		if (tab !== page)
			await tab.context().close();
		await closePage(page);
	});

for (const locale of ["en-US", "ko-KR"])
	for (const colorScheme of ["light", "dark"])
		for (const width of [360, 1440])
			test(`axe and width: ${locale}, ${colorScheme}, ${width} px`, async () => {
				const page = await open("/agents", {locale, colorScheme, viewport: {width, height: 800}}, newAccount("agent"));
				await assertAccessible(page, "empty");
				await page.goto(address + "/agents/new");
				await assertAccessible(page, "new");
				await page.selectOption("#frequency", "weekly");
				await page.click(".limits > summary");
				await assertAccessible(page, "fields");
				const id = await make(page, "가나다 ".repeat(10) + "W".repeat(30));
				await assertAccessible(page, "overview");
				await page.goto(address + `/agents/${id}/edit`);
				await page.locator(".runs-list").waitFor();
				await assertAccessible(page, "agent");
				for (const path of ["/agents", `/agents/${id}/versions`, `/agents/${id}/delete`]) {
					await page.goto(address + path);
					await assertAccessible(page, path);
				}
				await closePage(page);
			});
