// Uploads: each file in numbered chunks, so that what was sent before the network
// broke or the page was closed is not sent again. Two files at a time.

import {droppedFiles} from "./dropped.js";

const CHUNK = 8 << 20;	// bytes
const LARGEST = 2 ** 31;	// bytes
const AT_ONCE = 2;
const PATIENCE = [1, 2, 4, 8, 15];	// seconds between attempts
const KEPT = "uploads";

let main, list;
const waiting = [];
let running = 0;

const base = document.body.dataset.base;
const words = (name) => main.getAttribute("data-text-" + name);
const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

// What is under way, so that a reloaded page can go on: {id, path, size, changed}.
const kept = {
	read() {
		try {
			return JSON.parse(sessionStorage.getItem(KEPT)) ?? [];
		} catch {
			return [];
		}
	},
	write(rows) {
		try {
			sessionStorage.setItem(KEPT, JSON.stringify(rows));
		} catch {
			// not resumed after a reload, that is all
		}
	},
	add(row) {
		kept.write([...kept.read().filter((one) => one.id !== row.id), row]);
	},
	drop(id) {
		kept.write(kept.read().filter((one) => one.id !== id));
	},
};

// A path's bytes, percent-encoded: the page's text encodes only what it must.
function encodePath(text) {
	return text.replace(/%[0-9A-F]{2}|[^%]+/g, (part) => part[0] === "%" ? part : encodeURIComponent(part));
}

function show(upload, state, text) {
	upload.row.dataset.state = state;
	upload.row.querySelector(".upload-state").textContent = text;
	upload.row.querySelector("progress").value = upload.file?.size ? upload.sent / upload.file.size : 0;
}

// One request; the number of bytes that the server has, or an error's word.
function send(upload, method, url, body) {
	return new Promise((done) => {
		const request = new XMLHttpRequest();
		const before = upload.sent;
		upload.request = request;
		request.open(method, url);
		request.setRequestHeader("X-CSRF-Token", main.dataset.csrf);
		request.upload.onprogress = (event) => {
			upload.sent = before + event.loaded;
			show(upload, "sending", percent(upload));
		};
		request.onloadend = () => done({status: request.status, text: request.responseText});
		request.send(body);
	});
}

const percent = (upload) => Math.floor(100 * upload.sent / Math.max(1, upload.file.size)) + "%";
const address = (upload, rest) => `${base}/files/upload/${upload.id}${rest}`;

function sizeOf(answer) {
	return Number(/^size (\d+)/m.exec(answer.text)?.[1] ?? NaN);
}

// How much the server has: 0 for an upload that it does not know.
async function ask(upload) {
	const answer = await send(upload, "GET", address(upload, ""));
	if (answer.status === 404)
		return 0;
	return answer.status === 200 ? sizeOf(answer) : NaN;
}

async function sendChunk(upload) {
	const from = upload.sent;
	const answer = await send(upload, "POST", address(upload, `?offset=${from}`), upload.file.slice(from, from + CHUNK));
	if (answer.status === 200 || answer.status === 409) {
		upload.begun = true;
		upload.sent = sizeOf(answer);
		return "";
	}
	upload.sent = from;
	return {507: "full", 413: "large", 401: "failed", 403: "failed"}[answer.status] ?? "again";
}

async function finish(upload) {
	const to = encodePath(upload.path);
	const answer = await send(upload, "POST", address(upload, `/finish?to=${to}&size=${upload.file.size}`));
	const path = /^path (.+)$/m.exec(answer.text)?.[1];
	if (answer.status === 201 && path) {
		upload.saved = path;
		return "";
	}
	return {507: "full", 400: "failed", 404: "failed", 401: "failed", 403: "failed"}[answer.status] ?? "again";
}

// The next step; "" when it went well, "done" at the end.
async function step(upload) {
	if (Number.isNaN(upload.sent)) {
		upload.sent = await ask(upload);
		return Number.isNaN(upload.sent) ? "again" : "";
	}
	if (upload.sent < upload.file.size || !upload.begun)
		return sendChunk(upload);
	return await finish(upload) || "done";
}

async function run(upload) {
	let tries = 0;
	upload.sent = NaN;
	for (;;) {
		const outcome = await step(upload);
		if (upload.cancelled)
			return;
		if (outcome === "done")
			return succeed(upload);
		if (outcome && outcome !== "again")
			return fail(upload, words(outcome));
		if (outcome && tries === PATIENCE.length && navigator.onLine)
			return fail(upload, words("failed"));
		if (!outcome) {
			tries = 0;
			continue;
		}
		show(upload, "waiting", words("broken"));
		await pause(PATIENCE[Math.min(tries++, PATIENCE.length - 1)]);
		upload.sent = NaN;
	}
}

function button(upload, text, act) {
	const one = document.createElement("button");
	one.type = "button";
	one.className = "secondary";
	one.textContent = text;
	one.addEventListener("click", act);
	upload.row.querySelector(".decide").replaceChildren(one);
}

