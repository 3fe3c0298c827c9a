// The live chat. The bridge sends finished HTML; this swaps it in, appends
// text deltas, and keeps what the person typed until it is known to be stored.

const root = document.querySelector("#workspace");
const chat = document.querySelector("#chat-area");
const queue = document.querySelector("#queue");
const blocked = document.querySelector("#blocked");
const bar = document.querySelector("#status-bar");
const composer = document.querySelector("#composer");
const box = document.querySelector("#message-input");
const problem = document.querySelector("#composer-error");
const below = document.querySelector("#new-below");
const mode = document.querySelector("#mode");
const words = (name) => root.getAttribute("data-text-" + name);
const conversation = root.dataset.conversation || "";
const readOnly = "readOnly" in root.dataset;	// a run: nobody writes, nothing to answer
const messageMax = Number(root.dataset.messageMax);

// ---- what survives a reload --------------------------------------------

// Storage may be full or forbidden: then a reload forgets, nothing else.
const store = {
	read(name, empty) {
		try {
			return JSON.parse(localStorage.getItem(name)) ?? empty;
		} catch {
			return empty;
		}
	},
	write(name, value) {
		try {
			if (value === null || value.length === 0)
				localStorage.removeItem(name);
			else
				localStorage.setItem(name, JSON.stringify(value));
		} catch {
			// kept in memory only
		}
	},
};
// Of one account: who logs in next on this computer sees nothing of it (app.js
// removes drafts at logout; what was sent waits for its own account).
const draftName = `draft:${root.dataset.account}:${root.dataset.ws}`;
const outboxName = `outbox:${root.dataset.account}:${root.dataset.ws}`;
let outbox = readOnly ? [] : store.read(outboxName, []);	// {id, text}: not yet known to be stored

