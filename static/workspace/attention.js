// A desktop notification when Claude needs the person and the tab is not seen:
// only for those who asked for it.

import {root, store, words} from "./page.js";

const name = `notify:${root.dataset.account}`;
const button = document.querySelector("#notify-me");
const allowed = () => "Notification" in window && Notification.permission === "granted" && store.read(name, false);

export function callBack(title) {
	if (!document.hidden || !allowed())
		return;
	const note = new Notification(words("needs-you"), {body: title, tag: location.pathname});
	note.onclick = () => {
		focus();
		note.close();
	};
}

function show() {
	button.setAttribute("aria-pressed", String(allowed()));
	button.textContent = allowed() ? words("notify-on") : button.dataset.label;
}

if (button && "Notification" in window) {
	button.dataset.label = button.textContent;
	button.hidden = false;
	// The browser's other process knows the permission: asked when the menu opens.
	button.closest(".menu").addEventListener("toggle", show);
	button.addEventListener("click", async () => {
		const on = !allowed() && await Notification.requestPermission() === "granted";
		store.write(name, on || null);
		show();
	});
}
