// Terminals on the real stack: what is drawn again after a reload is what was
// there, Korean as an input method composes it, a flood, a killed bridge, a
// restarted container, hostile sequences, and the workspace's own Claude.
// Tests lib/bridge/terminal_client.c, lib/bridge/login_check.c.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {address, assertAccessible, closePage, newAccount, openAt, startBrowser} from "./gongbang.js";
import {containerOf, engine, redis, service, userId} from "../client.js";
import {says} from "../words.js";

let browser, login;
before(async () => {
	browser = await startBrowser();
	login = newAccount();
});
after(() => browser.close());

const live = (page) => page.locator("#terminal[data-state=live]").waitFor({timeout: 120000});
const shows = (page, text) => page.waitForFunction((wanted) => {
	const t = document.querySelector("#terminal").terminal, b = t.buffer.active;
	for (let y = 0; y < b.length; y++) {
		if (b.getLine(y).translateToString(true).includes(wanted))
			return true;
	}
	return false;
}, text, {timeout: 60000});
const run = async (page, text) => {
	await page.evaluate((line) => document.querySelector("#terminal").terminal.input(line + "\r"), text);
};

async function open(options) {
	const page = await openAt(browser, login, "/terminal", options);
	await page.click(`text=${says("terminal_new")}`);
	await live(page);
	await page.waitForFunction(() => document.querySelector("#terminal").terminal.modes.bracketedPasteMode);
	await run(page, "PS1='$ '; clear; echo be''gun");
	await shows(page, "begun");
	return page;
}

// Everything that xterm.js knows of its screens, scrollback and modes.
const drawn = (page) => page.evaluate(() => {
	const t = document.querySelector("#terminal").terminal, out = [];
	for (const b of [t.buffer.normal, t.buffer.alternate]) {
		if (b !== t.buffer.active && b.type === "alternate")
			continue;
		for (let y = 0; y < b.length; y++) {
			let row = "";
			for (let x = 0; x < t.cols; x++) {
				const c = b.getLine(y).getCell(x);
				row += c.getChars() ? `${c.getChars()}{${c.getWidth()} ${c.getFgColorMode()}:${c.getFgColor()} ${c.getBgColorMode()}:${c.getBgColor()} ${[c.isBold(), c.isDim(), c.isItalic(), c.isUnderline(), c.isInverse(), c.isStrikethrough()].map(Boolean).map(Number).join("")}}` : c.isBgDefault() ? "." : `.{${c.getBgColor()}}`;
			}
			out.push(row.replace(/\.+$/, ""));
		}
		out.push(`${b.type} ${b.cursorX} ${b.cursorY} ${b.length}`);
	}
	const {synchronizedOutputMode, ...modes} = t.modes;
	return [...out, JSON.stringify(modes), `${t.rows} ${t.cols}`];
});

const sequences = [
	"\\033[1;31mred\\033[0m \\033[38;5;200;48;2;1;2;3mtrue\\033[0m \\033[4;3;7mstyles\\033[0m",
	"한글 e\\xcc\\x81 👨‍👩‍👧 ❤️ 漢字", "\\033(0lqqk\\033(B", "\\033[5Cgap\\033[3D\\033[1P\\033[2@",
	"\\033[3;8r\\033[8;1Hregion\\n\\n\\033M\\033[2L\\033[1M\\033[r\\033[12;1H",
	"\\033]8;;https://example.org/\\033\\\\link\\033]8;;\\033\\\\",
];

test("a reload draws what was there: colours, wide characters, regions, scrollback", async () => {
	const page = await open();
	await run(page, "seq -f 'line %g of the scrollback' 1 100");
	await run(page, `printf '${sequences.join("\\r\\n")}'; printf '%0300d' 7; echo; echo al''l`);
	await shows(page, "all");
	const before = await drawn(page);
	await page.reload();
	await live(page);
	assert.deepEqual(await drawn(page), before);
	assert.ok(before.length > 100);
	await run(page, "printf '\\033[?1049h\\033[?1003;1006h\\033[?2004l\\033[?1h\\033[H\\033[44mfull screen\\033[K\\033[5;5Hhere'; cat");
	await shows(page, "here");
	const full = await drawn(page);
	await page.reload();
	await live(page);
	assert.deepEqual(await drawn(page), full);
	await closePage(page);
});

