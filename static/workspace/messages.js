// What can be done with a message, and with a turn that failed.

import {box, chat, duration, fill, readOnly, uuid, words} from "./page.js";
import {attachStored, picturesIn} from "./attachments.js";
import {give} from "./outbox.js";
import {grow} from "./composer.js";
import {toEnd} from "./reading.js";

const textOf = (message) => [...message.querySelectorAll(":scope .part-text .part-body")]
	.map((body) => (body.querySelector("[data-stream]") || body).innerText.trim()).join("\n\n");

async function copy(button, text) {
	const title = button.title;
	await navigator.clipboard.writeText(text);
	button.title = words("copied");
	button.dataset.done = "1";
	setTimeout(() => {
		button.title = title;
		delete button.dataset.done;
	}, 1500);
}

// It opens the page of the conversation that this message is on.
function linkTo(message) {
	const link = new URL(location.pathname, location.href);
	link.searchParams.set("at", message.id.slice(2));
	link.hash = message.id;
	return link.href;
}

function reuse(button) {
	const message = button.closest(".message");
	box.value = textOf(message);
	attachStored(picturesIn(message));
	grow();
	box.focus();
}

function sendAgain(message) {
	give({id: uuid(), text: textOf(message), pictures: picturesIn(message).map(({id}) => id)});
	toEnd();
}

// The last thing the person said before the turn that failed.
function retry(button) {
	const messages = [...chat.querySelectorAll(".message")];
	const at = messages.indexOf(button.closest(".message"));
	const asked = messages.slice(0, at + 1).findLast((message) => message.dataset.role === "user");
	button.disabled = true;
	if (asked)
		sendAgain(asked);
}

// What the person said, oldest first.
export const said = () => [...chat.querySelectorAll(".message[data-role=user]")].map(textOf).filter(Boolean);

chat.addEventListener("click", (event) => {
	const button = event.target.closest("button");
	if (!button)
		return;
	if ("copyMessage" in button.dataset)
		copy(button, textOf(button.closest(".message")));
	else if ("copyLink" in button.dataset)
		copy(button, linkTo(button.closest(".message")));
	else if ("reuse" in button.dataset)
		reuse(button);
	else if ("resend" in button.dataset)
		sendAgain(button.closest(".message"));
	else if ("retry" in button.dataset)
		retry(button);
});

// A service that is overloaded is asked again a little later.
export function countDown(within) {
	if (readOnly)
		return;
	for (const button of within.querySelectorAll("[data-wait]")) {
		const label = button.textContent;
		const until = Date.now() + Number(button.dataset.wait) * 1000;
		delete button.dataset.wait;
		button.disabled = true;
		const timer = setInterval(() => {
			const left = Math.ceil((until - Date.now()) / 1000);
			button.textContent = left > 0 ? fill("wait", duration(left)) : label;
			if (left > 0 && button.isConnected)
				return;
			button.disabled = false;
			clearInterval(timer);
		}, 500);
	}
}
