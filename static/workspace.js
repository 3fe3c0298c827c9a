// The live chat. The bridge sends finished HTML; this swaps it in, appends
// text deltas, and keeps what the person typed until it is known to be stored.

import {answer, answered, letAnswer} from "./workspace/answers.js";
import {callBack} from "./workspace/attention.js";
import {showBlocked} from "./workspace/blocked.js";
import {askContext, hideSuggestion, showAside, showChoice, showContext, showSuggestion} from "./workspace/choices.js";
import {openComposer, showFiles, showNoSend, showRefused} from "./workspace/composer.js";
import "./workspace/code.js";
import {close, open, post} from "./workspace/connection.js";
import {forget, give, sendOutbox, showUnsent} from "./workspace/outbox.js";
import {bar, below, box, chat, complain, conversation, mode, readOnly, uuid, words} from "./workspace/page.js";
import "./workspace/keys.js";
import {decide, edit, showQueue} from "./workspace/queue.js";
import {atEnd, decorate, toEnd} from "./workspace/reading.js";
import {showRow} from "./workspace/sidebar.js";
import {say, showBanner, showStatus, showStop, showTitle, tick} from "./workspace/status.js";
import {addText, showPart} from "./workspace/transcript.js";

const handlers = {
	part: showPart,
	delta: addText,
	queue: showQueue,
	blocked: showBlocked,
	status(event) {
		if (event.state === "waiting" && bar.dataset.state !== "waiting")
			callBack(document.querySelector("#conversation-title")?.textContent || "");
		if (event.state === "working")
			hideSuggestion();
		else if (event.state === "ready" && bar.dataset.state !== "ready")
			askContext();
		bar.dataset.state = event.state;
		showStatus(event.html);
		showBanner(event.banner);
		showNoSend(event.no_send);
		showStop();
		tick();
		showTitle();
	},
	mode(event) {
		if (mode)
			mode.value = event.mode;
	},
	accepted(event) {
		forget(event.id);
	},
	refused: showRefused,
	choice: showChoice,
	context: showContext,
	aside: showAside,
	files: showFiles,
	suggestion: showSuggestion,
	end: askContext,
	error(event) {
		complain(event.text);
		letAnswer();
	},
	conversation: showRow,
	gone() {
		close(4404);
	},
};

function receive(event) {
	const follow = atEnd();
	const growth = chat.scrollHeight;
	handlers[event.kind]?.(event);
	if (follow)
		toEnd();
	else if (chat.scrollHeight > growth && below.hidden)
		below.hidden = false;
}

document.addEventListener("click", (event) => {
	const button = event.target.closest("button");
	if (!button || readOnly)
		return;
	// Without script they are sent as forms; a question that is asked again is one anyway.
	if ("again" in button.dataset ? !answered(button.closest(".part")) : button.id === "stop" || button.form?.id === "acts")
		event.preventDefault();
	if (button.id === "stop")
		post({type: "interrupt"});
	else if (button.id === "retry")
		post({type: "start"});
	else if (button.dataset.start)
		post({type: "start", how: button.dataset.start});
	else if (button.dataset.withdraw)
		post({type: "withdraw", id: button.dataset.withdraw});
	else if ("recall" in button.dataset)
		decide(button, {type: "recall", id: uuid()});
	else if (button.dataset.release)
		decide(button, {type: "release", id: button.dataset.release});
	else if (button.dataset.say) {
		button.disabled = true;
		give({id: uuid(), text: button.dataset.say});
		toEnd();
	} else if (button.dataset.edit)
		edit(button.dataset.edit);
	else if (button.dataset.send)
		decide(button, {type: "send", id: uuid(), held: button.dataset.send});
	else if (button.dataset.discard)
		decide(button, {type: "discard", held: button.dataset.discard});
	else if (button.dataset.answer && button.closest(".part"))
		answer(button.closest(".part"), button.dataset.answer);
});

const files = document.querySelector("#open-files");
files?.addEventListener("click", async (event) => {
	event.preventDefault();
	(await import("./files/panel.js")).toggle(files);
});

// Coming back to this page and asking for an agent again is another question.
addEventListener("pageshow", (event) => {
	if (event.persisted && conversation)
		document.querySelector("#save-agent-form").elements.id.value = uuid();
});

say("starting", words("connecting"));
if (!readOnly)
	openComposer();
decorate(chat);
showUnsent();
if (conversation)
	toEnd();
open(sendOutbox, receive);
document.querySelector("#conversation-title")?.addEventListener("dblclick", () => {
	const fold = document.querySelector(".rename");
	fold.closest(".menu").open = true;
	fold.open = true;
	fold.querySelector("[name=title]").select();
});
if (conversation && !readOnly && matchMedia("(min-width: 801px)").matches)
	box.focus({preventScroll: true});