function succeed(upload) {
	const name = upload.saved.split("/").pop();
	let shown = name;
	try {
		shown = decodeURIComponent(name);
	} catch {
		// not UTF-8: as it is encoded
	}
	kept.drop(upload.id);
	upload.sent = upload.file.size;
	show(upload, "done", shown === upload.name ? words("done") : words("as").replace("{0}", shown));
	upload.row.querySelector(".decide").replaceChildren();
}

function fail(upload, text) {
	show(upload, "failed", text);
	button(upload, words("again"), () => start(upload));
}

async function cancel(upload) {
	upload.cancelled = true;
	upload.request?.abort();
	kept.drop(upload.id);
	upload.row.remove();
	list.hidden = !list.children.length;
	await send({row: upload.row, sent: 0, file: {size: 0}}, "DELETE", address(upload, ""));
}

function start(upload) {
	show(upload, "waiting", words("waiting"));
	button(upload, words("cancel"), () => cancel(upload));
	waiting.push(upload);
	pump();
}

async function pump() {
	if (running >= AT_ONCE || !waiting.length)
		return;
	const upload = waiting.shift();
	running++;
	pump();
	if (!upload.cancelled)
		await run(upload);
	running--;
	pump();
	if (!running && !waiting.length)
		redraw();
}

// The list as it is now; where there was none, the whole page.
async function redraw() {
	const old = document.querySelector("#files tbody");
	if (!old)
		return location.reload();
	const answer = await fetch(location.href).catch(() => null);
	if (!answer?.ok)
		return;
	const page = new DOMParser().parseFromString(await answer.text(), "text/html");
	const fresh = page.querySelector("#files tbody");
	if (fresh)
		old.replaceWith(document.adoptNode(fresh));
}

function addRow(name) {
	const row = document.createElement("li");
	row.innerHTML = '<div class="line-main"><bdi dir="auto"></bdi><span class="upload-state"></span></div><progress max="1"></progress><div class="decide"></div>';
	row.querySelector("bdi").textContent = name;
	row.querySelector("progress").setAttribute("aria-label", name);
	list.append(row);
	list.hidden = false;
	return row;
}

function uuid() {
	const b = crypto.getRandomValues(new Uint8Array(16));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	return [...b].map((n) => n.toString(16).padStart(2, "0")).join("").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// name: the path below this folder. The folder's text is already encoded where needed.
export function addFile(file, name) {
	const below = name.normalize("NFC");
	const path = (main.dataset.folder ? main.dataset.folder + "/" : "") + below.replaceAll("%", "%25");
	const before = kept.read().find((one) => one.path === path && one.size === file.size && one.changed === file.lastModified);
	const upload = {id: before?.id ?? uuid(), file, path, name: below.split("/").pop(), sent: 0};
	if (before)
		list.querySelector(`[data-id="${before.id}"]`)?.remove();
	upload.row = addRow(name);
	upload.row.dataset.id = upload.id;
	if (file.size > LARGEST)
		return fail(upload, words("large"));
	kept.add({id: upload.id, path, size: file.size, changed: file.lastModified});
	start(upload);
}

// Uploads of before this page was loaded wait for their file.
function showKept() {
	const prefix = main.dataset.folder ? main.dataset.folder + "/" : "";
	for (const one of kept.read()) {
		if (!one.path.startsWith(prefix))
			continue;
		const upload = {id: one.id, path: one.path, sent: 0, row: addRow(one.path.slice(prefix.length).replaceAll("%25", "%"))};
		upload.row.dataset.id = one.id;
		show(upload, "kept", words("resume"));
		button(upload, words("cancel"), () => cancel(upload));
	}
}

function pick(input) {
	for (const file of input.files)
		addFile(file, file.webkitRelativePath || file.name);
	input.value = "";
}

function listenToDrops() {
	const over = document.createElement("div");
	over.className = "files-over";
	over.textContent = words("drop");
	const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
	addEventListener("dragover", (event) => {
		if (!hasFiles(event))
			return;
		event.preventDefault();
		document.body.append(over);
	});
	addEventListener("dragleave", (event) => event.relatedTarget || over.remove());
	addEventListener("drop", async (event) => {
		if (!hasFiles(event))
			return;
		event.preventDefault();
		over.remove();
		for (const {file, name} of await droppedFiles(event.dataTransfer))
			addFile(file, name);
	});
	addEventListener("paste", (event) => {
		for (const file of event.clipboardData?.files ?? [])
			addFile(file, file.name);
	});
}

export function beginUploads(page) {
	main = page;
	list = document.querySelector("#uploads");
	for (const [button, input] of [["#upload", "#upload-files"], ["#upload-folder", "#upload-tree"]]) {
		const field = document.querySelector(input);
		document.querySelector(button).addEventListener("click", () => field.click());
		field.addEventListener("change", () => pick(field));
	}
	listenToDrops();
	showKept();
}
