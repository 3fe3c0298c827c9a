// Tests lib/bridge/outgoing.c.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {address, assertAccessible, begin, logIn, newAccount, openPage, ready, say, startBrowser, turns} from "./gongbang.js";

let browser, login;
before(async () => {
	browser = await startBrowser();
	login = newAccount("chat");
});
after(() => browser.close());

async function open(options) {
	const page = await openPage(browser, options);
	await logIn(page, login);
	await page.waitForURL(/\/workspace$/);
	await ready(page);
	return page;
}

const part = (page, kind) => page.locator(`[data-part=${kind}]`);

test("a message streams, ends as markdown, and shows its tokens", async () => {
	const page = await open();
	await begin(page, "slow 4");	// longer than a busy host takes to open the page
	await page.locator("[data-part=text][data-state=running]").first().waitFor();
	await turns(page, 1);
	await say(page, "markdown");
	await turns(page, 2);
	const answer = page.locator("[data-role=assistant] [data-part=text]").last();
	assert.ok(await answer.locator("table").count());
	assert.ok(await answer.locator("pre code").count());
	assert.equal(await page.locator("[data-role=user]").count(), 2);
	assert.match(await part(page, "usage").last().innerText(), /\d/);
	await ready(page);
	assert.deepEqual(page.problems, []);
});

test("reload in mid-answer: every event once", async () => {
	const page = await open();
	await begin(page, "slow 6");
	await page.locator("[data-part=text][data-state=running]").waitFor();
	await page.waitForTimeout(1500);
	await page.reload();
	await page.locator("[data-part=text][data-state=running]").waitFor();
	await turns(page, 1);
	const live = await page.locator("#chat-area").innerText();
	assert.equal(await page.locator("[data-role=user]").count(), 1);
	assert.equal(await part(page, "usage").count(), 1);
	await page.reload();
	await turns(page, 1);
	assert.equal(await page.locator("#chat-area").innerText(), live);
});

test("permission: allow once, deny with a reason, allow for the session", async () => {
	const page = await open();
	await begin(page, "run: touch allowed-once");
	await page.click("[data-part=permission][data-state=waiting] [data-answer=allow]");
	await turns(page, 1);
	assert.equal(await page.locator("[data-part=tool_use][data-state=ok]").count(), 1);
	await say(page, "run: touch denied");
	const waiting = page.locator("[data-part=permission][data-state=waiting]");
	await waiting.locator("[data-reason]").fill("not this one");
	await waiting.locator("[data-answer=deny]").click();
	await turns(page, 2);
	assert.equal(await page.locator("[data-part=permission][data-state=denied]").count(), 1);
	assert.match(await page.locator("#chat-area").innerText(), /not this one/);
	await say(page, "run: touch for-session");
	await page.click("[data-part=permission][data-state=waiting] [data-answer=allow_session]");
	await turns(page, 3);
	await say(page, "run: touch for-session");
	await turns(page, 4);
	assert.equal(await waiting.count(), 0);
	assert.equal(await page.locator("[data-part=tool_use][data-state=ok]").count(), 3);
});

test("a question is a form with its choices", async () => {
	const page = await open();
	await begin(page, "question");
	const question = page.locator("[data-part=question][data-state=waiting]");
	await question.waitFor();
	assert.equal(await page.getAttribute("#status-bar", "data-state"), "waiting");
	const choice = question.locator("fieldset").first().locator("input[type=radio], input[type=checkbox]").first();
	const fields = await question.locator("fieldset").count();
	for (let i = 0; i < fields; i++)
		await question.locator("fieldset").nth(i).locator("input[type=radio], input[type=checkbox]").first().check();
	assert.ok(await choice.isChecked());
	await question.locator("[data-answer=allow]").click();
	await turns(page, 1);
	assert.equal(await page.locator("[data-part=question][data-state=ok]").count(), 1);
});

test("plan mode: the plan is shown and approved", async () => {
	const page = await open();
	await begin(page, "hello");
	await turns(page, 1);
	await page.selectOption("#mode", "plan");
	await say(page, "plan");
	await page.click("[data-part=plan][data-state=waiting] [data-answer=allow]");
	await turns(page, 2);
	assert.equal(await page.locator("[data-part=plan][data-state=ok]").count(), 1);
});

test("everything allowed: no permission is asked", async () => {
	const page = await open();
	await begin(page, "hello");
	await turns(page, 1);
	await page.selectOption("#mode", "bypassPermissions");
	await say(page, "run: touch without-asking");
	await turns(page, 2);
	assert.equal(await part(page, "permission").count(), 0);
	await page.reload();
	assert.equal(await page.inputValue("#mode"), "bypassPermissions");
});