test("Korean arrives once, composed in the terminal or typed in the line", async () => {
	const page = await open();
	const cdp = await page.context().newCDPSession(page);
	await page.focus(".xterm-helper-textarea");
	await run(page, "cat >said");
	for (const [text, commit] of [["ㅎ"], ["하"], ["한", true], ["ㄱ"], ["그"], ["글", true]]) {
		await cdp.send("Input.imeSetComposition", {text, selectionStart: text.length, selectionEnd: text.length});
		if (commit)
			await cdp.send("Input.insertText", {text});
	}
	await page.keyboard.press("Enter");
	await page.click("#terminal-line-toggle");
	await page.fill("#terminal-input", "줄로 쓴 글");
	await page.press("#terminal-input", "Enter");
	await page.evaluate(() => document.querySelector("#terminal").terminal.input("\x04"));
	await run(page, "tr '\\n' '/' <said; echo");
	await shows(page, "한글/줄로 쓴 글/");
	await closePage(page);
});

test("a flood obeys Ctrl-C, and the bridge may be killed in it", async () => {
	const page = await open();
	await run(page, "yes flooding");
	await page.waitForFunction(() => document.querySelector("#terminal").terminal.buffer.active.length > 4000);
	process.kill(Number(service("bridge")), "SIGKILL");
	await page.locator("#terminal[data-state=reconnecting]").waitFor();
	await live(page);
	await shows(page, "flooding");
	await page.focus(".xterm-helper-textarea");
	await page.keyboard.press("Control+c");
	await run(page, "echo sti''ll here");
	await shows(page, "still here");
	await closePage(page);
});

test("escapes reach neither the clipboard nor another page", async () => {
	const page = await open({permissions: ["clipboard-read", "clipboard-write"]});
	await run(page, "printf '\\033]52;c;c3RvbGVu\\a\\033]2;<b>title</b>\\a\\033]8;;javascript:alert(1)\\a bad \\033]8;;\\a\\033[8;1;1t'; echo do''ne");
	await shows(page, "done");
	assert.equal(await page.locator("#terminal-title").textContent(), "<b>title</b>");
	assert.doesNotMatch(await page.evaluate(() => navigator.clipboard.readText().catch(() => "")), /stolen/);
	assert.ok(await page.evaluate(() => document.querySelector("#terminal").terminal.cols > 20));
	await closePage(page);
});

test("the list names, renames and ends; two tabs share one", async () => {
	const page = await open();
	const path = new URL(page.url()).pathname;
	const other = await openAt(browser, login, path);
	await live(other);
	await run(other, "cd /usr; echo from''other");
	await shows(page, "fromother");
	await other.goto(address + "/terminal");
	const id = path.split("/").pop();
	const row = other.locator(`[data-terminal="${id}"]`);
	assert.match(await row.textContent(), /bash.*\/usr/s);
	await row.locator("summary").click();
	await row.locator("input[name=name]").fill("빌드 <1>");
	await row.locator("form button").first().click();
	await other.locator(`[data-terminal="${id}"] a`, {hasText: "빌드 <1>"}).waitFor();
	await assertAccessible(other);
	await other.locator(`[data-terminal="${id}"] button`, {hasText: says("terminal_end")}).click();
	await page.locator("#terminal[data-state=ended]").waitFor();
	await page.locator("#terminal-again a").waitFor();
	await closePage(other);
	await closePage(page);
});

test("Claude works in it with the workspace's token, counted as the user's", async () => {
	const page = await open();
	await run(page, "cd && claude -p 'hello there' && echo answ''ered");
	await shows(page, "answered");
	await page.goto(address + "/usage");
	assert.match(await page.locator("main").textContent(), /[1-9]/);
	await closePage(page);
});

test("a killed container says that the terminal is over; so does the end of the login", async () => {
	const page = await open();
	const second = await open();
	await engine("POST", `/containers/${containerOf(login)}/kill`);
	await page.locator("#terminal[data-state=ended]").waitFor({timeout: 120000});
	await page.locator("#terminal-again a").click();
	await live(page);
	await assertAccessible(page);
	for (const key of redis("--raw", "keys", "session:*").split("\n").filter(Boolean)) {
		if (redis("--raw", "get", key).includes(userId(login)))
			redis("del", key);
	}
	await page.locator("#terminal-state", {hasText: says("terminal_login")}).waitFor({timeout: 60000});
	await closePage(second);
	await closePage(page);
});
