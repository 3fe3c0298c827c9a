// Messages that are on their way to the bridge.

import {queue, readOnly, root, store, words} from "./page.js";
import {post} from "./connection.js";

// An item each: another tab of the conversation has its own messages.
const outboxName = `outbox:${root.dataset.account}:${root.dataset.ws}:`;
let outbox = readOnly ? [] : kept();	// {id, text}: not yet known to be stored

function kept() {
	const list = outboxName.slice(0, -1);	// as earlier versions kept them
	store.read(list, []).forEach((message) => store.write(outboxName + message.id, {at: 0, message}));
	store.write(list, null);
	return store.names(outboxName).map((name) => store.read(name, null))
		.filter((item) => item?.message).sort((a, b) => a.at - b.at).map((item) => item.message);
}

function keep(message) {
	outbox.push(message);
	store.write(outboxName + message.id, {at: Date.now(), message});
	showUnsent();
}

export function forget(id) {
	outbox = outbox.filter((m) => m.id !== id);
	store.write(outboxName + id, null);
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
		text.textContent = message.text.slice(0, 200) || words("attach-picture");
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
