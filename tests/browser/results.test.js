// What a turn or a run made: shown in the conversation, on the run's page, and
// as it was. Tests lib/transcript/part_files.c, lib/session/turn_files.c,
// cgi-bin/pages/runs/run_previews.c.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {join} from "node:path";
import {address, assertAccessible, begin, closePage, newAccount, openAt, ready, say, startBrowser, turns} from "./gongbang.js";
import {containerOf, inside, state, userId} from "../client.js";

const store = (sql) => execFileSync("sqlite3", ["-bail", "-cmd", ".timeout 20000", join(state, "data/gongbang.db")], {encoding: "utf8", input: sql}).trim();
const quote = (text) => "'" + text.replaceAll("'", "''") + "'";

let browser, login, page;
before(async () => {
	browser = await startBrowser();
	login = newAccount("results");
	page = await openAt(browser, login, "/workspace");
});
after(() => browser.close());

const allow = () => page.click("[data-part=permission][data-state=waiting] [data-answer=allow]", {timeout: 60000});
const files = (n = 0) => page.locator("[data-part=files][data-state=ok]").nth(n);
const chart = `run: python3 - <<'P'
import matplotlib; matplotlib.use("Agg")
import matplotlib.pyplot as plt
plt.rcParams["font.family"] = ["NanumGothic", "DejaVu Sans"]
plt.figure(figsize=(9, 5)); plt.bar(["서울", "부산"], [3, 2]); plt.title("도시별 매출"); plt.savefig("매출 차트.png")
open("sales.csv", "w").write("도시,매출\\n" + "".join(f"도시{i},{i * 1000}\\n" for i in range(30)))
open("report.md", "w").write("# 보고서\\n\\n- **굵게** <script>alert(1)</script>\\n")
open("a\\nb\\u202e.svg", "w").write('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>parent.document.title = "SVG"</script></svg>')
for i in range(12): open(f"part{i}.bin", "wb").write(b"\\0" * i)
P`;

test("a chart with Korean labels and a table are in the conversation, live and after a reload", async () => {
	await begin(page, chart);
	await allow();
	await turns(page, 1, 120000);
	await files().waitFor({timeout: 60000});
	for (const again of [false, true]) {
		if (again) {
			await page.reload();
			await ready(page);
		}
		const picture = files().getByRole("img", {name: "매출 차트.png"});
		await picture.scrollIntoViewIfNeeded();
		await page.waitForFunction((i) => i.naturalWidth === 900, await picture.elementHandle());
		assert.equal(await picture.getAttribute("width"), "640");
		assert.equal(await files().locator("tbody tr").count(), 20);
		assert.match(await files().locator("tbody tr").nth(19).innerText(), /도시19\s+19000/);
		assert.ok(await files().locator("h1, h2, h3").filter({hasText: "보고서"}).count());
		assert.equal(await files().locator("script").count(), 0);
		assert.ok(await files().getByText("a\\x0ab\\u202e.svg").count(), "a name cannot mislead");
		assert.ok(await files().locator(".turn-more").getByText("part9.bin").count(), "further ones are folded");
	}
	assert.doesNotMatch(await page.title(), /SVG/);
	for (const [colorScheme, width] of [["light", 1440], ["dark", 360]]) {
		await page.emulateMedia({colorScheme});
		await page.setViewportSize({width, height: 900});
		await assertAccessible(page, `files of a turn ${colorScheme} ${width}`);
	}
	await page.setViewportSize({width: 1440, height: 900});
	const [download] = await Promise.all([page.waitForEvent("download"),
		files().locator(".turn-file", {hasText: "sales.csv"}).locator(".chip-get").click()]);
	assert.equal(download.suggestedFilename(), "sales.csv");
});

