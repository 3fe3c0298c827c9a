// Answers to permissions, questions and plans.

import {backToBox, chat, complain, readOnly, words} from "./page.js";
import {post} from "./connection.js";

const chosenIn = (field) => {
	const chosen = [...field.querySelectorAll("input:checked")]
		.map((input) => input.value).filter(Boolean);
	const other = field.querySelector("input[data-other]")?.value.trim();
	return other ? [...chosen, other] : chosen;
};

// A number that is none has no value.
const valid = (field) => [...field.querySelectorAll("input")].every((input) => !input.validity.badInput);

// At the question itself, until it has its answer.
function showProblem(field, missing) {
	field.toggleAttribute("aria-invalid", missing);
	if (missing)
		field.setAttribute("aria-invalid", "true");
	field.querySelector(".problem").hidden = !missing;
}

function answersOf(part) {
	const answers = new Map();	// a question may have any name, "__proto__" too
	let first = null;
	for (const field of part.querySelectorAll("fieldset[data-question]")) {
		const chosen = chosenIn(field);
		const missing = !valid(field) || (!chosen.length && !("optional" in field.dataset));
		showProblem(field, missing);
		if (missing)
			first ??= field;
		if (chosen.length)
			answers.set(field.dataset.question, field.dataset.multi ? chosen : chosen.at(-1));
	}
	first?.querySelector("input:not([type=hidden])").focus();
	return first ? null : Object.fromEntries(answers);
}

// Whether everything that is asked has its answer; else it says what has none.
export const answered = (part) => Boolean(answersOf(part));

// The answer was refused: the form can be sent again.
export function letAnswer() {
	for (const button of waitingPart()?.querySelectorAll("button") || [])
		button.disabled = false;
}

export function answer(part, choice) {
	const again = part.querySelector("[data-again]");
	if (again) {
		if (choice === "allow")
			again.click();
		return;
	}
	const message = {type: "answer", target: part.id, choice};
	const reason = part.querySelector("[data-reason]");
	if (reason?.value)
		message.reason = reason.value;
	if (choice === "allow" && part.dataset.part === "question") {
		message.answers = answersOf(part);
		if (!message.answers)
			return;
	}
	const sent = post(message);
	complain(sent ? "" : words("reconnecting"));
	if (!sent)
		return;
	for (const button of part.querySelectorAll("button"))
		button.disabled = true;
	backToBox();
}

export const waitingPart = () => readOnly ? null : chat.querySelector(".part[data-state=waiting]");

chat.addEventListener("change", (event) => {
	const field = event.target.closest("fieldset[data-question]");
	if (field && valid(field) && chosenIn(field).length)
		showProblem(field, false);
});

// Enter in a question sends it; in what Claude should do instead, denies.
chat.addEventListener("keydown", (event) => {
	const part = event.target.closest(".part");
	if (event.key !== "Enter" || event.isComposing || event.keyCode === 229 || readOnly ||
	    !event.target.matches?.(".part .actions input, .part fieldset input") || !part)
		return;
	event.preventDefault();
	answer(part, event.target.matches("[data-reason]") ? "deny" : "allow");
});
