// What is attached to the message that is being written: pictures for Claude,
// files for the workspace, long pasted texts. Kept with the draft.

import {box, complain, conversation, fill, readOnly, root, size, store, uuid, words} from "./page.js";
import {grow} from "./composer.js";

const MANY = 20;
const FOLDED = 2048;	// bytes of a paste that becomes a chip
const draftName = `draft:${root.dataset.account}:${root.dataset.ws}:attached`;
const list = document.querySelector("#attachments");
const input = document.querySelector("#attach-input");
const base = root.dataset.base;

// {key, kind: picture|file|paste, name, state: waiting|ready|failed, id | path | text}
let items = [];

const kept = ({key, kind, name, id, path, text}) => ({key, kind, name, id, path, text, state: "ready"});
const keep = () => store.write(draftName, items.filter((item) => item.state === "ready").map(kept));

function thumbnail(item) {
	const picture = document.createElement("img");
	picture.alt = "";
	picture.width = picture.height = 40;
	picture.src = `${base}/pictures/${item.id}`;
	return picture;
}

function icon(name) {
	const mark = document.createElement("span");
	mark.className = `icon icon-${name}`;
	mark.setAttribute("aria-hidden", "true");
	return mark;
}

function face(item) {
	if (item.kind === "picture" && item.id)
		return thumbnail(item);
	return icon(item.kind === "paste" ? "notebook" : item.kind === "picture" ? "image" : "file");
}

function label(item) {
	const text = document.createElement(item.kind === "paste" ? "button" : "span");
	text.className = "chip-name";
	text.dir = "auto";
	text.textContent = item.name;
	if (item.kind === "paste") {
		text.type = "button";
		text.title = words("paste-open");
		text.addEventListener("click", () => openPaste(item));
	}
	return text;
}

function state(item) {
	if (item.state === "failed") {
		const why = document.createElement("span");
		why.className = "chip-problem";
		why.textContent = item.problem;
		return why;
	}
	const bar = document.createElement("progress");
	bar.max = 1;
	bar.value = item.progress || 0;
	bar.setAttribute("aria-label", words("attach-uploading"));
	return bar;
}

function chip(item) {
	const row = document.createElement("li");
	const remove = document.createElement("button");
	row.className = "chip";
	row.dataset.key = item.key;
	row.dataset.state = item.state;
	row.dataset.kind = item.kind;
	remove.type = "button";
	remove.className = "quiet chip-remove";
	remove.title = words("remove");
	remove.setAttribute("aria-label", `${words("remove")}: ${item.name}`);
	remove.append(icon("cross"));
	remove.addEventListener("click", () => drop(item));
	row.append(face(item), label(item));
	if (item.state !== "ready")
		row.append(state(item));
	row.append(remove);
	return row;
}

function show() {
	list.replaceChildren(...items.map(chip));
	list.hidden = !items.length;
	keep();
	grow();
}

function drop(item) {
	item.request?.abort();
	items = items.filter((other) => other !== item);
	show();
	box.focus();
}

function openPaste(item) {
	items = items.filter((other) => other !== item);
	box.value = box.value ? `${box.value}\n${item.text}` : item.text;
	show();
	box.focus();
}

function fail(item, problem) {
	item.state = "failed";
	item.problem = problem;
	show();
}

function showProgress(item, part) {
	item.progress = part;
	const bar = list.querySelector(`[data-key="${item.key}"] progress`);
	if (bar)
		bar.value = part;
}

async function upload(item, file) {
	if (!navigator.onLine) {
		addEventListener("online", () => items.includes(item) && upload(item, file), {once: true});
		item.problem = fill("attach-offline", item.name);
		complain(item.problem);
		return;
	}
	try {
		const sender = await import("./upload.js");
		const send = item.kind === "picture" ? sender.sendPicture : sender.sendFile;
		Object.assign(item, await send(file, item, (part) => showProgress(item, part)));
		item.state = "ready";
		if (items.includes(item))
			show();
	} catch (problem) {
		if (items.includes(item))
			fail(item, problem.words || fill("attach-failed", item.name));
	}
}

