// The message box: drafts, sending, and Claude that begins while one types.

import {box, complain, composer, conversation, messageMax, mode, readOnly, root, store, uuid, words} from "./page.js";
import {post} from "./connection.js";
import {give, takeBack} from "./outbox.js";
import {editLast, endEditingOfNothing, restoreEditing, takeEdited} from "./queue.js";
import {toEnd} from "./reading.js";
import {showStop} from "./status.js";
import {said} from "./messages.js";
import {anyAttached, attachStored, attachedDraft, attachedProblem, clearAttached, fillForm, restoreAttached, withAttached} from "./attachments.js";
import {hideSuggestion} from "./choices.js";

// Of one account: who logs in next on this computer sees nothing of it (app.js
// removes drafts at logout; what was sent waits for its own account).
const draftName = root.dataset.draft;

// By the first letter. dir="auto" would do, but takes seconds for a megabyte.
function turn() {
	const letter = /\p{L}/u.exec(box.value.slice(0, 1000));
	box.dir = letter && /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/.test(letter[0]) ? "rtl" : "ltr";
}

const LONG = 20000;	// characters: to measure more takes longer than a key may
const sizesItself = CSS.supports("field-sizing", "content");

export function grow() {
	turn();
	showStop();
	const long = box.value.length > LONG;
	box.classList.toggle("long", long);
	if (sizesItself)
		return;		// measuring would lay out the page once more
	box.style.height = "";
	if (box.value && !long)
		box.style.height = box.scrollHeight + "px";
}

function tooLong(text) {
	return new TextEncoder().encode(text).length > messageMax;
}

// A used-up budget, or the calls are stopped: what is typed stays until it can be sent.
const sendNote = document.querySelector("#send-note");
export function showNoSend(why = "") {
	if (!sendNote)
		return;
	sendNote.textContent = why;
	sendNote.hidden = !why;
	composer.querySelector("#send").disabled = Boolean(why);
}

// Whether it may be sent; says why not.
function check(text) {
	const problem = !sendNote.hidden ? sendNote.textContent : attachedProblem() || (tooLong(text) ? words("too-long") : "");
	complain(problem);
	return !problem;
}

// now: interrupts what Claude does.
function send(now = false) {
	if (!box.value.trim() && !anyAttached())
		return false;
	const message = {id: uuid(), ...withAttached(box.value)};
	if (!check(message.text))
		return false;
	if (!conversation) {
		fillForm(composer);
		box.value = message.text;
		return true;	// the form itself makes the conversation
	}
	const held = takeEdited();
	if (held)
		message.held = held;
	if (now)
		message.now = true;
	give(message);
	box.value = "";
	clearAttached();
	store.write(draftName, null);
	hideSuggestion();
	grow();
	toEnd();
	return false;
}

// A message that was not typed.
export function sendText(text) {
	if (!check(text))
		return;
	give({id: uuid(), text});
	toEnd();
}

document.querySelector("#send-now")?.addEventListener("click", () => send(true));

// A first message leaves the draft only when its conversation was opened.
composer?.addEventListener("submit", (event) => {
	const typed = box.value;
	if (!send()) {
		event.preventDefault();
		return;
	}
	clearTimeout(draftTimer);
	store.write(draftName, typed);
	try {
		sessionStorage.setItem("sent", draftName);
	} catch {
		store.write(draftName, null);
		store.write(attachedDraft, null);
	}
});

function forgetSentDraft() {
	try {
		const name = conversation && sessionStorage.getItem("sent");
		if (!name)
			return;
		store.write(name, null);
		store.write(name + ":attached", null);
		sessionStorage.removeItem("sent");
	} catch {
		// nothing was kept
	}
}

// Own earlier messages, by the arrows of an empty box.
let recalled = 0;	// how many back; 0: what is in the box was typed
function recall(step) {
	const all = said();
	const at = recalled + step;
	if (at < 0 || at > all.length)
		return;
	recalled = at;
	box.value = at ? all.at(-at) : "";
	grow();
	keepDraft();
}

function mayRecall(event) {
	if (event.isComposing || event.shiftKey || event.altKey || event.ctrlKey || event.metaKey)
		return false;
	return !box.value || (recalled && box.value === said().at(-recalled));
}

let completion = null;	// loaded when something can be completed
function complete() {
	if (completion)
		completion.update();
	else if (/^\/\S*$|(^|\s)@\S*$/.test(box.value.slice(0, box.selectionEnd).slice(-300)))
		import("./completion.js").then((loaded) => {
			completion = loaded;
			loaded.update();
		});
}

export function showFiles(event) {
	completion?.showFiles(event);
}

box?.addEventListener("keydown", (event) => {
	if (completion?.onKey(event))
		return;
	// keyCode 229: an input method (Korean, Japanese, Chinese) owns this key.
	if ((event.key === "ArrowUp" || (event.key === "ArrowDown" && recalled)) && mayRecall(event) && conversation) {
		event.preventDefault();
		if (event.key === "ArrowUp" && !recalled && editLast())
			return;
		recall(event.key === "ArrowUp" ? 1 : -1);
		return;
	}
	if (event.key !== "Enter" || event.shiftKey || event.isComposing ||
	    event.keyCode === 229)
		return;
	event.preventDefault();
	if (event.ctrlKey && !document.querySelector("#send-now")?.hidden)
		send(true);
	else
		composer.requestSubmit();
});
box?.addEventListener("blur", () => completion?.close());

let draftTimer = 0;
export function keepDraft() {
	store.write(draftName, box.value);
}
// Claude begins while the first words are typed; said again while it goes on.
let begunAt = -Infinity;
function begin() {
	if (!conversation && (mode.value !== "default" || composer.elements.project))
		return;		// it begins in the mode, and the folder, that are sent with it
	const id = conversation || composer.elements.conversation?.value;
	if (!id || !box.value || performance.now() - begunAt < 15000)
		return;
	if (post({type: "begin", id}))
		begunAt = performance.now();
}

box?.addEventListener("input", () => {
	recalled = 0;
	grow();
	begin();
	complete();
	endEditingOfNothing();
	clearTimeout(draftTimer);
	draftTimer = setTimeout(keepDraft, 300);
});

for (const button of document.querySelectorAll(".example"))
	button.addEventListener("click", (event) => {
		event.preventDefault();
		box.value = button.value;
		box.focus();
		grow();
	});

export function showRefused(event) {
	if (readOnly)
		return;
	const message = takeBack(event.id);
	if (message && !box.value)
		box.value = message.text;
	else if (message)
		box.value = message.text + "\n\n" + box.value;
	if (message?.pictures?.length)
		attachStored(message.pictures.map((id) => ({id})));
	complain(event.text);
	grow();
}

// The mode of the next conversation is the one chosen last.
const modeName = `mode:${root.dataset.account}`;
mode?.addEventListener("change", () => {
	store.write(modeName, mode.value);
	if (conversation)
		post({type: "mode", mode: mode.value});
});

function rememberMode() {
	const last = store.read(modeName, "default");
	if (!conversation && [...mode.options].some((option) => option.value === last))
		mode.value = last;
}

export function openComposer() {
	rememberMode();

	forgetSentDraft();
	if (!box.value)
		box.value = store.read(draftName, "");
	restoreAttached();
	restoreEditing();
	grow();
}
