// Small improvements of every page; each page works without them.

// "2 h ago" grows old: the server's words stay until the page is drawn again,
// so menus are what is left: one open at a time, closed by Esc or a click outside.
document.addEventListener("click", (event) => {
	for (const menu of document.querySelectorAll("details.menu[open]"))
		if (!menu.contains(event.target))
			menu.open = false;
});

// On a phone the list is folded behind its button: the conversation is what
// one came for.
const narrow = matchMedia("(max-width: 800px)");
const sidebar = document.querySelector("#sidebar");
function foldSidebar() {
	if (!sidebar)
		return;
	sidebar.open = !narrow.matches;
	sidebar.dataset.ready = "1";
}
narrow.addEventListener("change", foldSidebar);
foldSidebar();
document.addEventListener("click", (event) => {
	if (narrow.matches && sidebar?.open && !sidebar.contains(event.target))
		sidebar.open = false;
});

// A keyboard covers a page that the browser does not shrink for it (Safari):
// then the workspace ends above it.
const view = window.visualViewport;
const KEYBOARD = 120;	// px; less is a bar of the browser's
function endAboveKeyboard() {
	const covered = document.documentElement.clientHeight - view.height;
	const keyboard = view.scale === 1 && covered > KEYBOARD;
	document.body.style.height = keyboard ? view.height + "px" : "";
	if (keyboard)
		scrollTo(0, 0);
}
if (document.body.classList.contains("app"))
	view?.addEventListener("resize", endAboveKeyboard);

// A login form says where its browser is.
const zone = document.querySelector("input[name=timezone][type=hidden]");
if (zone)
	zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";

// More tabs than a phone is wide: the one that is open is seen.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({block: "nearest", inline: "center"});

// What only the script can do is offered by it.
const go = document.querySelector("#go");
async function openPalette() {
	(await import("./palette.js")).open();
}
const shortcuts = document.querySelector("#shortcuts");
const showShortcuts = document.querySelector("#show-shortcuts");
for (const [button, act] of [[go, openPalette], [showShortcuts, () => shortcuts.showModal()]]) {
	if (!button)
		continue;
	if (button.tagName === "BUTTON")
		button.hidden = false;
	button.addEventListener("click", (event) => {
		if (event.ctrlKey || event.metaKey || event.shiftKey)
			return;
		event.preventDefault();
		act();
	});
}

