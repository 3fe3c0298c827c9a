// The log: following its end, and what makes it easier to read.

import {settleBlocked} from "./blocked.js";
import {countDown} from "./messages.js";
import {below, chat, conversation, words} from "./page.js";

export function atEnd() {
	return chat.scrollHeight - chat.scrollTop - chat.clientHeight < 48;
}

export function toEnd() {
	chat.scrollTop = chat.scrollHeight;
	below.hidden = true;
}

// At the end one stays at the end when the box grows, a picture arrives, or a height
// that was guessed is known.
let following = Boolean(conversation);
chat.addEventListener("scroll", () => {
	following = atEnd();
	if (following)
		below.hidden = true;
}, {passive: true});
new ResizeObserver(() => following && toEnd()).observe(chat);
for (const name of ["load", "contentvisibilityautostatechange"])
	chat.addEventListener(name, () => following && toEnd(), true);
below.addEventListener("click", toEnd);
// Not "toggle": that comes for folds the server opens, too.
chat.addEventListener("click", (event) => {
	const fold = event.target.closest("summary")?.parentElement;
	if (fold)
		fold.dataset.touched = "1";
});

const LONG = {lines: 20, characters: 3000};

// A message that would push all others off the page begins folded.
function foldLong(body) {
	const text = body.textContent;
	if (body.dataset.long || (text.length < LONG.characters && text.split("\n", LONG.lines + 1).length <= LONG.lines))
		return;
	body.dataset.long = "folded";
	const button = document.createElement("button");
	button.type = "button";
	button.className = "quiet show-all";
	button.textContent = words("show-all");
	button.setAttribute("aria-expanded", "false");
	button.addEventListener("click", () => {
		const open = body.dataset.long === "folded";
		body.dataset.long = open ? "open" : "folded";
		button.setAttribute("aria-expanded", String(open));
		button.textContent = words(open ? "show-less" : "show-all");
	});
	body.after(button);
}

export function decorate(within) {
	for (const body of chat.querySelectorAll(".message[data-role=user] .part-text .part-body"))
		foldLong(body);
	for (const table of within.querySelectorAll(".part-body table"))
		table.tabIndex = 0;
	countDown(within);
	settleBlocked(within);
}
