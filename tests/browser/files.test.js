// The page of files on the real stack: uploads by picking and dropping, each
// kind of preview, editing with a conflict, deletion and its undo, hostile names,
// a large folder, the panel beside a chat, and what works without script.
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {after, before, test} from "node:test";
import {address, assertAccessible, begin, closePage, newAccount, openAt, openPage, logIn, startBrowser, turns} from "./gongbang.js";
import {containerOf, inside} from "../client.js";
import {says} from "../words.js";

let browser, login, container;
before(async () => {
	browser = await startBrowser();
	login = newAccount();
	const page = await openAt(browser, login, "/files");	// starts the workspace
	await page.locator("main.files").waitFor({timeout: 120000});
	container = containerOf(login);
	await closePage(page);
});
after(() => browser.close());

const row = (page, name) => page.locator("#files tbody tr", {has: page.locator(`th bdi:text-is("${name}")`)});
const uploaded = (page, name) => page.locator("#uploads li[data-state=done]", {hasText: name}).waitFor({timeout: 60000});
// A PNG of 1 x 1, and the head of one of 65535 x 65535.
const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
const bomb = Buffer.from("iVBORw0KGgoAAAANSUhEUgAA//8AAP//CAYAAAA=", "base64");
const notebook = JSON.stringify({nbformat: 4, metadata: {}, cells: [
	{cell_type: "markdown", source: "# Cells"},
	{cell_type: "code", execution_count: 1, source: "draw()", outputs: [{output_type: "display_data", data: {"image/png": png.toString("base64")}}]}]});
const files = [
	["chart.png", png], ["bomb.png", bomb], ["sales.csv", "이름,값\n가,1\n나,2\n"],
	["euckr.csv", Buffer.from([0xb0, 0xa1, 0x2c, 0x31, 0x0a])],
	["evil.svg", "<svg xmlns='http://www.w3.org/2000/svg'><script>document.title='owned'</script><rect width='9' height='9'/></svg>"],
	["evil.html", "<script>document.title='owned'</script>"], ["read.md", "# Words\n\n<script>document.title='owned'</script>"],
	["cells.ipynb", notebook], ["tree.json", '{"a":[1,2]}'], ["code.py", "print('hi')\n"], ["empty.txt", ""],
	["paper.pdf", "%PDF-1.7\n%%EOF"], ["pack.zip", Buffer.from("PK\x05\x06" + "\0".repeat(18), "latin1")],
].map(([name, content]) => ({name, mimeType: "application/octet-stream", buffer: Buffer.from(content)}));

test("many files at once, a taken name, and a folder by drop", async () => {
	const page = await openAt(browser, login, "/files");
	await page.setInputFiles("#upload-files", files);
	for (const {name} of files)
		await uploaded(page, name);
	await row(page, "sales.csv").waitFor();
	await page.setInputFiles("#upload-files", files.slice(2, 3));
	await page.locator("#uploads li[data-state=done]", {hasText: "sales (1).csv"}).waitFor({timeout: 60000});
	// What a drop of a folder gives to the page: entries.
	await page.evaluate(() => {
		const leaf = (name, text) => ({isFile: true, name, file: (done) => done(new File([text], name))});
		const folder = (name, some) => ({isFile: false, name, createReader: () => {
			let left = some;
			return {readEntries: (done) => { done(left); left = []; }};
		}});
		const entry = folder("tree", [leaf("top.txt", "1"), folder("deep", [leaf("아래.txt".normalize("NFD"), "2")])]);
		const drop = new Event("drop", {bubbles: true, cancelable: true});
		drop.dataTransfer = {types: ["Files"], items: [{webkitGetAsEntry: () => entry}], files: []};
		dispatchEvent(drop);
	});
	await uploaded(page, "tree/deep/");
	await uploaded(page, "tree/top.txt");
	assert.equal(inside(container, "cat /workspace/tree/deep/아래.txt /workspace/tree/top.txt"), "21");
	await row(page, "tree").locator("a").click();
	await row(page, "deep").waitFor();
	await closePage(page);
});

