// Messages that are on their way to the bridge.

import {queue, readOnly, root, store, words} from "./page.js";
import {post} from "./connection.js";

const outboxName = `outbox:${root.dataset.account}:${root.dataset.ws}`;
let outbox = readOnly ? [] : store.read(outboxName, []);	// {id, text}: not yet known to be stored

function keep(message) {
	outbox.push(message);
	store.write(outboxName, outbox);
	showUnsent();
}

export function forget(id) {
	outbox = outbox.filter((m) => m.id !== id);
	store.write(outboxName, outbox);
	showUnsent();
}

// Messages that the bridge has not confirmed yet stand below its own queue.
export function showUnsent() {
	if (readOnly)
		return;
	queue.querySelector(".unsent")?.remove();
	if (!outbox.length)
		return;
	const list = document.createElement("ol");
	list.className = "unsent";
	for (const message of outbox) {
		const row = document.createElement("li");
		const text = document.createElement("span");
		const state = document.createElement("span");
		text.className = "queue-text";
		text.dir = "auto";
		text.textContent = message.text.slice(0, 200);
		state.className = "queue-state";
		state.textContent = words("sending");
		row.append(text, state);
		list.append(row);
	}
	queue.append(list);
}

export function give(message) {
	keep(message);
	post({type: "message", ...message});
}

// What the bridge has not confirmed is sent again: its id makes it one message.
export function sendOutbox() {
	for (const message of outbox)
		post({type: "message", ...message});
}

// The message of that id, no longer waiting.
export function takeBack(id) {
	const message = outbox.find((m) => m.id === id);
	forget(id);
	return message;
}