test("stop interrupts at once, by button and by Esc", async () => {
	const page = await open();
	await begin(page, "slow 60");
	await page.locator("[data-part=text][data-state=running]").waitFor();
	await page.click("#stop");
	await ready(page);
	await say(page, "slow 60");
	await page.locator("[data-part=text][data-state=running]").waitFor();
	await page.keyboard.press("Escape");
	await ready(page);
	assert.equal(await page.locator("[data-part=text][data-state=running]").count(), 0);
});

test("messages wait in a queue; what is withdrawn is kept, and sent or edited", async () => {
	const page = await open();
	await begin(page, "slow 6");
	await page.locator("[data-part=text][data-state=running]").waitFor();
	await say(page, "second message");
	await say(page, "third message");
	await page.locator("#queue li", {hasText: "third message"}).locator("[data-withdraw]").click();
	const third = page.locator("#queue li[data-held]", {hasText: "third message"});
	await third.waitFor();
	await page.setViewportSize({width: 360, height: 800});
	assert.ok(await third.evaluate((li) => li.scrollWidth <= li.clientWidth && li.querySelector(".queue-text").clientWidth > 200), "it is read on a phone");
	await page.setViewportSize({width: 1440, height: 900});
	await page.locator("[data-role=user]", {hasText: "second message"}).waitFor();
	await turns(page, 2);
	assert.doesNotMatch(await page.locator("#chat-area").innerText(), /third message/);
	assert.equal(await page.locator("#queue li").count(), 1);
	await third.locator("[data-edit]").click();
	assert.equal(await page.inputValue("#message-input"), "third message");
	await page.reload();
	assert.equal(await page.inputValue("#message-input"), "third message");
	await page.locator("#queue li[data-editing]").waitFor();
	await page.fill("#message-input", "the third, edited");
	await page.keyboard.press("Enter");
	await page.locator("[data-role=user]", {hasText: "the third, edited"}).waitFor();
	await turns(page, 3);
	assert.equal(await page.locator("#queue li").count(), 0);
	assert.deepEqual(page.problems, []);
});

test("what stop takes out of the queue is there after a reload, in each tab", async () => {
	const page = await open();
	await begin(page, "slow 60");
	await page.locator("[data-part=text][data-state=running]").waitFor();
	await say(page, "first kept");
	await say(page, "second kept");
	await page.locator("#queue li", {hasText: "second kept"}).locator("[data-withdraw]").waitFor();
	await page.click("#stop");
	await page.locator("#queue li[data-held]").nth(1).waitFor();
	await ready(page);
	await page.reload();
	const other = await page.context().newPage();
	await other.goto(page.url());
	for (const tab of [page, other])
		await tab.locator("#queue li[data-held]").nth(1).waitFor();
	await page.locator("#queue li", {hasText: "second kept"}).locator("[data-discard]").click();
	await other.locator("#queue li", {hasText: "second kept"}).waitFor({state: "detached"});
	await other.locator("#queue li", {hasText: "first kept"}).locator("[data-send]").click();
	await page.locator("[data-role=user]", {hasText: "first kept"}).waitFor();
	await ready(page);
	assert.equal(await page.locator("#queue li").count(), 0);
	assert.equal(await page.locator("[data-role=user]", {hasText: "first kept"}).count(), 1);
});

test("two tabs show the same", async () => {
	const page = await open();
	await begin(page, "hello");
	await turns(page, 1);
	const other = await page.context().newPage();
	await other.goto(page.url());
	await say(other, "slow 3");
	await turns(page, 2);
	await turns(other, 2);
	assert.equal(await other.locator("#chat-area").innerText(), await page.locator("#chat-area").innerText());
});

test("an input method's Enter does not send", async () => {
	const page = await open();
	await begin(page, "hello");
	await turns(page, 1);
	const client = await page.context().newCDPSession(page);
	await page.focus("#message-input");
	await client.send("Input.imeSetComposition", {text: "공방", selectionStart: 2, selectionEnd: 2});
	await page.dispatchEvent("#message-input", "keydown", {key: "Enter", keyCode: 229, isComposing: true, bubbles: true});
	await client.send("Input.insertText", {text: "공방"});
	assert.equal(await page.inputValue("#message-input"), "공방");
	assert.equal(await page.locator("[data-role=user]").count(), 1);
	await page.keyboard.press("Shift+Enter");
	assert.equal(await page.inputValue("#message-input"), "공방\n");
	await page.keyboard.press("Enter");
	await page.locator("[data-role=user]").nth(1).waitFor();
});

