// The message box: pictures, long pastes, completion, model, context, templates.
import assert from "node:assert/strict";
import {deflateSync, crc32} from "node:zlib";
import {after, before, test} from "node:test";
import {address, assertAccessible, begin, closePage, newAccount, openAt, ready, say, startBrowser, turns} from "./gongbang.js";

let browser, login;
before(async () => {
	browser = await startBrowser();
	login = newAccount();
});
after(() => browser.close());

const inside = (options) => openAt(browser, login, "/workspace", options);

function chunk(type, data) {
	const out = Buffer.alloc(12 + data.length);
	out.writeUInt32BE(data.length, 0);
	out.write(type, 4, "latin1");
	data.copy(out, 8);
	out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
	return out;
}

// A PNG in one colour.
function png(width, height) {
	const head = Buffer.alloc(13);
	head.writeUInt32BE(width, 0);
	head.writeUInt32BE(height, 4);
	head.set([8, 2, 0, 0, 0], 8);
	const rows = Buffer.alloc((width * 3 + 1) * height, 0x7f);
	for (let y = 0; y < height; y++)
		rows[y * (width * 3 + 1)] = 0;
	return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), chunk("IHDR", head),
		chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

// As the browser's own paste or drop of files.
async function give(page, kind, files) {
	await page.evaluate(([type, list]) => {
		const data = new DataTransfer();
		for (const {name, mimeType, base64} of list)
			data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, {type: mimeType}));
		const target = document.querySelector(type === "paste" ? "#message-input" : "#chat-area");
		target.dispatchEvent(type === "paste" ? new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}) :
			new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
	}, [kind, files.map(({name, mimeType, bytes}) => ({name, mimeType, base64: bytes.toString("base64")}))]);
}

async function pasteText(page, text) {
	await page.evaluate((pasted) => {
		const data = new DataTransfer();
		data.setData("text/plain", pasted);
		document.querySelector("#message-input").dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
	}, text);
}

const chips = (page, state = "ready") => page.locator(`#attachments .chip[data-state=${state}]`);
const shown = (page) => page.locator(".message[data-role=user] [data-part=image] img[data-picture]");
const loaded = (image) => image.evaluate((node) => node.complete && node.naturalWidth);

test("a pasted and a dropped picture go to Claude, and stay", async () => {
	const page = await inside();
	await give(page, "paste", [{name: "red.png", mimeType: "image/png", bytes: png(40, 30)}]);
	await chips(page).waitFor();
	await page.fill("#message-input", "what is this?");
	await page.reload();	// the draft keeps it
	await chips(page).waitFor();
	await page.press("#message-input", "Enter");
	await page.waitForURL(/\/workspace\/[0-9a-f-]{36}$/);
	await turns(page, 1);
	// a picture by its bytes, whatever it is called
	await give(page, "drop", [{name: "notes.txt", mimeType: "text/plain", bytes: png(20, 10)}]);
	await chips(page).waitFor();
	await page.press("#message-input", "Enter");
	await turns(page, 2);
	await page.locator("[data-role=assistant] [data-part=text]", {hasText: `image/png, ${png(20, 10).length} bytes`}).waitFor();
	assert.equal(await shown(page).count(), 2);
	await page.reload();
	await ready(page);
	assert.equal(await shown(page).count(), 2);
	await page.waitForFunction(() => [...document.querySelectorAll("img[data-picture]")].every((image) => image.complete && image.naturalWidth));
	assert.equal(await loaded(shown(page).first()), 40);
	assert.equal(await shown(page).first().getAttribute("width"), "40");
	// said again, it has its picture again
	await page.locator(".message[data-role=user]").last().hover();
	await page.locator(".message[data-role=user] [data-resend]").last().click();
	await turns(page, 3);
	assert.equal(await shown(page).count(), 3);
	const json = await page.request.get(page.url().replace("/workspace/", "/conversations/") + "/export.json");
	assert.ok((await json.text()).includes(png(20, 10).toString("base64")));
	// nobody else's
	const src = await shown(page).first().evaluate((image) => image.src);
	const other = await openAt(browser, newAccount(), "/workspace");
	assert.equal((await other.request.get(src)).status(), 404);
	await closePage(other);
	await closePage(page);
});