// The first bytes say what it is, whatever it is called.
const marks = [[0x89, 0x50, 0x4e, 0x47], [0xff, 0xd8, 0xff], [0x47, 0x49, 0x46, 0x38], [0x52, 0x49, 0x46, 0x46]];
async function isPicture(file) {
	const head = new Uint8Array(await file.slice(0, 12).arrayBuffer());
	const at = marks.findIndex((mark) => mark.every((byte, i) => head[i] === byte));
	return at >= 0 && (at < 3 || String.fromCharCode(...head.slice(8)) === "WEBP");
}

export async function attach(files) {
	complain("");
	for (const file of files) {
		if (items.length >= MANY) {
			complain(words("attach-many"));
			return;
		}
		let picture;
		try {
			picture = await isPicture(file);
		} catch {
			complain(words("attach-folder"));	// a folder has no bytes
			continue;
		}
		const item = {key: uuid(), kind: picture ? "picture" : "file", state: "waiting",
			name: file.name || words("attach-picture")};
		items.push(item);
		show();
		upload(item, file);
	}
}

// Of a message that is edited or said again: its pictures are stored already.
export function attachStored(pictures) {
	for (const {id, name} of pictures)
		if (!items.some((item) => item.id === id) && items.length < MANY)
			items.push({key: uuid(), kind: "picture", state: "ready", id, name: name || words("attach-picture")});
	show();
}

export const picturesIn = (element) => [...element.querySelectorAll("img[data-picture]")]
	.map((image) => ({id: image.dataset.picture, name: image.dataset.name}));

export const anyAttached = () => items.length > 0;

// Why what is attached cannot be sent yet; "" when it can.
export function attachedProblem() {
	const failed = items.find((item) => item.state === "failed");
	return failed ? failed.problem : items.some((item) => item.state === "waiting") ? words("attach-unready") : "";
}

const mention = (path) => /[\s"]/.test(path) ? `@"${path}"` : `@${path}`;

// The message's text with the pasted ones and the files' names, and its pictures.
export function withAttached(text) {
	const texts = items.filter((item) => item.kind === "paste").map((item) => item.text);
	const files = items.filter((item) => item.kind === "file").map((item) => mention(item.path));
	return {
		text: [text, ...texts, files.join(" ")].filter((part) => part.trim()).join("\n\n"),
		pictures: items.filter((item) => item.kind === "picture").map((item) => item.id),
	};
}

export function clearAttached() {
	items = [];
	show();
}

// A first message goes by the form itself.
export function fillForm(form) {
	form.querySelectorAll("input[name=picture]").forEach((old) => old.remove());
	for (const id of withAttached("").pictures) {
		const field = document.createElement("input");
		field.type = "hidden";
		field.name = "picture";
		field.value = id;
		form.append(field);
	}
}

export function restoreAttached() {
	items = store.read(draftName, []).filter((item) => item?.key && item.kind);
	show();
}

export const attachedDraft = draftName;

// ---- where things come from ----

box?.addEventListener("paste", (event) => {
	const data = event.clipboardData;
	if (data.files.length) {
		event.preventDefault();
		attach(data.files);
		return;
	}
	const text = data.getData("text/plain");
	const bytes = new TextEncoder().encode(text).length;
	if (bytes <= FOLDED || items.length >= MANY)
		return;
	event.preventDefault();
	items.push({key: uuid(), kind: "paste", state: "ready", text, name: fill("pasted", size(bytes))});
	show();
});

function holdsFiles(event) {
	return [...event.dataTransfer?.types || []].includes("Files");
}

if (!readOnly && box) {
	const target = document.querySelector("#workspace");
	const over = (on) => target.toggleAttribute("data-drop", on);
	target.dataset.dropWords = words("attach-here");
	addEventListener("dragover", (event) => {
		if (!holdsFiles(event))
			return;
		event.preventDefault();
		over(true);
	});
	addEventListener("dragleave", (event) => event.relatedTarget || over(false));
	addEventListener("drop", (event) => {
		over(false);
		if (!holdsFiles(event))
			return;
		event.preventDefault();
		attach([...event.dataTransfer.files]);
	});
	document.querySelector("#attach").addEventListener("click", () => input.click());
	input.addEventListener("change", () => {
		attach([...input.files]);
		input.value = "";
		document.querySelector("#add-menu").open = false;
	});
	// A form of another conversation would upload it again.
	input.form?.addEventListener("submit", () => { input.disabled = Boolean(!conversation); });
}
