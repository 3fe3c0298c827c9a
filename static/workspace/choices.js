// The model, its effort, how full its context is, suggestions, and questions
// beside the conversation.

import {backToBox, bar, box, complain, conversation, fill, readOnly, root, uuid, words} from "./page.js";
import {grow, keepDraft, sendText} from "./composer.js";
import {post} from "./connection.js";

const model = document.querySelector("#model");
const effort = document.querySelector("#effort");
const keepChoice = document.querySelector("#keep-choice");
const asides = document.querySelector("#asides");
const suggestions = document.querySelector("#suggestions");

function showName() {
	document.querySelector("#model-name").textContent = model.selectedOptions[0]?.dataset.name || model.value;
}

// For new conversations, too.
function keep() {
	const body = new URLSearchParams({csrf: root.dataset.csrf, model: model.value, effort: effort.value});
	fetch(`${root.dataset.base}/account/composer`, {method: "POST", body, redirect: "manual"}).catch(() => {});
}

for (const select of [model, effort])
	select?.addEventListener("change", () => {
		showName();
		if (conversation && !post({type: select.name, [select.name]: select.value}))
			complain(words("reconnecting"));
		if (keepChoice.checked)
			keep();
	});
keepChoice?.addEventListener("change", () => keepChoice.checked && keep());

export function showChoice(event) {
	if (!model || readOnly)
		return;
	if (![...model.options].some((option) => option.value === event.model))
		model.add(new Option(event.model, event.model));
	model.value = event.model;
	effort.value = event.effort;
	showName();
}

// ---- the context ----

let asked = 0;
export function askContext() {
	clearTimeout(asked);
	if (!conversation || readOnly || document.hidden)
		return;
	asked = setTimeout(() => post({type: "context"}), 300);
}

export function showContext(event) {
	const menu = document.querySelector("#context-menu");
	if (!menu)
		return;
	menu.hidden = false;
	document.querySelector("#gauge-used").setAttribute("stroke-dasharray", `${event.percent} 100`);
	document.querySelector("#context-percent").textContent = fill("context", event.percent);
	document.querySelector("#context-words").textContent = event.words;
	menu.querySelector("summary").title = fill("context", event.percent);
}

document.querySelector("#compact")?.addEventListener("click", () => {
	document.querySelector("#context-menu").open = false;
	sendText("/compact");
});

// ---- beside the conversation ----

function button(name, className, act) {
	const made = document.createElement("button");
	made.type = "button";
	made.className = className;
	made.textContent = words(name);
	made.addEventListener("click", act);
	return made;
}

export function askAside() {
	const text = box.value.trim();
	if (!text) {
		box.focus();
		return;
	}
	const id = uuid();
	if (!post({type: "aside", id, text})) {
		complain(words("reconnecting"));
		return;
	}
	const card = document.createElement("section");
	const asks = document.createElement("p");
	const answer = document.createElement("div");
	const note = document.createElement("p");
	card.className = "aside-card";
	card.id = `aside-${id}`;
	asks.className = "aside-asks";
	asks.dir = answer.dir = "auto";
	asks.textContent = text;
	answer.className = "aside-answer muted";
	answer.textContent = words("aside-waits");
	note.className = "muted";
	note.textContent = words("aside-about");
	card.append(asks, answer, note, button("close", "quiet", () => {
		card.remove();
		backToBox();
	}));
	asides.append(card);
	box.value = "";
	keepDraft();
	grow();
}

export function showAside(event) {
	const answer = document.querySelector(`#aside-${CSS.escape(event.id)} .aside-answer`);
	if (!answer)
		return;
	answer.textContent = event.text || event.problem;
	answer.classList.toggle("muted", !event.text);
	answer.scrollIntoView({block: "nearest"});
}

document.querySelector("#ask-aside")?.addEventListener("click", () => {
	document.querySelector("#add-menu").open = false;
	askAside();
});

// ---- suggestions ----

export function hideSuggestion() {
	if (suggestions)
		suggestions.hidden = true;
}

export function showSuggestion(event) {
	if (readOnly || bar.dataset.state === "working")
		return;
	const chip = document.createElement("button");
	chip.type = "button";
	chip.className = "secondary suggestion";
	chip.title = words("suggestion");
	chip.dir = "auto";
	chip.textContent = event.text;
	chip.addEventListener("click", () => {
		box.value = event.text;
		suggestions.hidden = true;
		keepDraft();
		grow();
		box.focus();
	});
	suggestions.replaceChildren(chip);
	suggestions.hidden = false;
}

// ---- templates ----

async function completion() {
	return import("./completion.js");
}

document.querySelector("#insert-template")?.addEventListener("click", async () => {
	document.querySelector("#add-menu").open = false;
	box.focus();
	if (!await (await completion()).offerTemplates())
		complain(words("template-none"));
});

document.querySelector("#save-template")?.addEventListener("click", () => {
	document.querySelector("#add-menu").open = false;
	if (!box.value.trim()) {
		box.focus();
		return;
	}
	const form = document.createElement("form");
	const name = document.createElement("input");
	form.className = "aside-card template-form";
	name.name = "name";
	name.required = true;
	name.maxLength = 60;
	name.placeholder = words("template-name");
	name.setAttribute("aria-label", words("template-name"));
	const save = button("save", "", () => {});
	save.type = "submit";
	form.append(name, save, button("cancel", "quiet", () => {
		form.remove();
		box.focus();
	}));
	form.addEventListener("submit", async (event) => {
		event.preventDefault();
		const body = new URLSearchParams({csrf: root.dataset.csrf, name: name.value.trim(), text: box.value});
		const reply = await fetch(`${root.dataset.base}/account/templates`, {method: "POST", body, redirect: "manual"}).catch(() => null);
		const saved = reply && (reply.type === "opaqueredirect" || reply.ok);
		if (saved) {
			form.remove();
			(await completion()).forgetLists();
			const {toast} = await import("./toast.js");
			toast(words("template-saved"));
			box.focus();
		} else {
			complain(fill("attach-failed", name.value));
		}
	});
	asides.append(form);
	name.focus();
});
