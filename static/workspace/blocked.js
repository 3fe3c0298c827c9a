// Domains that the workspace was refused.

import {blocked, box, complain, words} from "./page.js";
import {post} from "./connection.js";

// A decision is said once, wherever one reads.
function toast(text) {
	const note = document.createElement("p");
	note.className = "toast";
	note.textContent = text;
	document.querySelector("#toasts").append(note);
	setTimeout(() => note.remove(), 8000);
}

// What is being typed about one of them stays, with the cursor in it.
export function showBlocked(html) {
	const fold = blocked.querySelector("details");
	const focused = blocked.contains(document.activeElement) && document.activeElement;
	const typed = new Map([...blocked.querySelectorAll("form[data-ask]")].map((form) =>
		[form.dataset.ask, form.elements.reason.value]));
	const inside = focused && (focused.closest("form[data-ask]")?.dataset.ask || "summary");
	const before = new Set([...blocked.querySelectorAll("[data-domain]:not([data-domain-state=granted])")].map((row) => row.dataset.domain));
	blocked.innerHTML = html;
	for (const row of blocked.querySelectorAll("[data-domain-state=granted]"))
		if (before.has(row.dataset.domain))
			toast(row.querySelector("p").textContent);
	const fresh = blocked.querySelector("details");
	if (fresh && fold)
		fresh.open = fold.open;
	for (const form of blocked.querySelectorAll("form[data-ask]"))
		form.elements.reason.value = typed.get(form.dataset.ask) || "";
	if (!focused)
		return;
	const form = blocked.querySelector(`form[data-ask="${inside}"]`);
	if (form)
		(focused.name === "reason" ? form.elements.reason : form.querySelector("button")).focus({preventScroll: true});
	else
		(blocked.querySelector("summary") || box).focus({preventScroll: true});
}

export function openBlocked() {
	const fold = blocked.querySelector("details");
	if (!fold)
		return;
	fold.open = true;
	(fold.querySelector("input") || fold.querySelector("summary")).focus();
}

blocked?.addEventListener("submit", (event) => {
	const form = event.target.closest("form[data-ask]");
	if (!form)
		return;
	event.preventDefault();
	const sent = post({type: "ask", domain: form.dataset.ask, reason: form.elements.reason.value.trim()});
	complain(sent ? "" : words("reconnecting"));
});