test("what is no picture for Claude is refused in words, and can be removed", async () => {
	const page = await inside({locale: "ko-KR"});
	const broken = Buffer.concat([png(10, 10).subarray(0, 8), Buffer.alloc(40)]);
	const bomb = png(1, 1);
	bomb.writeUInt32BE(60000, 16);
	await give(page, "drop", [{name: "broken.png", mimeType: "image/png", bytes: broken},
		{name: "bomb.png", mimeType: "image/png", bytes: bomb}]);
	await chips(page, "failed").nth(1).waitFor();
	assert.match(await chips(page, "failed").nth(0).innerText(), /손상된 이미지/);
	assert.match(await chips(page, "failed").nth(1).innerText(), /8,000픽셀/);
	await page.fill("#message-input", "hello");
	await page.press("#message-input", "Enter");
	await page.locator("#composer-error", {hasText: "손상된 이미지"}).waitFor();
	assert.match(page.url(), /\/workspace$/);
	await assertAccessible(page, "attachments");
	await page.locator(".chip-remove").first().click();
	await page.locator(".chip-remove").first().click();
	assert.equal(await page.locator("#attachments").isHidden(), true);
	// fifty are too many
	await give(page, "drop", Array.from({length: 50}, (_, i) => ({name: `${i}.png`, mimeType: "image/png", bytes: png(2, 2)})));
	await chips(page).nth(19).waitFor();
	assert.equal(await page.locator(".chip").count(), 20);
	assert.equal(await page.locator("#composer-error").isVisible(), true);
	await closePage(page);
});

test("a large picture is made smaller before it is sent", async () => {
	const page = await inside();
	await give(page, "paste", [{name: "large.png", mimeType: "image/png", bytes: png(9000, 30)}]);
	await chips(page).waitFor();
	await page.press("#message-input", "Enter");
	await page.waitForURL(/\/workspace\/[0-9a-f-]{36}$/);
	await shown(page).waitFor();
	assert.equal(await shown(page).getAttribute("width"), "2000");
	await closePage(page);
});

test("a long paste is a chip that opens, and is sent whole", async () => {
	const page = await inside();
	const long = "line of a log\n".repeat(300);
	await pasteText(page, long);
	await chips(page).waitFor();
	assert.equal(await page.inputValue("#message-input"), "");
	await page.locator(".chip button.chip-name").click();
	assert.equal(await page.inputValue("#message-input"), long);
	await page.fill("#message-input", "echo: short");
	await pasteText(page, long);
	await page.press("#message-input", "Enter");
	await page.waitForURL(/\/workspace\/[0-9a-f-]{36}$/);
	await turns(page, 1);
	assert.ok((await page.locator(".message[data-role=user] .part-body").innerText()).includes("echo: short"));
	assert.equal((await page.locator(".message[data-role=user] .part-body").innerText()).match(/line of a log/g).length, 300);
	await closePage(page);
});

test("/ completes commands and templates, @ files, by keyboard alone", async () => {
	const page = await inside();
	await begin(page, "write: report final.md");
	await page.locator("[data-answer=allow]").click();
	await turns(page, 1);
	await page.fill("#message-input", "Sum up {this} in three lines");
	await page.click("#add-menu > summary");
	await page.click("#save-template");
	await page.fill(".template-form input", "three lines");
	await page.press(".template-form input", "Enter");
	await page.locator(".template-form").waitFor({state: "detached"});
	await page.fill("#message-input", "");
	await page.locator("#message-input").pressSequentially("/co");
	await page.locator("#completion [role=option]", {hasText: "/compact"}).waitFor();
	assert.equal(await page.getAttribute("#message-input", "aria-controls"), "completion-list");
	assert.equal(await page.getAttribute("#message-input", "aria-activedescendant"), "completion-0");
	assert.equal(await page.locator("#completion", {hasText: "/clear"}).count(), 0);
	await assertAccessible(page, "completion");
	await page.press("#message-input", "ArrowDown");
	assert.equal(await page.getAttribute("#message-input", "aria-activedescendant"), "completion-1");
	await page.press("#message-input", "Escape");
	assert.equal(await page.locator("#completion").isHidden(), true);
	await page.fill("#message-input", "");
	await page.locator("#message-input").pressSequentially("/three");
	await page.locator("#completion [role=option]").first().waitFor();
	await page.press("#message-input", "Tab");
	assert.equal(await page.inputValue("#message-input"), "Sum up {this} in three lines");
	await page.fill("#message-input", "");
	await page.locator("#message-input").pressSequentially("look at @rep");
	await page.locator("#completion [role=option]", {hasText: "report final.md"}).waitFor();
	await page.press("#message-input", "Enter");
	assert.equal(await page.inputValue("#message-input"), 'look at @"report final.md" ');
	await closePage(page);
});

