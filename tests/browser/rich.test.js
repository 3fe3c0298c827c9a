// What Claude did, as parts that read well: outputs, changes, lists, code, pictures; the same live and in the history.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {address, assertAccessible, begin, closePage, logIn, newAccount, openPage, say, startBrowser, turns} from "./gongbang.js";
import {says} from "../words.js";

let browser, login;
before(async () => {
	browser = await startBrowser();
	login = newAccount("rich");
});
after(() => browser.close());

async function open(options) {
	const page = await openPage(browser, options);
	await logIn(page, login);
	await page.waitForURL(/\/workspace$/);
	return page;
}

const card = (page, tool) => page.locator(`[data-part=tool_use][data-tool=${tool}][data-state=ok]`);
const unfold = (page) => page.evaluate(() => document.querySelectorAll("#chat-area .part-tool_use > details").forEach((fold) => { fold.open = true; }));
// What a person sees of the parts, without what only the live page or only the history has.
const drawn = (page) => page.locator("#chat-area .part").evaluateAll((all) =>
	all.map((one) => one.outerHTML.replaceAll(/ data-touched="1"| tabindex="0"| open=""/g, "")));

async function allowAll(page) {
	await begin(page, "hello");
	await turns(page, 1);
	await page.selectOption("#mode", "bypassPermissions");
	await page.locator("#mode:not(:disabled)").waitFor();
}

test("outputs, changes and a list: live as in the history, in two columns where there is room", async () => {
	const page = await open();
	await allowAll(page);
	await say(page, "run: printf '\\033[1;31mbad\\033[0m \\033]0;title\\007\\n10%%\\r100%%\\n'; printf '<b>&\\n'");
	await turns(page, 2);
	await unfold(page);
	const output = card(page, "Bash").locator("pre.output");
	assert.equal(await output.innerText(), "bad \n100%\n<b>&");
	assert.equal(await output.locator(".ansi-2.ansi-bold").innerText(), "bad");
	await say(page, "run: true");
	await turns(page, 3);
	await unfold(page);
	assert.match(await card(page, "Bash").nth(1).innerText(), says("tool_no_output"));
	await say(page, "run: seq 1 300");
	await turns(page, 4);
	assert.equal(await card(page, "Bash").nth(2).locator("> details[open]").count(), 0);
	assert.match(await card(page, "Bash").nth(2).locator(".part-lines").innerText(), /300/);
	await say(page, "write: notes.md");
	await turns(page, 5);
	await say(page, "tool: Read {\"file_path\":\"/workspace/notes.md\"}");
	await turns(page, 6);
	await say(page, "tool: Edit {\"file_path\":\"/workspace/notes.md\",\"old_string\":\"# Demo\",\"new_string\":\"# Better\\n\\nMore.\"}");
	await turns(page, 7);
	await unfold(page);
	const diff = card(page, "Edit").locator(".diff");
	const [removed, added] = [await diff.locator("del").first().boundingBox(), await diff.locator("ins").first().boundingBox()];
	assert.ok(added.x > removed.x + removed.width / 2 && Math.abs(added.y - removed.y) < 2, "beside each other");
	await say(page, "todo");
	await turns(page, 8);
	const todo = page.locator("[data-part=todo]");
	assert.deepEqual(await todo.locator("progress").evaluate((bar) => [bar.value, bar.max]), [1, 3]);
	await assertAccessible(page, "rich");
	const live = await drawn(page);
	await page.reload();
	await turns(page, 8);
	assert.deepEqual(await drawn(page), live);
	await page.emulateMedia({colorScheme: "dark"});
	await page.setViewportSize({width: 360, height: 800});
	await unfold(page);
	const [first, then] = [await diff.locator("del").last().boundingBox(), await diff.locator("ins").first().boundingBox()];
	assert.ok(then.y >= first.y + first.height - 1 && Math.abs(then.x - first.x) < 2, "below each other");
	await assertAccessible(page, "rich, phone, dark");
	await closePage(page);
});

test("code is copied and saved as a file, and a link opens the page of its message", async () => {
	const page = await open({permissions: ["clipboard-read", "clipboard-write"]});
	await begin(page, "echo: ```sh\necho one\n```\n\n| a | b |\n|:-:|--:|\n| 1 | 2 |");
	await turns(page, 1);
	const block = page.locator("[data-role=assistant] .code");
	assert.equal(await block.locator(".code-name").innerText(), "sh");
	await block.locator("[data-copy-code]").click();
	assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "echo one\n");
	assert.deepEqual(await page.locator("[data-role=assistant] td").evaluateAll((cells) =>
		cells.map((cell) => getComputedStyle(cell).textAlign)), ["center", "end"]);
	const asked = page.evaluate(() => new Promise((told) => document.addEventListener("gongbang:run-in-terminal",
		(event) => { event.preventDefault(); told(event.detail.text); }, {once: true})));
	await block.locator("[data-run-code]").click();
	assert.equal(await asked, "echo one\n");
	await block.locator("[data-save-code]").click();
	assert.equal(await block.locator(".code-save [name=name]").inputValue(), "code.sh");
	const [saved] = await Promise.all([page.context().waitForEvent("page"), block.locator(".code-save button").click()]);
	await saved.waitForURL(/\/files\/code\.sh\?done=made/);
	assert.match(await saved.innerText("main"), /echo one/);
	await saved.close();
	const message = page.locator("[data-role=assistant]").first();
	await message.hover();
	await message.locator("[data-copy-link]").click();
	const link = await page.evaluate(() => navigator.clipboard.readText());
	assert.ok(link.startsWith(address) && link.endsWith("#" + await message.getAttribute("id")), link);
	await page.goto(link);
	await page.locator("[data-role=assistant]:target").waitFor();
	await closePage(page);
});

test("a picture has its place before it is loaded", async () => {
	const page = await open();
	await allowAll(page);
	await say(page, "run: python3 -c \"import zlib,struct;c=lambda t,d:struct.pack('>I',len(d))+t+d+struct.pack('>I',zlib.crc32(t+d));" +
		"open('p.png','wb').write(b'\\x89PNG\\r\\n\\x1a\\n'+c(b'IHDR',struct.pack('>IIBBBBB',320,200,8,0,0,0,0))+c(b'IDAT',zlib.compress(bytes(201*321)[:200*321]))+c(b'IEND',b''))\"");
	await turns(page, 2);
	await say(page, "tool: Read {\"file_path\":\"/workspace/p.png\"}");
	await turns(page, 3);
	const picture = page.locator("[data-part=image] img");
	assert.deepEqual(await picture.evaluate((img) => [img.getAttribute("width"), img.getAttribute("height")]), ["320", "200"]);
	await closePage(page);
});
