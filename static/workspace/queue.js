// Messages that wait for Claude, or for their writer.

import {backToBox, box, complain, queue, readOnly, root, store, words} from "./page.js";
import {post} from "./connection.js";
import {grow, keepDraft} from "./composer.js";
import {showUnsent} from "./outbox.js";

// A held message whose text is in the box: it is kept until what became of it is sent.
const editingName = "editing:" + root.dataset.ws;
let editing = "";

function setEditing(id) {
	editing = id;
	store.write(editingName, id || null);
	showEditing();
}

function showEditing() {
	for (const row of queue.querySelectorAll("[data-held]")) {
		const here = row.dataset.message === editing;
		row.toggleAttribute("data-editing", here);
		row.querySelector("[data-edit]").disabled = here;
		if (here)
			row.querySelector(".queue-state").textContent = words("editing");
	}
}

export function edit(id) {
	const text = queue.querySelector(`[data-message="${id}"] .queue-text`).textContent;
	box.value = box.value.trim() ? box.value + "\n\n" + text : text;
	setEditing(id);
	keepDraft();
	grow();
	box.focus();
}

export function decide(button, message) {
	if (!post(message)) {
		complain(words("reconnecting"));
		return;
	}
	for (const other of button.parentElement.querySelectorAll("button"))
		other.disabled = true;
	if (message.held === editing)
		setEditing("");
	backToBox();
}

export function showQueue(event) {
	if (readOnly)
		return;
	queue.innerHTML = event.html;
	showUnsent();
	showEditing();
}

// The held message that what is in the box replaces; "" for none.
export function takeEdited() {
	const held = queue.querySelector(`[data-message="${editing}"][data-held]`) ? editing : "";
	setEditing("");
	return held;
}

export function endEditingOfNothing() {
	if (editing && !box.value)
		setEditing("");
}

export function restoreEditing() {
	setEditing(box.value ? store.read(editingName, "") : "");
}
