// Answers to permissions, questions and plans.

import {backToBox, chat, complain, readOnly, words} from "./page.js";
import {post} from "./connection.js";

function answersOf(form) {
	const answers = new Map();	// a question may have any name, "__proto__" too
	for (const field of form.querySelectorAll("fieldset[data-question]")) {
		const chosen = [...field.querySelectorAll("input:checked")]
			.map((input) => input.value).filter(Boolean);
		const other = field.querySelector("input[data-other]");
		if (other?.value.trim())
			chosen.push(other.value.trim());
		if (!chosen.length) {
			(other || field.querySelector("input")).focus();
			return null;
		}
		answers.set(field.dataset.question, field.dataset.multi ? chosen : chosen.at(-1));
	}
	return Object.fromEntries(answers);
}

export function answer(part, choice) {
	const message = {type: "answer", target: part.id, choice};
	const reason = part.querySelector("[data-reason]");
	if (reason?.value)
		message.reason = reason.value;
	if (choice === "allow" && part.dataset.part === "question") {
		message.answers = answersOf(part);
		if (!message.answers) {
			complain(words("answer-needed"));
			return;
		}
	}
	const sent = post(message);
	complain(sent ? "" : words("reconnecting"));
	if (!sent)
		return;
	for (const button of part.querySelectorAll("button"))
		button.disabled = true;
	backToBox();
}

chat.addEventListener("submit", (event) => {
	const part = event.target.closest(".part");
	if (!part)
		return;
	event.preventDefault();
	if (readOnly)
		return;
	answer(part, event.submitter?.dataset.answer || "allow");
});
