// Completes "/" (Claude's commands, templates) and "@" (files) in the message
// box; loaded when one of them is typed.

import {box, root, words} from "./page.js";
import {grow, keepDraft} from "./composer.js";
import {post} from "./connection.js";

const ROWS = 50, TRIES = 3;
const panel = document.querySelector("#completion");
let rows = [], chosen = 0, token = null, lists = null, timer = 0, tries = 0;

async function load() {
	try {
		const reply = await fetch(`${root.dataset.base}/completions`);
		lists = reply.ok ? await reply.json() : {commands: [], templates: []};
	} catch {
		lists = {commands: [], templates: []};
	}
}

// What is being typed before the caret: {kind, from, query}.
function tokenAt() {
	const before = box.value.slice(0, box.selectionEnd);
	const command = /^\/(\S*)$/.exec(before);
	if (command)
		return {kind: "commands", from: 0, query: command[1]};
	const file = /(?:^|\s)@"?([^\s"]*)$/.exec(before.slice(-300));
	return file ? {kind: "files", from: box.selectionEnd - file[1].length, query: file[1]} : null;
}

const matches = (name, query) => name.toLowerCase().includes(query.toLowerCase());
const begins = (name, query) => Number(!name.toLowerCase().startsWith(query.toLowerCase()));

function commandRows(query) {
	const templates = lists.templates.map((one) => ({name: one.name, about: words("template"), insert: one.text, whole: true}));
	const commands = lists.commands.map((one) => ({name: "/" + one.name, about: one.about || "", hint: one.hint || "", insert: `/${one.name} `, whole: true}));
	return [...templates, ...commands].filter((row) => matches(row.name.replace(/^\//, ""), query))
		.sort((a, b) => begins(a.name.replace(/^\//, ""), query) - begins(b.name.replace(/^\//, ""), query)).slice(0, ROWS);
}

export function close() {
	panel.hidden = true;
	rows = [];
	token = null;
	for (const name of ["aria-controls", "aria-activedescendant", "aria-autocomplete", "aria-haspopup"])
		box.removeAttribute(name);
}

function choose(at) {
	chosen = (at + rows.length) % rows.length;
	panel.querySelectorAll("[role=option]").forEach((option, i) => {
		option.setAttribute("aria-selected", String(i === chosen));
		if (i === chosen)
			option.scrollIntoView({block: "nearest"});
	});
	box.setAttribute("aria-activedescendant", `completion-${chosen}`);
}

function option(row, i) {
	const node = document.createElement("li");
	node.id = `completion-${i}`;
	node.setAttribute("role", "option");
	for (const [name, text] of [["completion-name", row.name], ["completion-hint", row.hint], ["completion-about", row.about]]) {
		if (!text)
			continue;
		const part = document.createElement("span");
		part.className = name;
		part.dir = "auto";
		part.textContent = text;
		node.append(part);
	}
	// Not a click: the box keeps its focus, and the phone its keyboard.
	node.addEventListener("pointerdown", (event) => event.preventDefault());
	node.addEventListener("click", () => take(row));
	return node;
}

function show(found) {
	rows = found;
	if (!rows.length) {
		close();
		return;
	}
	const list = document.createElement("ul");
	list.id = "completion-list";
	list.setAttribute("role", "listbox");
	list.setAttribute("aria-label", words(token.kind));
	list.append(...rows.map(option));
	panel.replaceChildren(list);
	panel.hidden = false;
	// A textarea may have no role of a combobox: these say the same.
	box.setAttribute("aria-autocomplete", "list");
	box.setAttribute("aria-haspopup", "listbox");
	box.setAttribute("aria-controls", "completion-list");
	choose(0);
}

function take(row) {
	const end = box.selectionEnd;
	const open = row.name.endsWith("/") && !row.whole;	// a folder: its files come next
	const quoted = !row.whole && /\s/.test(row.name);
	const insert = row.whole ? row.insert : (quoted ? `"${row.name}"` : row.name) + (open ? "" : " ");
	let from = row.whole ? 0 : token.from;
	if (quoted && box.value[from - 1] === '"')
		from--;
	box.setRangeText(insert, from, end, "end");
	keepDraft();
	grow();
	close();
	box.focus();
	if (open)
		update();
}

// The CLI answers with nothing until its index is made: it is asked again.
export function showFiles(event) {
	if (token?.kind !== "files" || event.text !== token.query)
		return;
	if (event.names.length)
		show(event.names.map((name) => ({name})));
	else if (tries++ < TRIES)
		askFiles(800);
}

function askFiles(ms) {
	const text = token.query;
	clearTimeout(timer);
	timer = setTimeout(() => post({type: "files", text}), ms);
}

export async function update() {
	token = tokenAt();
	if (!token) {
		close();
		return;
	}
	if (token.kind === "files") {
		tries = 0;
		askFiles(120);
		return;
	}
	if (!lists)
		await load();
	token = tokenAt();
	if (token?.kind === "commands")
		show(commandRows(token.query));
}

// True if the key was for the list.
export function onKey(event) {
	if (panel.hidden || event.isComposing || event.keyCode === 229)
		return false;
	if (event.key === "ArrowDown")
		choose(chosen + 1);
	else if (event.key === "ArrowUp")
		choose(chosen - 1);
	else if (event.key === "Escape")
		close();
	else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey))
		take(rows[chosen]);
	else
		return false;
	event.preventDefault();
	event.stopPropagation();
	return true;
}

// The templates alone, from the menu.
export async function offerTemplates() {
	await load();
	token = {kind: "commands", from: 0, query: ""};
	const found = lists.templates.map((one) => ({name: one.name, about: "", insert: one.text, whole: true}));
	show(found);
	return found.length > 0;
}

// What is known of templates is out of date.
export function forgetLists() {
	lists = null;
}