test("model and effort are chosen, kept, and told to Claude", async () => {
	const page = await inside();
	await begin(page, "hello");
	await turns(page, 1);
	await page.click("#model-menu > summary");
	await page.selectOption("#model", "haiku");
	await page.check("#keep-choice");
	await page.selectOption("#effort", "high");
	await assertAccessible(page, "model menu");
	assert.match(await page.locator("#model option[value=haiku]").innerText(), /Haiku.*\$/);
	await page.reload();
	await ready(page);
	assert.equal(await page.inputValue("#model"), "haiku");
	assert.equal(await page.inputValue("#effort"), "high");
	await page.goto(address + "/workspace");
	assert.equal(await page.inputValue("#model"), "haiku");
	await closePage(page);
});

test("the context is shown and compacted, and it says what that saved", async () => {
	const page = await inside();
	await begin(page, "long 60");
	await turns(page, 1);
	await page.locator("#context-menu").waitFor();
	await page.click("#context-menu > summary");
	assert.match(await page.innerText("#context-words"), /[\d,]+ of [\d,]+/);
	await page.click("#compact");
	await page.locator("[data-part=status]", {hasText: /before: [\d,]+, after: [\d,]+/}).waitFor({timeout: 60000});
	await closePage(page);
});

test("a question beside the conversation stays out of it", async () => {
	const page = await inside();
	await begin(page, "hello");
	await turns(page, 1);
	const before = await page.locator(".message").count();
	await page.fill("#message-input", "echo: only here");
	await page.click("#add-menu > summary");
	await page.click("#ask-aside");
	await page.locator(".aside-answer", {hasText: /^only here$/}).waitFor();
	await assertAccessible(page, "aside");
	assert.equal(await page.locator(".message").count(), before);
	await page.locator(".aside-card button").click();
	await closePage(page);
});

test("a message sent now interrupts; the arrows recall what was said", async () => {
	const page = await inside();
	await begin(page, "slow 120");
	await page.locator("[data-role=assistant] [data-part=text]", {hasText: "slow on purpose"}).waitFor({timeout: 60000});
	await page.fill("#message-input", "echo: at once");
	await page.locator("#send-now").waitFor();
	await page.press("#message-input", "Control+Enter");
	await page.locator(".message[data-role=user]").nth(1).waitFor({timeout: 60000});
	await page.locator("[data-role=assistant]", {hasText: "at once"}).waitFor({timeout: 60000});
	await ready(page);
	await page.press("#message-input", "ArrowUp");
	assert.equal(await page.inputValue("#message-input"), "echo: at once");
	await page.press("#message-input", "ArrowUp");
	assert.equal(await page.inputValue("#message-input"), "slow 120");
	await page.press("#message-input", "ArrowDown");
	assert.equal(await page.inputValue("#message-input"), "echo: at once");
	await closePage(page);
});

test("without script: model, effort and a picture by forms", async () => {
	const page = await inside({javaScriptEnabled: false});
	await page.fill("#message-input", "hello");
	await page.click("#send");
	await page.waitForURL(/\/workspace\/[0-9a-f-]{36}$/);
	await page.fill("#message-input", "and this?");
	await page.setInputFiles("input[name=file]", {name: "form.png", mimeType: "image/png", buffer: png(16, 16)});
	await page.click("#send");
	for (let i = 0; i < 60 && !await shown(page).count(); i++) {
		await page.waitForTimeout(500);
		await page.reload();
	}
	assert.equal(await shown(page).count(), 1);
	await page.click("#model-menu > summary");
	await page.selectOption("#effort", "low");
	await page.click("button[value=mode]");
	await page.click("#model-menu > summary");
	assert.equal(await page.inputValue("#effort"), "low");
	await closePage(page);
});

test("the box fits a phone, in Korean and dark", async () => {
	const page = await inside({locale: "ko-KR", colorScheme: "dark", viewport: {width: 360, height: 740}});
	await begin(page, "hello");
	await turns(page, 1);
	await page.fill("#message-input", "가나다");
	await give(page, "paste", [{name: "사진.png", mimeType: "image/png", bytes: png(40, 30)}]);
	await chips(page).waitFor();
	await assertAccessible(page, "box on a phone");
	await page.click("#model-menu > summary");
	await assertAccessible(page, "model on a phone");
	await closePage(page);
});
