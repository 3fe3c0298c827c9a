// Messages and their parts, as the bridge draws them.

import {backToBox, chat, element} from "./page.js";
import {keepAsking} from "./blocked.js";
import {decorate} from "./reading.js";
import {selectionIn} from "./selection.js";

const atOf = (node) => Number(node.id.slice(2));

// Puts node among its siblings in the order of their offsets.
function insertInOrder(parent, selector, node) {
	const next = [...parent.querySelectorAll(":scope > " + selector)]
		.findLast((other) => atOf(other) < atOf(node));
	if (next)
		next.after(node);
	else
		parent.insertBefore(node, parent.querySelector(":scope > " + selector));
}

function messageFor(event) {
	let message = document.getElementById(event.message);
	if (!message) {
		message = element(event.head);
		chat.querySelector(".welcome")?.remove();
		insertInOrder(chat, ".message", message);
	}
	return message.querySelector(".message-parts");
}

// What the reader did to the old element, the new one keeps.
function keepReading(old, fresh) {
	const folds = old.querySelectorAll("details");
	fresh.querySelectorAll("details").forEach((fold, i) => {
		if (folds[i]?.dataset.touched) {
			fold.open = folds[i].open;
			fold.dataset.touched = "1";
		}
	});
}

function typingIn(part) {
	return part.contains(document.activeElement) &&
	       part.dataset.state === "waiting";
}

export function showPart(event) {
	const fresh = element(event.html);
	const old = document.getElementById(event.target);
	if (!old) {
		insertInOrder(messageFor(event), ".part", fresh);
	} else if (!(typingIn(old) && fresh.dataset.state === "waiting")) {
		const had = old.contains(document.activeElement);
		const asking = keepAsking(old, fresh);
		keepReading(old, fresh);
		const reselect = selectionIn(old);
		old.replaceWith(fresh);
		decorate(fresh);
		reselect(fresh);
		if (had && !asking())
			backToBox();
		return;
	}
	decorate(fresh);
}

export function addText(event) {
	const part = document.getElementById(event.target);
	const into = part?.querySelector("[data-stream]");
	if (!into)
		return;
	// Read aloud when it is whole, not word by word.
	part.ariaBusy = "true";
	if (into.lastChild?.nodeType === Node.TEXT_NODE)
		into.lastChild.appendData(event.text);
	else
		into.append(event.text);
}

// A picture that the workspace no longer has as it was.
function sayGone(picture) {
	picture.hidden = true;
	picture.nextElementSibling.hidden = false;
}

const pictures = ".turn-picture > img";
chat.addEventListener("error", ({target}) => target.matches(pictures) && sayGone(target), true);
for (const picture of chat.querySelectorAll(pictures)) {
	if (picture.complete && !picture.naturalWidth && picture.currentSrc)
		sayGone(picture);
}
