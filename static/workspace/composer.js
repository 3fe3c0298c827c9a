// The message box: drafts, sending, and Claude that begins while one types.

import {box, complain, composer, conversation, messageMax, mode, readOnly, root, store, uuid, words} from "./page.js";
import {post} from "./connection.js";
import {give, takeBack} from "./outbox.js";
import {editLast, endEditingOfNothing, restoreEditing, takeEdited} from "./queue.js";
import {toEnd} from "./reading.js";
import {showStop} from "./status.js";
import {lastSaid} from "./messages.js";

// Of one account: who logs in next on this computer sees nothing of it (app.js
// removes drafts at logout; what was sent waits for its own account).
const draftName = `draft:${root.dataset.account}:${root.dataset.ws}`;

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

function send() {
	const text = box.value;
	if (!text.trim())
		return false;
	if (!sendNote.hidden) {
		complain(sendNote.textContent);
		return false;
	}
	if (tooLong(text)) {
		complain(words("too-long"));
		return false;
	}
	complain("");
	if (!conversation)
		return true;	// the form itself makes the conversation
	const message = {id: uuid(), text};
	const held = takeEdited();
	if (held)
		message.held = held;
	give(message);
	box.value = "";
	store.write(draftName, null);
	grow();
	toEnd();
	return false;
}

// A first message leaves the draft only when its conversation was opened.
composer?.addEventListener("submit", (event) => {
	if (!send()) {
		event.preventDefault();
		return;
	}
	clearTimeout(draftTimer);
	keepDraft();
	try {
		sessionStorage.setItem("sent", draftName);
	} catch {
		store.write(draftName, null);
	}
});

function forgetSentDraft() {
	try {
		const name = conversation && sessionStorage.getItem("sent");
		if (!name)
			return;
		store.write(name, null);
		sessionStorage.removeItem("sent");
	} catch {
		// nothing was kept
	}
}

box?.addEventListener("keydown", (event) => {
	// keyCode 229: an input method (Korean, Japanese, Chinese) owns this key.
	if (event.key === "ArrowUp" && !box.value && !event.isComposing && conversation) {
		event.preventDefault();
		if (!editLast()) {
			box.value = lastSaid();
			grow();
		}
		return;
	}
	if (event.key !== "Enter" || event.shiftKey || event.isComposing ||
	    event.keyCode === 229)
		return;
	event.preventDefault();
	composer.requestSubmit();
});

let draftTimer = 0;
export function keepDraft() {
	store.write(draftName, box.value);
}
// Claude begins while the first words are typed; said again while it goes on.
let begunAt = -Infinity;
function begin() {
	if (!conversation && mode.value !== "default")
		return;		// it begins in the mode that is sent with it
	const id = conversation || composer.elements.conversation?.value;
	if (!id || !box.value || performance.now() - begunAt < 15000)
		return;
	if (post({type: "begin", id}))
		begunAt = performance.now();
}

box?.addEventListener("input", () => {
	grow();
	begin();
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
	restoreEditing();
	grow();
}
