// Messages that wait for Claude, or for their writer.

import {backToBox, box, complain, queue, readOnly, root, store, words} from "./page.js";
import {attachStored, picturesIn} from "./attachments.js";
import {post} from "./connection.js";
import {grow, keepDraft} from "./composer.js";
import {showUnsent} from "./outbox.js";

// A held message whose text is in the box: it is kept until what became of it is sent.
const editingName = "editing:" + root.dataset.ws;
let editing = "";
let wanted = "";	// to be edited, once Claude has given it back

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
	const row = queue.querySelector(`[data-message="${id}"]`);
	if (!("held" in row.dataset)) {
		wanted = id;
		post({type: "withdraw", id});
		return;
	}
	const text = row.querySelector(".queue-text").textContent;
	box.value = box.value.trim() ? box.value + "\n\n" + text : text;
	attachStored(picturesIn(row));
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
	if (wanted && queue.querySelector(`[data-message="${wanted}"][data-held]`)) {
		const id = wanted;
		wanted = "";
		edit(id);
	}
}

// The message that was written last and that Claude has not seen.
export function editLast() {
	const row = [...queue.querySelectorAll("[data-message]")].at(-1);
	if (row)
		edit(row.dataset.message);
	return Boolean(row);
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