test("script and markup from the model, the user and titles are text", async () => {
	const page = await open();
	const attack = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
	await begin(page, attack);
	await turns(page, 1);
	await say(page, "run: touch asked; echo '" + attack.replaceAll("'", "\"") + "'");
	await page.click("[data-part=permission][data-state=waiting] [data-answer=allow]");
	await turns(page, 2);
	await page.reload();
	await ready(page);
	assert.notEqual(await page.title(), "owned");
	assert.equal(await page.locator("#chat-area img, #chat-area script").count(), 0);
	assert.match(await page.locator("[data-role=user]").first().innerText(), /<script>/);
	assert.deepEqual(page.problems, []);
});

test("a message of 1 MB is taken, one of 20 MB refused and kept", async () => {
	const page = await open();
	await begin(page, "hello");
	await turns(page, 1);
	const fill = (n) => page.evaluate((size) => {
		document.querySelector("#message-input").value = "x".repeat(size);
	}, n);
	await fill(1 << 20);
	await page.focus("#message-input");
	await page.keyboard.press("Enter");
	await turns(page, 2);
	await fill(20 << 20);
	await page.keyboard.press("Enter");
	await page.locator("#composer-error").waitFor();
	assert.equal(await page.evaluate(() => document.querySelector("#message-input").value.length), 20 << 20);
});

test("conversations: search, rename, export, delete asks first", async () => {
	const page = await open();
	await begin(page, "find the needle please");
	await turns(page, 1);
	await page.dblclick("#conversation-title");
	await page.fill(".rename input[name=title]", "바늘 <b>찾기</b>");
	await page.click(".rename button");
	await page.waitForLoadState();
	assert.equal(await page.innerText("#conversation-title"), "바늘 <b>찾기</b>");
	const text = await (await page.context().request.get(page.url().replace("/workspace/", "/conversations/") + "/export.md")).text();
	assert.match(text, /find the needle please/);
	const json = await (await page.context().request.get(page.url().replace("/workspace/", "/conversations/") + "/export.json")).json();
	assert.equal(json.title, "바늘 <b>찾기</b>");
	await page.goto(address + "/workspace?search=" + encodeURIComponent("바늘"));
	assert.equal(await page.locator("#conversation-list li").count(), 1);
	await page.click("#conversation-list a");
	await page.click(".chat-head .menu > summary");
	await page.click(".chat-head .menu-items a.danger");
	await page.waitForURL(/\/delete$/);
	assert.match(await page.innerText("main"), /바늘 <b>찾기<\/b>/);
	await page.click("main button.destroy");
	await page.waitForURL(/\/workspace$/);
	await page.goto(address + "/workspace?search=" + encodeURIComponent("바늘"));
	assert.equal(await page.locator("#conversation-list li").count(), 0);
});

test("keyboard alone is enough", async () => {
	const page = await open();
	await page.evaluate(() => document.activeElement.blur());
	await page.keyboard.press("?");
	assert.ok(await page.locator("#shortcuts[open]").count());
	await page.keyboard.press("Escape");
	await page.evaluate(() => document.activeElement.blur());
	await page.keyboard.press("m");
	await page.keyboard.type("run: touch by-keyboard");
	await page.keyboard.press("Enter");
	await page.locator("[data-part=permission][data-state=waiting]").waitFor();
	for (let i = 0; i < 40; i++) {
		await page.keyboard.press("Shift+Tab");
		if (await page.evaluate(() => document.activeElement.dataset.answer === "allow"))
			break;
	}
	await page.keyboard.press("Enter");
	await turns(page, 1);
});

test("the tab's title tells the state, and focus comes back after an answer", async () => {
	const page = await open();
	await begin(page, "question");
	await page.locator("[data-part=question][data-state=waiting]").waitFor();
	assert.match(await page.title(), /^◆ /);
	await page.click("[data-part=question] [data-answer=deny]");
	await turns(page, 1);
	await ready(page);
	assert.doesNotMatch(await page.title(), /^[◆●]/);
	assert.equal(await page.evaluate(() => document.activeElement.id), "message-input");
	assert.deepEqual(page.problems, []);
});

test("on a phone the list is behind its button, the state above the box", async () => {
	const page = await open({viewport: {width: 360, height: 740}});
	await begin(page, "hello");
	await turns(page, 1);
	await ready(page);
	assert.ok(!await page.locator("#conversation-list").isVisible());
	await page.click(".sidebar-toggle");
	assert.ok(await page.locator("#conversation-list").isVisible());
	await page.keyboard.press("Escape");
	assert.ok(!await page.locator("#conversation-list").isVisible());
	const bar = await page.locator("#status-bar").boundingBox();
	const box = await page.locator("#message-input").boundingBox();
	assert.ok(bar.y + bar.height <= box.y);
	assert.ok((await page.locator("#send").boundingBox()).height >= 40);
});