function uuid() {
	const b = crypto.getRandomValues(new Uint8Array(16));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	const hex = [...b].map((n) => n.toString(16).padStart(2, "0")).join("");
	return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// ---- the connection ----------------------------------------------------

let socket = null;
let offset = Number(root.dataset.offset || 0);
let tries = 0;
let retryTimer = 0;
let heard = Date.now();
let over = false;	// logged out or deleted: no further try

function address() {
	const url = new URL(root.dataset.ws, location.href);
	url.protocol = url.protocol.replace("http", "ws");
	if (conversation)
		url.searchParams.set("from", offset);
	return url;
}

function connect() {
	clearTimeout(retryTimer);
	if (over || (socket && socket.readyState <= WebSocket.OPEN))
		return;
	const mine = new WebSocket(address());
	socket = mine;
	heard = Date.now();
	mine.onopen = () => {
		heard = Date.now();
		for (const message of outbox)
			post({type: "message", ...message});
	};
	mine.onmessage = (event) => {
		heard = Date.now();
		tries = 0;
		receive(JSON.parse(event.data));
	};
	mine.onclose = (event) => {
		if (socket === mine)
			lost(event.code);
	};
}

function lost(code) {
	socket = null;
	if (code === 4429) {
		say("failed", words("too-many"));
		retryTimer = setTimeout(connect, 10000);
		return;
	}
	if (code === 4401 || code === 4404) {
		over = true;
		say("failed", words(code === 4401 ? "login-ended" : "gone"));
		if (code === 4401)
			offerLogin();
		return;
	}
	say("starting", words("reconnecting"));
	const wait = Math.min(10000, 250 * 2 ** tries++) * (0.5 + Math.random());
	retryTimer = setTimeout(connect, wait);
}

// A refused handshake hides its status from scripts: ask the page itself.
async function loginStillHolds() {
	try {
		const answer = await fetch(location.href, {method: "HEAD", redirect: "manual"});
		if (answer.type === "opaqueredirect")
			lost(4401);
		else if (answer.status === 404)
			lost(4404);
	} catch {
		// the server is away: the next try tells
	}
}

function offerLogin() {
	const main = bar.querySelector(".status-main");
	const link = document.createElement("a");
	link.href = location.href;
	link.textContent = words("log-in");
	main.append(" ", link);
}

function post(message) {
	if (socket?.readyState !== WebSocket.OPEN)
		return false;
	socket.send(JSON.stringify(message));
	return true;
}

// After sleep or a changed network a socket may be dead without a word.
function check() {
	const quiet = Date.now() - heard;
	if (!socket) {
		if (!over && document.visibilityState === "visible" && tries > 4)
			loginStillHolds();
		return;
	}
	if (quiet > 45000) {
		const dead = socket;
		socket = null;
		dead.onclose = null;
		dead.close();
		lost(0);
	} else if (quiet > 20000) {
		post({type: "ping"});
	}
}
setInterval(check, 10000);
for (const name of ["online", "focus", "pageshow"])
	addEventListener(name, () => {
		if (!socket && !over) {
			tries = 0;
			connect();
		} else if (Date.now() - heard > 30000) {
			post({type: "ping"});
		}
	});

// ---- what comes in ------------------------------------------------------

function element(html) {
	const holder = document.createElement("template");
	holder.innerHTML = html;
	return holder.content.firstElementChild;
}

const atOf = (node) => Number(node.id.slice(2));

// Puts node among its siblings in the order of their offsets.
function insertInOrder(parent, selector, node) {
	const next = [...parent.querySelectorAll(":scope > " + selector)]
		.findLast((other) => atOf(other) < atOf(node));
	if (next)
		next.after(node);
	else
		parent.insertBefore(node, parent.querySelector(":scope > " + selector));
}

function messageFor(event) {
	let message = document.getElementById(event.message);
	if (!message) {
		message = element(event.head);
		chat.querySelector(".welcome")?.remove();
		insertInOrder(chat, ".message", message);
	}
	return message.querySelector(".message-parts");
}

// What the reader did to the old element, the new one keeps.
function keepReading(old, fresh) {
	const folds = old.querySelectorAll("details");
	fresh.querySelectorAll("details").forEach((fold, i) => {
		if (folds[i]?.dataset.touched) {
			fold.open = folds[i].open;
			fold.dataset.touched = "1";
		}
	});
}

// ---- a selection, kept when what it is in is drawn anew ----------------------

// The texts of a part in order, but for those of its buttons.
function textsOf(part) {
	const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT,
		(node) => node.parentElement.closest("button") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
	const nodes = [];
	while (walker.nextNode())
		nodes.push(walker.currentNode);
	return nodes;
}
const join = (nodes) => nodes.map((node) => node.data).join("");

// Characters of the part before a place; -1 when the place is elsewhere.
function countTo(part, nodes, place, offset) {
	if (!part.contains(place))
		return -1;
	const range = document.createRange();
	let n = 0;
	for (const node of nodes) {
		if (node === place)
			return n + offset;
		range.selectNode(node);
		if (range.comparePoint(place, offset) < 0)
			return n;
		n += node.length;
	}
	return n;
}

function placeAt(nodes, n) {
	for (const node of nodes) {
		if (n <= node.length)
			return [node, n];
		n -= node.length;
	}
	return [nodes.at(-1), nodes.at(-1).length];
}

// Where each character of the old text stands in the new one. Markup was
// removed from it and blanks are others, so what differs is passed over.
function follow(before, after, wanted) {
	const places = [];
	let j = 0;
	for (let i = 0; i <= before.length && places.length < wanted.length; i++) {
		if (before[i] !== after[j]) {
			const blank = /^\s+/.exec(after.slice(j, j + 40))?.[0].length || 0;
			const skip = after.slice(j, j + 40).indexOf(before.slice(i, i + 4));
			if (blank && before[i] === after[j + blank])
				j += blank;
			else if (skip > 0 && i + 4 <= before.length)
				j += skip;
		}
		if (i === wanted[places.length])
			places.push(j);
		if (i < before.length && before[i] === after[j])
			j++;
	}
	return places;
}

// Takes note of the selection's ends within old; what it returns puts them into its successor.
function selectionIn(old) {
	const selection = getSelection();
	if (!selection.rangeCount || selection.isCollapsed)
		return () => {};
	const nodes = textsOf(old);
	const ends = [[selection.anchorNode, selection.anchorOffset], [selection.focusNode, selection.focusOffset]];
	const counts = ends.map((end) => countTo(old, nodes, ...end));
	if (counts.every((n) => n < 0))
		return () => {};
	const before = join(nodes);
	return (fresh) => {
		const now = textsOf(fresh);
		if (!now.length)
			return;
		const wanted = [...new Set(counts.filter((n) => n >= 0))].sort((a, b) => a - b);
		const places = follow(before, join(now), wanted);
		const [anchor, focus] = counts.map((n, i) =>
			n < 0 ? ends[i] : placeAt(now, places[wanted.indexOf(n)]));
		selection.setBaseAndExtent(...anchor, ...focus);
	};
}

function typingIn(part) {
	return part.contains(document.activeElement) &&
	       part.dataset.state === "waiting";
}

const handlers = {
	part(event) {
		const fresh = element(event.html);
		const old = document.getElementById(event.target);
		if (!old) {
			insertInOrder(messageFor(event), ".part", fresh);
		} else if (!(typingIn(old) && fresh.dataset.state === "waiting")) {
			const had = old.contains(document.activeElement);
			keepReading(old, fresh);
			const reselect = selectionIn(old);
			old.replaceWith(fresh);
			decorate(fresh);
			reselect(fresh);
			if (had)
				backToBox();
			return;
		}
		decorate(fresh);
	},
	delta(event) {
		const part = document.getElementById(event.target);
		const into = part?.querySelector("[data-stream]");
		if (!into)
			return;
		if (into.lastChild?.nodeType === Node.TEXT_NODE)
			into.lastChild.appendData(event.text);
		else
			into.append(event.text);
	},
	queue(event) {
		if (readOnly)
			return;
		queue.innerHTML = event.html;
		showUnsent();
		showEditing();
	},
	blocked(event) {
		if (!readOnly)
			showBlocked(event.html);
	},
	status(event) {
		bar.dataset.state = event.state;
		showStatus(event.html);
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
	refused(event) {
		if (readOnly)
			return;
		const message = outbox.find((m) => m.id === event.id);
		forget(event.id);
		if (message && !box.value)
			box.value = message.text;
		else if (message)
			box.value = message.text + "\n\n" + box.value;
		complain(event.text);
		grow();
	},
	error(event) {
		complain(event.text);
	},
	conversation(event) {
		const list = document.querySelector("#conversation-list");
		if (!list)
			return;
		const old = document.getElementById("c-" + event.target);
		if (!event.html) {
			old?.remove();
			return;
		}
		const fresh = element(event.html);
		if (event.target === conversation)
			fresh.querySelector("a").setAttribute("aria-current", "page");
		if (!old && document.querySelector("#conversation-search").value)
			return;
		const focused = old?.contains(document.activeElement);
		old?.replaceWith(fresh);
		if (!old)
			list.prepend(fresh);
		document.querySelector(".sidebar .empty")?.remove();
		if (focused)
			fresh.querySelector("a").focus();
		const title = document.querySelector("#conversation-title");
		if (event.target === conversation && title)
			title.textContent = fresh.querySelector(".row-title").textContent;
		if (event.target === conversation)
			pageTitle = title.textContent + " · " + pageTitle.split(" · ").at(-1);
		showTitle();
	},
	gone() {
		lost(4404);
		socket?.close();
	},
	end() {},
	pong() {},
};

function receive(event) {
	const follow = atEnd();
	const growth = chat.scrollHeight;
	handlers[event.kind]?.(event);
	if (typeof event.at === "number" && event.at > offset)
		offset = event.at;
	if (follow)
		toEnd();
	else if (chat.scrollHeight > growth && below.hidden)
		below.hidden = false;
}

// ---- reading -------------------------------------------------------------

function atEnd() {
	return chat.scrollHeight - chat.scrollTop - chat.clientHeight < 48;
}

function toEnd() {
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

function fill(name, ...values) {
	return words(name).replace(/\{(\d)\}/g, (all, i) => values[i]);
}

function duration(s) {
	if (s < 60)
		return fill("seconds", s);
	if (s < 3600)
		return fill("minutes", Math.floor(s / 60), s % 60);
	return fill("hours", Math.floor(s / 3600), Math.floor(s % 3600 / 60));
}

// Times that run: <span data-since="UTC ms">.
function tick() {
	for (const node of bar.querySelectorAll("[data-since]"))
		node.textContent = duration(Math.max(0,
			Math.round((Date.now() - Number(node.dataset.since)) / 1000)));
}
setInterval(tick, 1000);

// "2 hours ago" grows old in a page that stays open.
const relative = new Intl.RelativeTimeFormat(document.documentElement.lang);
const ages = [["year", 31536000], ["month", 2592000], ["day", 86400],
	["hour", 3600], ["minute", 60]];
setInterval(() => {
	for (const node of document.querySelectorAll("#conversation-list time")) {
		const s = (Date.now() - Date.parse(node.dateTime)) / 1000;
		const [unit, size] = ages.find((age) => s >= age[1]) || [];
		if (unit)
			node.textContent = relative.format(-Math.floor(s / size), unit);
	}
}, 30000);

// The tab tells how it stands, so that one need not come back to look.
let pageTitle = document.title;
function showTitle() {
	const state = conversation ? bar.dataset.state :
		["waiting", "working"].find((name) => document.querySelector(
			`#conversation-list [data-state=${name}]`));
	const mark = {waiting: "◆ ", working: "● "}[state] || "";
	document.title = mark + pageTitle;
}

// Words and numbers are replaced apart, and only when they differ: what is
// read aloud is not repeated, and a button keeps its focus.
let shown = {};
function showStatus(html) {
	const holder = document.createElement("template");
	holder.innerHTML = html;
	for (const name of [".status-main", ".status-alerts", ".status-start", ".status-holders", ".status-notes"]) {
		const fresh = holder.content.querySelector(name);
		const old = bar.querySelector(name);
		if (old && shown[name] === fresh?.outerHTML)
			continue;
		shown[name] = fresh?.outerHTML;
		const had = old?.contains(document.activeElement);
		const id = had && document.activeElement.id;
		old?.remove();
		if (fresh && name === ".status-main")
			bar.prepend(fresh);
		else if (fresh && name === ".status-alerts")
			bar.querySelector(".status-main").after(fresh);
		else if (fresh)
			bar.append(fresh);
		if (had)
			(id && fresh?.querySelector("#" + id) || box || chat).focus({preventScroll: true});
	}
}

// ---- domains that were blocked --------------------------------------------

// What is being typed about one of them stays, with the cursor in it.
function showBlocked(html) {
	const fold = blocked.querySelector("details");
	const focused = blocked.contains(document.activeElement) && document.activeElement;
	const typed = new Map([...blocked.querySelectorAll("form[data-ask]")].map((form) =>
		[form.dataset.ask, form.elements.reason.value]));
	const inside = focused && (focused.closest("form[data-ask]")?.dataset.ask || "summary");
	blocked.innerHTML = html;
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

function openBlocked() {
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

function say(state, text) {
	bar.dataset.state = state;
	const mark = document.createElement("span");
	mark.className = "status-mark";
	const main = document.createElement("span");
	mark.setAttribute("aria-hidden", "true");
	main.className = "status-main";
	const sentence = document.createElement("span");
	sentence.className = "status-words";
	sentence.textContent = text;
	main.append(mark, sentence);
	shown = {};
	bar.replaceChildren(main);
	showTitle();
}

// On a touch screen the keyboard would jump up and hide what one reads.
function backToBox() {
	if (box && !matchMedia("(pointer: coarse)").matches)
		box.focus({preventScroll: true});
}

function complain(text) {
	if (!problem)
		return;
	problem.textContent = text || "";
	problem.hidden = !text;
}

// A copy button on each block of code.
function decorate(within) {
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

// ---- writing --------------------------------------------------------------

function keep(message) {
	outbox.push(message);
	store.write(outboxName, outbox);
	showUnsent();
}

function forget(id) {
	outbox = outbox.filter((m) => m.id !== id);
	store.write(outboxName, outbox);
	showUnsent();
}

// A held message whose text is in the box: it is kept until what became of it is sent.
const editingName = "editing:" + root.dataset.ws;
let editing = "";

function setEditing(id) {
	editing = id;
	store.write(editingName, id || null);
	showEditing();
}

function showEditing() {
	for (const row of queue.querySelectorAll("[data-held]")) {
		const here = row.dataset.message === editing;
		row.toggleAttribute("data-editing", here);
		row.querySelector("[data-edit]").disabled = here;
		if (here)
			row.querySelector(".queue-state").textContent = words("editing");
	}
}

function edit(id) {
	const text = queue.querySelector(`[data-message="${id}"] .queue-text`).textContent;
	box.value = box.value.trim() ? box.value + "\n\n" + text : text;
	setEditing(id);
	keepDraft();
	grow();
	box.focus();
}

function decide(button, message) {
	if (!post(message)) {
		complain(words("reconnecting"));
		return;
	}
	for (const other of button.parentElement.querySelectorAll("button"))
		other.disabled = true;
	if (message.held === editing)
		setEditing("");
	backToBox();
}

// Messages that the bridge has not confirmed yet stand below its own queue.
function showUnsent() {
	if (readOnly)
		return;
	queue.querySelector(".unsent")?.remove();
	if (!outbox.length)
		return;
	const list = document.createElement("ol");
	list.className = "unsent";
	for (const message of outbox) {
		const row = document.createElement("li");
		const text = document.createElement("span");
		const state = document.createElement("span");
		text.className = "queue-text";
		text.dir = "auto";
		text.textContent = message.text.slice(0, 200);
		state.className = "queue-state";
		state.textContent = words("sending");
		row.append(text, state);
		list.append(row);
	}
	queue.append(list);
}

// By the first letter. dir="auto" would do, but takes seconds for a megabyte.
function turn() {
	const letter = /\p{L}/u.exec(box.value.slice(0, 1000));
	box.dir = letter && /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/.test(letter[0]) ? "rtl" : "ltr";
}

function grow() {
	turn();
	box.style.height = "auto";
	box.style.height = Math.min(box.scrollHeight + 2, innerHeight * 0.4) + "px";
}

function tooLong(text) {
	return new TextEncoder().encode(text).length > messageMax;
}

function give(message) {
	keep(message);
	post({type: "message", ...message});
}

function send() {
	const text = box.value;
	if (!text.trim())
		return false;
	if (tooLong(text)) {
		complain(words("too-long"));
		return false;
	}
	complain("");
	if (!conversation)
		return true;	// the form itself makes the conversation
	const message = {id: uuid(), text};
	if (queue.querySelector(`[data-message="${editing}"][data-held]`))
		message.held = editing;
	setEditing("");
	give(message);
	box.value = "";
	store.write(draftName, null);
	grow();
	toEnd();
	return false;
}

// A first message leaves the draft only when its conversation was opened.
composer?.addEventListener("submit", (event) => {
	if (!send()) {
		event.preventDefault();
		return;
	}
	clearTimeout(draftTimer);
	keepDraft();
	try {
		sessionStorage.setItem("sent", draftName);
	} catch {
		store.write(draftName, null);
	}
});

function forgetSentDraft() {
	try {
		const name = conversation && sessionStorage.getItem("sent");
		if (!name)
			return;
		store.write(name, null);
		sessionStorage.removeItem("sent");
	} catch {
		// nothing was kept
	}
}

box?.addEventListener("keydown", (event) => {
	// keyCode 229: an input method (Korean, Japanese, Chinese) owns this key.
	if (event.key !== "Enter" || event.shiftKey || event.isComposing ||
	    event.keyCode === 229)
		return;
	event.preventDefault();
	composer.requestSubmit();
});

let draftTimer = 0;
function keepDraft() {
	store.write(draftName, box.value.length < 100000 ? box.value : null);
}
// Claude begins while the first words are typed; said again while it goes on.
let begunAt = -Infinity;
function begin() {
	const id = conversation || document.querySelector("#composer").elements.conversation?.value;
	if (!id || !box.value || performance.now() - begunAt < 15000)
		return;
	if (post({type: "begin", id}))
		begunAt = performance.now();
}

box?.addEventListener("input", () => {
	grow();
	begin();
	if (editing && !box.value)
		setEditing("");
	clearTimeout(draftTimer);
	draftTimer = setTimeout(keepDraft, 300);
});

document.addEventListener("keydown", (event) => {
	if (readOnly || event.key !== "Escape" || event.isComposing || document.querySelector("dialog[open]") ||
	    event.target.closest?.("#conversation-search"))
		return;
	if (bar.dataset.state === "working")
		post({type: "interrupt"});
});

mode?.addEventListener("change", () => post({type: "mode", mode: mode.value}));

for (const button of document.querySelectorAll(".example"))
	button.addEventListener("click", (event) => {
		event.preventDefault();
		box.value = button.value;
		box.focus();
		grow();
	});

// ---- answers ---------------------------------------------------------------

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

function answer(part, choice) {
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

document.addEventListener("click", (event) => {
	const button = event.target.closest("button");
	if (!button || readOnly)
		return;
	if (button.id === "stop")
		post({type: "interrupt"});
	else if (button.id === "retry")
		post({type: "start"});
	else if (button.dataset.start)
		post({type: "start", how: button.dataset.start});
	else if (button.id === "show-blocked")
		openBlocked();
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

chat.addEventListener("submit", (event) => {
	const part = event.target.closest(".part");
	if (!part)
		return;
	event.preventDefault();
	if (readOnly)
		return;
	answer(part, event.submitter?.dataset.answer || "allow");
});

// Coming back to this page and asking for an agent again is another question.
addEventListener("pageshow", (event) => {
	if (event.persisted && conversation)
		document.querySelector("#save-agent-form").elements.id.value = uuid();
});

// ---- start -----------------------------------------------------------------

if (!readOnly) {
	document.querySelector("#send").disabled = false;
	forgetSentDraft();
	if (!box.value)
		box.value = store.read(draftName, "");
	setEditing(box.value ? store.read(editingName, "") : "");
	grow();
}
decorate(chat);
showUnsent();
if (conversation)
	toEnd();
connect();
if (conversation && !readOnly && matchMedia("(min-width: 801px)").matches)
	box.focus({preventScroll: true});
