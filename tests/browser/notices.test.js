// Notifications, their rules, triggers and files of agents, as people see and
// use them.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {writeFileSync, rmSync} from "node:fs";
import {address, assertAccessible, closePage, gongbang, newAccount, openAt, startBrowser} from "./gongbang.js";
import {says} from "../words.js";

const definition = {gongbang_agent: 1, name: "주간 보고 <b>", prompt: "Say {{payload}}"};
let browser, login;
before(async () => {
	browser = await startBrowser();
	login = newAccount("notices");
	gongbang(["agent", "import", "--user", login, "--file", "-"], JSON.stringify(definition));
});
after(() => browser.close());
const open = (path, options) => openAt(browser, login, path, options);

async function agent(page) {
	await page.goto(address + "/agents");
	return page.locator("[data-agent]").first().getAttribute("data-agent");
}

test("a rule is added, tried and removed without script", async () => {
	const page = await open("/agents", {javaScriptEnabled: false});
	await page.goto(`${address}/agents/${await agent(page)}/notify`);
	await page.check("input[name=channel][value=webhook]");
	await page.fill("#target", "not an address");
	await page.click("#notify-form button");
	assert.match(await page.locator("#problem").innerText(), says("error_notify_url"));
	assert.equal(await page.inputValue("#target"), "not an address");
	await page.fill("#target", "http://127.0.0.1:9/hook");
	await page.check("input[name=event_success]");
	await page.click("#notify-form button");
	assert.match(await page.locator("#rules li").innerText(), /Success, Finished with problems, Failure/);
	await page.locator("#rules summary").click();
	await page.locator("#rules details a").click();
	assert.match(await page.locator("#rules code.secret").innerText(), /^[0-9a-f]{64}$/);
	await page.locator("#rules button").first().click();
	await page.locator("#sent li").waitFor();
	await page.locator("#rules button").nth(1).click();
	assert.equal(await page.locator("#rules li").count(), 0);
	await closePage(page);
});

test("a trigger's address is shown once and begins a run", async () => {
	const page = await open("/agents");
	const id = await agent(page);
	await page.goto(`${address}/agents/${id}/hook`);
	await page.click("#hook-make");
	const hook = await page.locator("#hook-address").innerText();
	assert.match(hook, /\/hooks\/[0-9a-f]{64}$/);
	await page.click(".copy-address");
	await page.locator(".copy-address").filter({hasText: says("copied")}).waitFor();
	await assertAccessible(page, "hook");
	const at = address + hook.slice(hook.indexOf("/hooks/"));
	assert.equal((await fetch(at, {method: "POST"})).status, 409);
	await page.goto(`${address}/agents/${id}`);
	await page.click("#resume");
	const answer = await fetch(at, {method: "POST", headers: {"content-type": "application/json"}, body: '{"a":1}'});
	assert.equal(answer.status, 202);
	const {execution} = await answer.json();
	assert.equal(answer.headers.get("location"), execution);
	await page.goto(`${address}/agents/${id}/hook`);
	assert.equal(await page.locator("#hook-address").count(), 0);
	await page.click("#hook-revoke");
	assert.equal((await fetch(at, {method: "POST"})).status, 404);
	await closePage(page);
});

test("a file is read into the form, and what is wrong is named", async () => {
	const page = await open("/agents/import");
	const file = `/tmp/agent-${process.pid}.json`;
	writeFileSync(file, JSON.stringify({...definition, retries: 99}));
	await page.setInputFiles("#import-file", file);
	await page.waitForFunction(() => document.querySelector("#import-json").value !== "");
	await page.click("#import-form button");
	assert.match(await page.locator("#problem").innerText(), /^retries: /);
	await assertAccessible(page, "import wrong");
	await page.fill("#import-json", JSON.stringify({...definition, name: "Imported"}));
	await page.click("#import-form button");
	await page.waitForURL(/\/agents\/[0-9a-f-]{36}$/);
	assert.equal(await page.locator("#agent-now").getAttribute("data-status"), "paused");
	rmSync(file);
	await closePage(page);
});

for (const [what, options] of [
	["360 ko", {viewport: {width: 360, height: 740}, locale: "ko-KR"}],
	["360 ko dark", {viewport: {width: 360, height: 740}, locale: "ko-KR", colorScheme: "dark"}],
	["1440 en", {}],
]) {
	test(`the pages stand at ${what}`, async () => {
		const page = await open("/notices", options);
		await assertAccessible(page, `${what} notices`);
		await page.goto(`${address}/agents/${await agent(page)}/notify`);
		await page.fill("#target", "kim@example.org");
		await page.click("#notify-form button");
		await page.locator("#rules li").first().waitFor();
		await assertAccessible(page, `${what} notify`);
		await page.goto(address + "/agents/import");
		await assertAccessible(page, `${what} import`);
		await closePage(page);
	});
}