test("an upload goes on where the network broke, and after a reload", async () => {
	const page = await openAt(browser, login, "/files");
	const big = {name: "big.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(20 << 20, 7)};
	let chunks = 0;
	await page.route(/\/files\/upload\/.*offset=/, (route) => ++chunks === 2 ? route.abort() : route.continue());
	await page.setInputFiles("#upload-files", [big]);
	await uploaded(page, "big.bin");
	assert.equal(chunks, 4);	// three of 8 MB, and one again
	assert.equal(inside(container, "stat -c %s /workspace/big.bin").trim(), String(20 << 20));
	// the page is closed after the first chunk
	const path = execFileSync("mktemp", ["-d"], {encoding: "utf8"}).trim();
	execFileSync("truncate", ["-s", "20M", path + "/resumed.bin"]);
	chunks = 0;
	await page.unroute(/\/files\/upload\/.*offset=/);
	await page.route(/offset=8388608/, (route) => route.abort());
	await page.setInputFiles("#upload-files", path + "/resumed.bin");
	await page.locator("#uploads li", {hasText: says("files_upload_broken")}).waitFor({timeout: 60000});
	await page.reload();
	await page.locator("#uploads li[data-state=kept]", {hasText: "resumed.bin"}).waitFor();
	await page.unroute(/offset=8388608/);
	const offsets = [];
	page.on("request", (request) => offsets.push(...(request.url().match(/offset=\d+/) ?? [])));
	await page.setInputFiles("#upload-files", path + "/resumed.bin");
	await uploaded(page, "resumed.bin");
	assert.deepEqual(offsets, ["offset=8388608", "offset=16777216"]);
	execFileSync("rm", ["-r", path]);
	page.problems = page.problems.filter((one) => !one.includes("ERR_FAILED"));	// what this test broke
	await closePage(page);
});

test("each kind has its preview, and none of them acts", async () => {
	const page = await openAt(browser, login, "/files/sales.csv");
	const kinds = {
		"sales.csv": [".preview-table th >> text=이름"], "euckr.csv": [".preview-table th >> text=가"], "read.md": [".preview-words h2 >> text=Words"],
		"cells.ipynb": [".preview-cells h2 >> text=Cells", ".preview-drawn"], "tree.json": [".preview-json details >> nth=1"],
		"code.py": [".preview-code .hl-str"], "empty.txt": [says("preview_empty")], "paper.pdf": [".preview-other"],
		"pack.zip": [".preview-other"], "evil.html": [".preview-code >> text=script"], "bomb.png": [says("preview_picture_large")],
	};
	for (const [name, wanted] of Object.entries(kinds)) {
		await page.goto(address + "/files/" + name);
		for (const one of wanted)
			await (one instanceof RegExp ? page.getByText(one) : page.locator(one)).first().waitFor();
		await assertAccessible(page, "files " + name);
	}
	for (const name of ["chart.png", "evil.svg"]) {
		await page.goto(address + "/files/" + name);
		await page.waitForFunction(() => document.querySelector(".preview-picture img")?.naturalWidth > 0);
	}
	// opened by their address they are downloads, or run nothing
	for (const name of ["evil.svg", "evil.html"]) {
		const answer = await page.request.get(`${address}/files/raw/${name}?view=1`);
		assert.equal(answer.status(), 200);
		assert.match(answer.headers()["content-security-policy"], /sandbox/);
		assert.doesNotMatch(answer.headers()["content-type"], /html|svg/);
		assert.equal(answer.headers()["x-content-type-options"], "nosniff");
	}
	assert.notEqual(await page.title(), "owned");
	await closePage(page);
});

test("a text is saved, and two editors lose nothing", async () => {
	const page = await openAt(browser, login, "/files/code.py");
	await page.click("#edit");
	await page.fill("#file-text", "print('mine')\n");
	await page.keyboard.press("Control+s");
	await page.getByText(says("files_saved")).waitFor();
	await page.locator(".preview-code", {hasText: "mine"}).waitFor();
	await page.goto(address + "/files/code.py?edit=1");
	inside(container, "printf \"print('theirs')\\n\" >/workspace/code.py");
	await page.fill("#file-text", "print('again mine')\n");
	await page.click("#save");
	await page.locator("#conflict").waitFor();
	await assertAccessible(page, "two texts");
	assert.equal(await page.inputValue("#file-text"), "print('again mine')\n");
	assert.equal(await page.inputValue("#theirs"), "print('theirs')\n");
	await page.fill("[name=copy_name]", "mine.py");
	await page.click("#save-copy");
	await page.waitForURL(/\/files\/mine\.py/);
	assert.equal(inside(container, "cat /workspace/code.py /workspace/mine.py"), "print('theirs')\nprint('again mine')\n");
	await closePage(page);
});

test("names change, files go to the trash and come back; a folder is a zip", async () => {
	const page = await openAt(browser, login, "/files/mine.py");
	await page.click("#file-menu > summary");
	await page.click("#file-menu .rename >> nth=0");
	await page.fill("#file-menu [name=name]", "이름 100%.py");
	await page.press("#file-menu [name=name]", "Enter");
	await page.locator("h1", {hasText: "이름 100%.py"}).waitFor();
	await page.click("#file-menu > summary");
	await page.click("#delete");
	await page.getByText(says("files_deleted")).waitFor();
	assert.equal(await row(page, "이름 100%.py").count(), 0);
	await page.click("#undo");
	await row(page, "이름 100%.py").waitFor();
	// keys: down to a row, Delete
	await page.locator("#files tbody th a").first().focus();
	await page.keyboard.press("ArrowDown");
	const name = await page.evaluate(() => document.activeElement.textContent);
	await page.keyboard.press("Delete");
	await page.locator("#undo").waitFor();
	assert.equal(await row(page, name).count(), 0);
	await page.goto(address + "/trash");
	await assertAccessible(page, "trash");
	await page.locator("#trash button").first().click();
	await page.goto(address + "/files");
	await row(page, name).waitFor();
	const zip = await page.request.get(`${address}/files/archive/tree`);
	assert.equal(zip.status(), 200);
	assert.equal((await zip.body()).subarray(0, 2).toString(), "PK");
	await closePage(page);
});

test("hostile names are shown as they are, and can be opened; ten thousand are a list", async () => {
	inside(container, "mkdir -p /workspace/names/raw && cd /workspace/names && for n in $'a\\nb' '\"><b>x' $'\\u202egpj.exe' $'bad\\xff' '..x' '%41' 'a b+c&d?e#f' 'back\\slash'; do echo text >\"$n\"; done; ln -s /etc/passwd out; mkfifo pipe; mkdir /workspace/raw; echo inner >/workspace/raw/x.txt; mkdir /workspace/many && cd /workspace/many && seq -f 'n%05g' 10000 | xargs touch");
	const page = await openAt(browser, login, "/files/names");
	for (const name of ["a\\x0ab", '\\"><b>x', "\\\\u202egpj.exe", "bad\\\\xff", "%41", "a b+c&d?e#f", "back\\\\slash"]) {
		const shown = name === "a\\x0ab" ? "a\\\\x0ab" : name;
		await page.goto(address + "/files/names");
		await row(page, shown).locator("a").click();
		await page.locator(".preview-text", {hasText: "text"}).waitFor();
		const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
		assert.equal(await download.failure(), null);
	}
	assert.equal(await page.locator("b", {hasText: "x"}).count(), 0);
	// a folder named like a place of ours
	await page.goto(address + "/files");
	await row(page, "raw").locator("a").click();
	await row(page, "x.txt").locator("a").click();
	await page.locator(".preview-text", {hasText: "inner"}).waitFor();
	await page.goto(address + "/files/many");
	await page.locator("#files tbody tr").nth(149).waitFor();
	assert.equal(await page.locator("#files tbody tr").count(), 150);
	await page.click("[rel=next]");
	await row(page, "n00151").waitFor();
	await page.fill("#file-search", "N09999");
	await page.press("#file-search", "Enter");
	await row(page, "n09999").waitFor();
	assert.equal(await page.locator("#files tbody tr").count(), 1);
	await closePage(page);
});

test("the panel beside a chat shows files and previews, and gives its place back", async () => {
	const page = await openAt(browser, login, "/workspace");
	await begin(page, "hello");
	await turns(page, 1);
	await page.click("#open-files");
	await page.locator("#files-panel .panel-list a", {hasText: "sales.csv"}).first().click();
	await page.locator("#files-panel .preview-table").waitFor();
	await assertAccessible(page, "panel");
	const [chat, panel] = await Promise.all(["#chat-area", "#files-panel"].map((one) => page.locator(one).boundingBox()));
	assert.ok(chat.x + chat.width <= panel.x + 1, "the panel covers the chat");
	await page.keyboard.press("Escape");
	assert.equal(await page.locator("#files-panel").count(), 0);
	await page.setViewportSize({width: 360, height: 740});
	await page.click("#open-files");
	await page.locator("#files-panel .preview-table").waitFor();
	await assertAccessible(page, "panel on a phone");
	await closePage(page);
});

test("without script: folders, texts, moves and the trash", async () => {
	const page = await openPage(browser, {javaScriptEnabled: false, viewport: {width: 360, height: 740}});
	await logIn(page, login);
	await page.goto(address + "/files");
	await page.click("#new-menu > summary");
	await page.fill("#new-menu [name=name]", "quiet");
	await page.click("#new-menu form button");
	await page.locator("h1", {hasText: "quiet"}).waitFor();
	await page.goto(address + "/files/quiet?new=1");
	await page.fill("[name=name]", "a.md");
	await page.fill("#file-text", "# Quiet");
	await page.click("#save");
	await page.locator(".preview-words h2", {hasText: "Quiet"}).waitFor();
	await page.goto(address + "/files/quiet");
	await page.check(".pick input");
	await page.click("#chosen button >> nth=1");	// to the home
	await row(page, "a.md").waitFor();
	await page.check('.pick input[value="a.md"]');
	await page.click("#delete-chosen");
	await page.click("#undo");
	await row(page, "a.md").waitFor();
	await page.context().close();
});