test("a draft survives a reload; a deleted conversation leaves every list", async () => {
	const page = await open();
	await begin(page, "hello");
	await turns(page, 1);
	await page.fill("#message-input", "not sent yet");
	await page.waitForTimeout(600);
	await page.reload();
	assert.equal(await page.inputValue("#message-input"), "not sent yet");
	const id = page.url().split("/").at(-1);
	const other = await page.context().newPage();
	await other.goto(address + "/workspace");
	await ready(other);
	assert.equal(await other.locator("#c-" + id).count(), 1);
	await page.goto(address + "/conversations/" + id + "/delete");
	await page.click("main button.destroy");
	await other.locator("#c-" + id).waitFor({state: "detached"});
});

test("a deletion can be undone for a moment: the list has it again, and it goes on", async () => {
	const page = await open();
	await begin(page, "run: echo kept");
	await turns(page, 1);
	assert.equal(await page.innerText("#conversation-title"), "echo kept");
	const id = page.url().split("/").at(-1);
	const other = await page.context().newPage();
	await other.goto(address + "/workspace");
	await ready(other);
	await page.goto(address + "/conversations/" + id + "/delete");
	await page.click("main button.destroy");
	await other.locator("#c-" + id).waitFor({state: "detached"});
	await page.locator(".undo").waitFor();
	await assertAccessible(page, "undo");
	await page.click(".undo button");
	await page.waitForURL(new RegExp(id));
	await other.locator("#c-" + id).waitFor();
	await turns(page, 1);
	await say(page, "hello");
	await turns(page, 2);
	await page.waitForTimeout(22000);	// the purge that was due
	await say(page, "hello");
	await turns(page, 3);
	assert.deepEqual(page.problems, []);
});

test("code has its language, a button to copy it, and colours", async () => {
	const page = await open();
	await begin(page, "echo: ```python\nprint('x')  # note\n```\n\n```nonsense\nplain <b>\n```\n\n```c\nint main(void) { return 1; }\n```");
	await turns(page, 1);
	const blocks = page.locator("[data-role=assistant] .code");
	await blocks.nth(2).waitFor();
	assert.deepEqual(await blocks.locator(".code-name").allInnerTexts(), ["python", "nonsense", "c"]);
	assert.equal(await blocks.nth(0).locator("pre").innerText(), "print('x')  # note\n");
	assert.equal(await blocks.nth(1).locator("pre").innerText(), "plain <b>\n");
	assert.ok(await blocks.nth(0).locator(".hl-slc").count());
	assert.equal(await blocks.nth(1).locator("pre [class^=hl-]").count(), 0);
	assert.ok(await blocks.nth(0).locator("[data-copy-code]").isVisible());
	const colour = (one) => one.evaluate((node) => getComputedStyle(node).color);
	assert.notEqual(await colour(blocks.nth(0).locator(".hl-str")), await colour(blocks.nth(0).locator("pre")));
	await assertAccessible(page, "code");
	await page.emulateMedia({colorScheme: "dark"});
	await assertAccessible(page, "code, dark");
	assert.deepEqual(page.problems, []);
});

test("drafts and what was not sent are the account's own", async () => {
	const page = await open();
	const other = newAccount("chat");
	await begin(page, "hello");
	await turns(page, 1);
	const conversation = page.url();
	await page.evaluate(() => {
		const {account, ws} = document.querySelector("#workspace").dataset;
		localStorage.setItem(`outbox:${account}:${ws}`, JSON.stringify([{id: crypto.randomUUID(), text: "hello kept"}]));
		localStorage.setItem("draft:/ws/workspace", JSON.stringify("of an earlier version"));
	});
	await page.goto(address + "/workspace");
	await page.fill("#message-input", "my secret draft");
	await page.waitForFunction(() => JSON.stringify(localStorage).includes("my secret draft"));
	await page.click(".user-menu summary");
	await page.click("#logout");
	await page.waitForURL(/\/login/);
	assert.doesNotMatch(await page.evaluate(() => JSON.stringify(localStorage)), /draft/);
	await logIn(page, other);
	await page.waitForURL(/\/workspace$/);
	await ready(page);
	assert.equal(await page.inputValue("#message-input"), "");
	assert.doesNotMatch(await page.innerText("body"), /secret|hello kept/);
	await page.click(".user-menu summary");
	await page.click("#logout");
	await page.waitForURL(/\/login/);
	await logIn(page, login);
	await page.waitForURL(/\/workspace$/);
	assert.equal(await page.inputValue("#message-input"), "");
	await page.goto(conversation);
	await turns(page, 2);
	assert.match(await page.innerText("#chat-area"), /hello kept/);
	assert.deepEqual(page.problems, []);
});

