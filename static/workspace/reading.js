// The log: following its end, and what makes it easier to read.

import {below, chat, conversation, words} from "./page.js";

export function atEnd() {
	return chat.scrollHeight - chat.scrollTop - chat.clientHeight < 48;
}

export function toEnd() {
	chat.scrollTop = chat.scrollHeight;
	below.hidden = true;
}

// At the end one stays at the end when the box grows or a picture arrives.
let following = Boolean(conversation);
chat.addEventListener("scroll", () => {
	following = atEnd();
	if (following)
		below.hidden = true;
}, {passive: true});
new ResizeObserver(() => following && toEnd()).observe(chat);
chat.addEventListener("load", () => following && toEnd(), true);
below.addEventListener("click", toEnd);
// Not "toggle": that comes for folds the server opens, too.
chat.addEventListener("click", (event) => {
	const fold = event.target.closest("summary")?.parentElement;
	if (fold)
		fold.dataset.touched = "1";
});

// A copy button on each block of code.
export function decorate(within) {
	for (const pre of within.querySelectorAll(".part-text pre, pre.output")) {
		if (pre.parentElement.classList.contains("copyable"))
			continue;
		const holder = document.createElement("div");
		holder.className = "copyable";
		pre.replaceWith(holder);
		const button = document.createElement("button");
		button.type = "button";
		button.className = "quiet copy";
		button.textContent = words("copy");
		button.addEventListener("click", async () => {
			await navigator.clipboard.writeText(pre.textContent);
			button.textContent = words("copied");
			setTimeout(() => { button.textContent = words("copy"); }, 1500);
		});
		if (!navigator.clipboard)
			button.hidden = true;
		pre.tabIndex = 0;
		holder.append(pre, button);
	}
	for (const table of within.querySelectorAll(".part-body table"))
		table.tabIndex = 0;
}