test("a turn lists its own files alone, and a picture that changed says so", async () => {
	const place = page.url();
	inside(containerOf(login), "echo x > /workspace/by-hand.txt; echo changed > '/workspace/매출 차트.png'");
	await say(page, "run: echo 1 > mine.txt");
	await allow();
	await turns(page, 2, 120000);
	await files(1).waitFor();
	assert.equal(await files(1).locator(".chip-name").innerText(), "mine.txt");
	await page.goto(place);
	await ready(page);
	await files().scrollIntoViewIfNeeded();
	const gone = files().locator(".turn-file", {hasText: "매출 차트.png"}).locator(".turn-gone");
	await gone.waitFor();
	await say(page, "hello");
	await turns(page, 3, 120000);
	assert.equal(await page.locator("[data-part=files]").count(), 2, "no tools, no files");
	await page.goto(await files(1).locator(".chip-name").getAttribute("href").then((href) => new URL(href, place).href));
	assert.match(await page.locator("main").innerText(), /mine\.txt/);
});

test("200 messages with ten pictures: nothing moves", async () => {
	await begin(page, `run: python3 -c "
import matplotlib; matplotlib.use('Agg')
import matplotlib.pyplot as plt
for i in range(4): plt.figure(figsize=(4 + i, 3 + i)); plt.plot([1, i]); plt.savefig(f'p{i}.png')
"`);
	await allow();
	await turns(page, 1, 120000);
	await files().waitFor({timeout: 60000});
	const conversation = page.url().split("/").pop();
	const data = JSON.parse(store(`SELECT data FROM parts WHERE conversation_id = '${conversation}' AND kind = 'files'`));
	const long = crypto.randomUUID(), now = Date.now();
	const insert = (at, role, kind, value) => `INSERT INTO parts (conversation_id, at, changed_at, turn, role, kind, state, data, created_at, ended_at) VALUES ('${long}', ${at}, ${at}, ${at - at % 10}, '${role}', '${kind}', 'ok', ${quote(JSON.stringify(value))}, ${now}, ${now});`;
	const rows = [];
	for (let i = 0; i < 200; i++) {
		const role = i % 2 ? "assistant" : "user";
		rows.push(insert(10 * (i + 1), role, "text", {text: `${i}: ` + "Some words of a message. ".repeat(1 + i % 7)}));
		if (i % 20 === 19)
			rows.push(insert(10 * (i + 1) + 1, role, "files", {files: [data.files[(i / 20 | 0) % 4]]}));
	}
	store(`BEGIN IMMEDIATE; INSERT INTO conversations (id, user_id, title, mode, model, state, spoken, recorded_offset, created_at, updated_at, deleted_at)
		VALUES ('${long}', '${userId(login)}', 'Long', 'default', '', 'idle', 1, 2020, ${now}, ${now}, 0); ${rows.join("\n")} COMMIT;`);
	await page.addInitScript(() => {
		window.moved = [];
		new PerformanceObserver((list) => list.getEntries().forEach((e) => e.sources.filter((s) => s.node?.parentElement?.closest("#chat-area"))
			.forEach((s) => window.moved.push([e.value, s.node.className, s.previousRect.y, s.currentRect.y])))).observe({type: "layout-shift", buffered: true});
	});
	await page.goto(address + "/workspace/" + long);
	await ready(page);
	const pictures = page.locator(".turn-picture img");
	assert.equal(await pictures.count(), 10);
	const arrived = async (picture) => page.waitForFunction((i) => i.complete && i.naturalWidth, await picture.elementHandle());
	await arrived(pictures.last());
	assert.deepEqual(await page.evaluate(() => window.moved), [], "as it opens");
	// What is far away has a guessed height until it is near; pictures have theirs.
	await page.evaluate(() => {
		const sheet = new CSSStyleSheet();
		sheet.replaceSync(".message { content-visibility: visible !important; }");
		document.adoptedStyleSheets = [sheet];
		return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => { window.moved = []; resolve(); })));
	});
	for (const picture of (await pictures.all()).reverse()) {
		await picture.scrollIntoViewIfNeeded();
		await arrived(picture);
	}
	assert.deepEqual(await page.evaluate(() => window.moved), [], "as pictures arrive");
	await closePage(page);
});