// What was being written is nobody else's. Without an account in their name they
// are of an earlier version, whoever wrote them.
function forgetDrafts(account) {
	try {
		for (const name of Object.keys(localStorage))
			if (name.startsWith(`draft:${account}:`) || /^(draft|outbox):\//.test(name))
				localStorage.removeItem(name);
	} catch {
		// nothing was kept
	}
}
const logout = document.querySelector("#logout");
logout?.form.addEventListener("submit", () => forgetDrafts(logout.dataset.account));

// A chat whose script has not arrived whole looks alive and is not: it is loaded
// again, three times at most, then its status says so.
const chat = document.querySelector("[data-text-incomplete]");
const reloads = "reloads:" + location.pathname;
function reloadsSoFar(n) {
	try {
		if (n === 0)
			sessionStorage.removeItem(reloads);
		else if (n)
			sessionStorage.setItem(reloads, n);
		return Number(sessionStorage.getItem(reloads));
	} catch {
		return Infinity;	// not counted, so not done
	}
}
function reload() {
	const words = document.querySelector("#message-input")?.value;
	try {
		if (words)	// as composer.js keeps them
			localStorage.setItem(chat.dataset.draft, JSON.stringify(words));
	} catch {
		// a browser without storage
	}
	location.reload();
}
let incomplete = false;
addEventListener("error", ({target}) => {
	if (!chat || !(target instanceof HTMLScriptElement))
		return;
	incomplete = true;
	const n = reloadsSoFar();
	if (n < 3) {
		reloadsSoFar(n + 1);
		setTimeout(reload, 500 << n);
		return;
	}
	const again = document.createElement("a");
	again.href = location.pathname + location.search;
	again.textContent = chat.dataset.textReload;
	const bar = document.querySelector("#status-bar");
	bar.dataset.state = "failed";
	bar.replaceChildren(chat.dataset.textIncomplete + " ", again);
}, true);
addEventListener("load", () => incomplete || reloadsSoFar(0));

function typing(target) {
	return target.closest("input, textarea, select, [contenteditable]");
}

function moveInList(event) {
	const rows = [...document.querySelectorAll("#conversation-list a, .board th a, .runs th a")];
	const at = rows.indexOf(document.activeElement);
	if (at < 0)
		return false;
	const next = rows[at + (event.key === "ArrowDown" ? 1 : -1)];
	if (next)
		next.focus();
	return true;
}

// With a Korean layout "n" arrives as "ㅜ": then the key's place counts.
const places = {Slash: "/", KeyN: "n", KeyM: "m"};

const keys = {
	"/": () => document.querySelector("#conversation-search, main [type=search], .run-filter select"),
	"n": () => document.querySelector("#new-conversation, #new-agent"),
	"m": () => document.querySelector("#message-input"),
};

function openSidebar(element) {
	const fold = element.closest("#sidebar");
	if (fold)
		fold.open = true;
}

document.addEventListener("keydown", (event) => {
	if (go && event.code === "KeyK" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
		event.preventDefault();
		openPalette();
		return;
	}
	if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing)
		return;
	if (event.key === "Escape") {
		const menu = document.querySelector("details.menu[open]");
		if (menu) {
			menu.open = false;
			menu.querySelector("summary").focus();
			event.stopImmediatePropagation();
		} else if (narrow.matches && sidebar?.open) {
			sidebar.open = false;
			sidebar.querySelector("summary").focus();
			event.stopImmediatePropagation();
		}
		return;
	}
	if ((event.key === "ArrowDown" || event.key === "ArrowUp") && moveInList(event)) {
		event.preventDefault();
		return;
	}
	if (typing(event.target))
		return;
	const key = event.key > "~" ? places[event.code] : event.key;
	if (key === "?") {
		shortcuts?.showModal();
		event.preventDefault();
	} else if (key === "n" && keys.n()) {
		keys.n().click();
		event.preventDefault();
	} else if (keys[key]?.()) {
		const element = keys[key]();
		openSidebar(element);
		element.focus();
		event.preventDefault();
	}
});

/* A file that is chosen is read into the text of the same form: forms carry no files. */
for (const input of document.querySelectorAll("input[type=file][data-into]")) {
	input.closest(".scripted").hidden = false;
	input.addEventListener("change", async () => {
		if (input.files.length)
			document.getElementById(input.dataset.into).value = await input.files[0].text();
	});
}

// Folded parts are not in the page: opening one fetches it from its link's address.
for (const fold of document.querySelectorAll("details[data-load]"))
	fold.addEventListener("toggle", async () => {
		try {
			const answer = await fetch(fold.querySelector("a").href);
			const page = new DOMParser().parseFromString(await answer.text(), "text/html");
			const drawn = page.getElementById(fold.id);
			if (drawn && answer.ok)
				fold.replaceChildren(...document.importNode(drawn, true).childNodes);
		} catch {
			// the link stays
		}
	}, {once: true});

// A button beside each address that is to be copied.
for (const field of document.querySelectorAll("[data-copy]")) {
	const button = document.createElement("button");
	button.type = "button";
	button.className = "secondary copy-address";
	button.textContent = field.dataset.copy;
	button.addEventListener("click", async () => {
		const range = document.createRange();
		if (field.select)
			field.select();
		else {
			range.selectNodeContents(field);
			getSelection().removeAllRanges();
			getSelection().addRange(range);
		}
		try {
			await navigator.clipboard.writeText(field.value || field.textContent);
		} catch {
			document.execCommand("copy");	// without TLS there is no clipboard to write to
		}
		button.textContent = field.dataset.copied;
	});
	field.after(button);
}
