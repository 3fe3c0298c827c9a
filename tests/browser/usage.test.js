// The pages of usage, budgets and domains, as people see and use them.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {randomUUID} from "node:crypto";
import {readFileSync} from "node:fs";
import {says} from "../words.js";
import {address, assertAccessible, closePage, gongbang, newAccount, openAt, password, startBrowser} from "./gongbang.js";

const database = process.env.GONGBANG_STATE + "/data/gongbang.db";
let browser, login, admin;

function sql(text) {
	return execFileSync("sqlite3", ["-cmd", ".timeout 5000", database], {input: text, encoding: "utf8"});
}

// A month of calls, and their sums as the store keeps them.
function use(name, month, days) {
	const id = gongbang(["user", "list", "--json"]);
	const user = JSON.parse(id).find((u) => u.login === name).id;
	const talk = randomUUID();
	const rows = [];
	for (let day = 1; day <= days; day++) {
		const at = Date.parse(`${month}-${String(day).padStart(2, "0")}T05:00:00Z`);
		const model = day % 5 ? "claude-sonnet-4-5-20250929" : "a-model-nobody-has-priced";
		if (day % 7 > 1)
			rows.push(`('${randomUUID()}','${user}','conversation','${talk}','${model}',${day * 1000},${day * 100},7,8,${day * 5000},'complete',200,${at},${at + 5})`);
	}
	const at = Date.parse(`${month}-03T06:00:00Z`);
	rows.push(`('${randomUUID()}','${user}','workspace','${user}','claude-sonnet-4-5-20250929',0,0,0,0,0,'unmetered',200,${at},${at})`);
	const classes = "sum(input),sum(output),sum(cache_write_5m),sum(cache_write_1h),sum(cache_read),count(*),sum(outcome='unmetered')";
	sql(`BEGIN IMMEDIATE;
		INSERT INTO conversations(id,user_id,title,created_at,updated_at) VALUES('${talk}','${user}','"Prices" & <b>more</b>',1,${Math.floor(Math.random() * 1e9)});
		INSERT INTO usage(id,user_id,kind,subject_id,model,input,output,cache_write_5m,cache_write_1h,cache_read,outcome,status,at,ended_at) VALUES ${rows};
		INSERT OR REPLACE INTO usage_quarters SELECT user_id,at-at%900000,model,${classes} FROM usage WHERE user_id='${user}' GROUP BY 1,2,3;
		INSERT OR REPLACE INTO usage_days SELECT user_id,at-at%86400000,kind,subject_id,model,${classes} FROM usage WHERE user_id='${user}' GROUP BY 1,2,3,4,5;
		COMMIT;`);
}

before(async () => {
	browser = await startBrowser();
	login = newAccount("use");
	admin = "boss" + process.pid;
	gongbang(["user", "add", admin, "--role", "admin"], password + "\n");
	use(login, "2026-03", 31);
	use(login, "2026-04", 9);
});
after(() => browser.close());
const open = (path, options, who = login) => openAt(browser, who, path, options);

test("the chart and the table show the same numbers", async () => {
	const page = await open("/usage?month=2026-03");
	const bars = await page.locator(".chart-day").evaluateAll((all) => all.map((g) => [g.dataset.day, Number(g.dataset.value), g.querySelector(".chart-bar")?.height.baseVal.value ?? 0]));
	assert.equal(bars.length, 31);
	const rows = await page.locator("#days-table tbody tr").evaluateAll((all) => all.map((tr) => [tr.dataset.day, Number(tr.dataset.tokens), tr.cells[2].innerText]));
	const drawn = bars.filter(([, value]) => value > 0).map(([day, value]) => [day, value]);
	assert.deepEqual(rows.filter(([, tokens]) => tokens > 0).map(([day, tokens]) => [day, tokens]), drawn);
	for (const [, value, height] of bars)
		assert.equal(value > 0, height > 0);
	const highest = bars.reduce((a, b) => (a[1] > b[1] ? a : b));
	for (const [, value, height] of bars)
		if (value > highest[1] / 20)
			assert.ok(Math.abs(height / highest[2] - value / highest[1]) < 0.01);
	await page.click("#days-table > summary");
	const shown = await page.locator("#days-table tbody tr").evaluateAll((all) => all.map((tr) => tr.cells[2].innerText.replaceAll(",", "")));
	assert.deepEqual(shown.map(Number), rows.map(([, tokens]) => tokens));
	const total = await page.locator("#days-table tfoot td").nth(1).innerText();
	assert.equal(Number(total.replaceAll(",", "")), drawn.reduce((sum, [, value]) => sum + value, 0));
	assert.equal(await page.locator("#models-table tfoot td").nth(1).innerText(), total);
	assert.match(await page.locator("#models-table").innerText(), /–\*/);
	assert.equal(await page.getByText(says("usage_price_unknown_help")).count(), 1);
	assert.match(await page.locator("#subjects").innerText(), /"Prices" & <b>more<\/b>/);
	await closePage(page);
});

test("the chart shows costs, and has a name and a description", async () => {
	const page = await open("/usage?month=2026-03");
	const chart = page.getByRole("img", {name: /Tokens by day/});
	await chart.waitFor();
	await page.getByRole("link", {name: "Show cost"}).click();
	await page.getByRole("img", {name: /Cost by day.*Highest/}).waitFor();
	const bars = await page.locator(".chart-day").evaluateAll((all) => all.map((g) => [g.dataset.day, Number(g.dataset.value)]));
	const rows = await page.locator("#days-table tbody tr").evaluateAll((all) => all.map((tr) => [tr.dataset.day, Number(tr.dataset.cost)]));
	assert.deepEqual(rows.filter(([, cost]) => cost > 0), bars.filter(([, value]) => value > 0));
	await closePage(page);
});

