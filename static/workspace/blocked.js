// Domains that a tool was refused: each is said at the tool's card.

import {chat, complain, readOnly, root, store, words} from "./page.js";
import {post} from "./connection.js";
import {toast} from "./toast.js";

const KEPT = 200;
const dismissedName = `dismissed:${root.dataset.account}`;
const nameOf = (note) => `${root.dataset.conversation} ${note.closest(".part").id} ${note.dataset.domain}`;
let known = new Map();	// domain: {state, word}, as last told

const notesIn = (within) => within.querySelectorAll(".blocked[data-domain]");

// How it stands with the domain now; a granted one is no news.
export function settleBlocked(within) {
	const dismissed = store.read(dismissedName, []);
	for (const note of notesIn(within)) {
		const now = known.get(note.dataset.domain);
		note.hidden = now?.state === "granted" || dismissed.includes(nameOf(note));
		if (!now || now.state === note.dataset.domainState)
			continue;
		note.dataset.domainState = now.state;
		note.querySelector(".blocked-word").textContent = `${note.dataset.domain}: ${now.word}`;
	}
}

// A decision is said once, to who saw the refusal.
export function showBlocked(event) {
	const before = known;
	known = new Map(event.domains.map((one) => [one.domain, one]));
	for (const [domain, {state, word}] of known) {
		const was = before.get(domain)?.state;
		if (state === "granted" && was && was !== "granted" &&
		    [...notesIn(chat)].some((note) => note.dataset.domain === domain))
			toast(`${domain}: ${word}`);
	}
	settleBlocked(chat);
}

// A reason that is being typed is kept when its card is replaced.
export function keepAsking(old, fresh) {
	for (const form of old.querySelectorAll("form[data-ask]")) {
		const next = fresh.querySelector(`form[data-ask="${CSS.escape(form.dataset.ask)}"]`);
		if (next)
			next.elements.reason.value = form.elements.reason.value;
	}
	const form = old.contains(document.activeElement) && document.activeElement.closest("form[data-ask]");
	return () => {
		if (!form)
			return false;
		fresh.querySelector(`form[data-ask="${CSS.escape(form.dataset.ask)}"]`)?.elements.reason.focus({preventScroll: true});
		return true;
	};
}

chat.addEventListener("submit", (event) => {
	const form = event.target.closest("form[data-ask]");
	if (!form || readOnly)
		return;		// a page without it asks on the page of domains
	event.preventDefault();
	const sent = post({type: "ask", domain: form.dataset.ask, reason: form.elements.reason.value.trim()});
	complain(sent ? "" : words("reconnecting"));
});

chat.addEventListener("click", (event) => {
	const note = event.target.closest("[data-dismiss]")?.closest(".blocked");
	if (!note)
		return;
	store.write(dismissedName, [...store.read(dismissedName, []), nameOf(note)].slice(-KEPT));
	note.hidden = true;
});