test("what two tabs could not send is sent by the next one, a long draft too is kept", async () => {
	const page = await open();
	await begin(page, "hello");
	await turns(page, 1);
	const tabs = await Promise.all(["hello from one", "hello from two"].map(async (text) => {
		const tab = await page.context().newPage();
		await tab.routeWebSocket(/\/ws\//, () => {});	// nothing arrives
		await tab.goto(page.url());
		return {tab, text};
	}));
	for (const {tab, text} of tabs) {
		await say(tab, text);
		await tab.locator(".unsent", {hasText: text}).waitFor();
	}
	const long = "not sent yet ".repeat(10000);
	await page.fill("#message-input", long);
	await page.waitForTimeout(600);
	await Promise.all(tabs.map(({tab}) => tab.close()));
	await page.reload();
	for (const {text} of tabs)
		await page.locator("[data-role=user] [data-part=text]", {hasText: text}).waitFor();
	await page.waitForFunction(() => !Object.keys(localStorage).some((name) => name.startsWith("outbox:")));
	assert.equal(await page.inputValue("#message-input"), long);
	assert.deepEqual(page.problems, []);
});

test("selected text stays selected when its part ends as markdown", async () => {
	const page = await open();
	await begin(page, "slow 3");
	const text = page.locator("[data-role=assistant] [data-part=text]").first();
	// Looked at and selected at once: the answer may end in between.
	const selected = await (await page.waitForFunction(() => {
		const node = document.querySelector("[data-role=assistant] [data-stream]")?.firstChild;
		if (!(node?.data.length > 80))
			return "";
		getSelection().setBaseAndExtent(node, 5, node, 60);
		return getSelection().toString();
	})).jsonValue();
	assert.ok(selected.length > 50);
	await turns(page, 1);
	assert.equal(await text.locator("[data-stream]").count(), 0);
	assert.equal(await page.evaluate(() => getSelection().toString()), selected);
	// Marks go, the words stay.
	await say(page, "markdown");
	const raw = await (await page.waitForFunction(() => {
		const node = [...document.querySelectorAll("[data-stream]")].at(-1)?.firstChild;
		if (!node?.data.includes("**"))
			return "";
		getSelection().setBaseAndExtent(node, 0, node, node.data.lastIndexOf("**") + 2);
		return getSelection().toString();
	})).jsonValue();
	const letters = (words) => words.replace(/[^\p{L}\p{N}]/gu, "");
	await turns(page, 2);
	assert.equal(letters(await page.evaluate(() => getSelection().toString())), letters(raw));
	assert.deepEqual(page.problems, []);
});

test("a question may have any name", async () => {
	const page = await open();
	const sent = [];
	page.on("websocket", (ws) => ws.on("framesent", (f) => sent.push(String(f.payload))));
	await begin(page, "question");
	const question = page.locator("[data-part=question][data-state=waiting]");
	await question.waitFor();
	await question.evaluate((part) => part.querySelectorAll("fieldset").forEach((field, i) => {
		field.dataset.question = i ? "constructor" : "__proto__";
		field.querySelector("[type=radio], [type=checkbox]").checked = true;
	}));
	await question.locator("[data-answer=allow]").click();
	await page.locator("[data-part=question][data-state=ok]").waitFor();
	const answer = sent.map((text) => JSON.parse(text)).find((m) => m.type === "answer");
	assert.ok(Object.keys(answer.answers).includes("__proto__"), JSON.stringify(answer));
});

test("a script that does not arrive whole is fetched again, and in the end the page says so", async () => {
	const page = await open();
	let fails = 1;
	await page.route("**/workspace/keys.js", (route) => fails-- > 0 ? route.abort() : route.continue());
	await page.reload();
	await page.fill("#message-input", "typed meanwhile");
	await ready(page);
	assert.equal(fails, -1);
	assert.equal(await page.inputValue("#message-input"), "typed meanwhile");
	fails = 99;
	await page.reload();
	await page.locator("#status-bar[data-state=failed]").getByRole("link").waitFor();
	assert.equal(fails, 95);
	fails = 0;
	await page.locator("#status-bar a").click();
	await ready(page);
});