test("months are walked and the file is downloaded by keyboard", async () => {
	const page = await open("/usage?month=2026-04");
	for (let n = 0; !await page.evaluate(() => document.activeElement?.hasAttribute("download")); n++) {
		assert.ok(n < 30);
		await page.keyboard.press("Tab");
	}
	const [file] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
	assert.equal(file.suggestedFilename(), "gongbang-usage-2026-04.csv");
	const text = readFileSync(await file.path(), "utf8");
	assert.equal(text.charCodeAt(0), 0xfeff);
	assert.equal(text.trimEnd().split("\r\n").length, 1 + 6 + 1);
	await page.locator("#days-table > summary").focus();
	await page.keyboard.press("Enter");
	assert.ok(await page.locator("#days-table table").isVisible());
	await closePage(page);
});

for (const locale of ["en-US", "ko-KR"])
	for (const colorScheme of ["light", "dark"])
		for (const width of [360, 1440])
			test(`axe and width: ${locale}, ${colorScheme}, ${width} px`, async () => {
				const options = {locale, colorScheme, viewport: {width, height: 800}};
				const page = await open("/usage?month=2026-03", options);
				await assertAccessible(page);
				await page.click("#days-table > summary");
				await assertAccessible(page);
				for (const path of ["/usage", "/usage?month=2026-03&show=cost", "/domains"]) {
					await page.goto(address + path);
					await assertAccessible(page);
				}
				await closePage(page);
				const other = await open("/admin", options, admin);
				gongbang(["stop-all"]);
				try {
					for (const path of ["/admin", "/admin/stop", "/admin/usage", "/admin/usage?month=2026-03", "/admin/budgets", "/admin/budgets/all", "/admin/domains"]) {
						await other.goto(address + path);
						assert.ok(await other.locator(".banner").isVisible());
						await assertAccessible(other);
					}
				} finally {
					gongbang(["resume-all"]);
				}
				// the line on top shows all its links
				const nav = await other.locator(".top-nav").evaluate((n) => n.scrollWidth - n.clientWidth);
				assert.ok(nav <= 0, `the navigation is cut by ${nav} px`);
				await closePage(other);
			});

test("a domain is asked for, granted, and the count goes, without script", async () => {
	const options = {javaScriptEnabled: false};
	const page = await open("/domains", options);
	await page.fill("#domain", "https://Data.Example.org/prices");
	await page.fill("#reason", "주가 <b>자료</b>");
	await page.click("#ask button");
	await page.locator("[data-domain='data.example.org'][data-state=asked]").waitFor();
	const boss = await open("/admin", options, admin);
	assert.match(await boss.locator(".top-nav .count").innerText(), /\d/);
	await boss.goto(address + "/admin/domains");
	const row = boss.locator(`#asked [data-domain='data.example.org'][data-login='${login}']`);
	assert.match(await row.innerText(), /주가 <b>자료<\/b>/);
	await row.getByRole("button", {name: "Allow", exact: true}).click();
	await boss.locator(`#granted [data-domain='data.example.org'][data-login='${login}']`).waitFor();
	await page.reload();
	await page.locator("[data-domain='data.example.org'][data-state=granted]").waitFor();
	await closePage(page);
	await closePage(boss);
});

test("a budget is set, refused in words, and shown to its user, without script", async () => {
	const boss = await open("/admin/budgets", {javaScriptEnabled: false}, admin);
	await boss.getByRole("link", {name: login, exact: true}).click();
	await boss.getByLabel("Tokens per day").fill("1,000,00");
	await boss.getByLabel("US dollars per month").fill("12.50");
	await boss.getByRole("button", {name: "Save"}).click();
	assert.match(await boss.locator("[role=alert]").innerText(), /500,000/);
	assert.equal(await boss.getByLabel("Tokens per day").inputValue(), "1,000,00");
	assert.equal(await boss.getByLabel("US dollars per month").inputValue(), "12.50");
	await boss.getByLabel("Tokens per day").fill("1,000,000");
	await boss.getByRole("button", {name: "Save"}).click();
	await boss.locator(".saved").waitFor();
	const page = await open("/usage");
	assert.match(await page.locator("[data-period=usage_today]").innerText(), /0 of 1,000,000/);
	assert.equal(await page.getByRole("meter", {name: /Today: Tokens/}).getAttribute("aria-valuenow"), "0");
	assert.match(await page.locator("[data-period=usage_this_month]").innerText(), /\$0\.00 of \$12\.50/);
	await closePage(boss);
	await closePage(page);
});

test("the kill switch asks first, and everybody is told", async () => {
	const boss = await open("/admin", {}, admin);
	const page = await open("/account");
	await boss.getByRole("button", {name: /Stop all calls/}).click();
	await boss.waitForURL(/\/admin\/stop$/);
	await boss.getByRole("button", {name: "Stop all calls"}).click();
	await boss.locator("#kill-switch[data-state=on]").waitFor();
	try {
		await page.reload();
		assert.match(await page.locator(".banner").innerText(), /paused for everyone/);
		assert.match(await boss.locator("#kill-switch").innerText(), new RegExp(`by ${admin}`));
	} finally {
		await boss.getByRole("button", {name: "Resume calls"}).click();
		await boss.locator("#kill-switch[data-state=off]").waitFor();
	}
	await page.reload();
	assert.equal(await page.locator(".banner").count(), 0);
	await closePage(boss);
	await closePage(page);
});
