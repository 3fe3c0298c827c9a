// Keys while something waits and nothing is typed: Enter allows, Esc denies and
// stops, digits choose.

import {answer, waitingPart} from "./answers.js";
import {bar, box, readOnly} from "./page.js";
import {post} from "./connection.js";

const READ_MS = 600;	// what has only just appeared was not read

let waits = null, since = 0;
new MutationObserver(() => {
	if (waitingPart() === waits)
		return;
	waits = waitingPart();
	since = performance.now();
}).observe(document.querySelector("#chat-area"), {childList: true, subtree: true});

const idleBox = (target) => target === box ? !box.value :
	!target.closest?.("input, textarea, select, button, a, summary, [contenteditable]");

function choose(part, digit) {
	if (part.dataset.part === "question") {
		const field = [...part.querySelectorAll("fieldset")]
			.find((one) => !one.querySelector(":checked")) || part.querySelector("fieldset:last-of-type");
		const input = field?.querySelectorAll("input[type=radio], input[type=checkbox]")[digit - 1];
		input?.click();
		return Boolean(input);
	}
	const button = part.querySelectorAll(".actions button")[digit - 1];
	button?.click();
	return Boolean(button);
}

function escape() {
	const part = waitingPart();
	if (part)
		answer(part, "deny");
	if (part || bar.dataset.state === "working")
		post({type: "interrupt"});
}

document.addEventListener("keydown", (event) => {
	if (readOnly || event.isComposing || event.keyCode === 229 || event.repeat || event.ctrlKey ||
	    event.metaKey || event.altKey || event.shiftKey || document.querySelector("dialog[open]"))
		return;
	if (event.key === "Escape" && !event.target.closest?.("#conversation-search")) {
		escape();
		return;
	}
	const part = waitingPart();
	if (!part || !idleBox(event.target) || performance.now() - since < READ_MS)
		return;
	if (event.key === "Enter" && "defaultNo" in part.dataset)
		return;
	if (event.key === "Enter")
		answer(part, "allow");
	else if (!/^[1-9]$/.test(event.key) || !choose(part, Number(event.key)))
		return;
	event.preventDefault();
	event.stopImmediatePropagation();
}, true);
