// Ctrl+K: pages, acts, conversations and agents by a few letters of their names,
// and what was said in conversations and runs.

const dialog = document.querySelector("#palette");
const input = dialog.querySelector("input");
const list = dialog.querySelector("ul");
const none = dialog.querySelector("p");
const fixed = [...list.children].filter((option) => getComputedStyle(option).display !== "none");
const searching = list.querySelector("[data-search]");	// the page with everything that is found
const base = document.body.dataset.base;

// Where names are found: the pages that list them, as anybody would search there.
const sources = [
	{page: "/workspace", links: /\/workspace\/[0-9a-f-]{36}$/, icon: "chat"},
	{page: "/agents", links: /\/agents\/[0-9a-f-]{36}$/, icon: "agent"},
	{page: "/search", field: "q", from: "#search-hits a", links: /./, icon: "search"},
];
const FOUND_MAX = 6;
const PAUSE_MS = 150;

let found = [];
let asking = new AbortController();
let timer = 0;

// A syllable that is still being written ("대ㅎ") is not searched for yet.
function wanted() {
	return input.value.normalize("NFC").replace(/[\u3131-\u3163]+$/, "").trim().toLowerCase();
}

function shown() {
	return [...list.children];
}

function select(option) {
	for (const other of shown())
		other.setAttribute("aria-selected", String(other === option));
	none.hidden = Boolean(option);
	if (!option) {
		input.removeAttribute("aria-activedescendant");
		return;
	}
	input.setAttribute("aria-activedescendant", option.id);
	option.scrollIntoView({block: "nearest"});
}

// chosen: the option that stays selected while names arrive from the server.
function show(chosen) {
	const text = wanted();
	const named = fixed.filter((option) => option !== searching && option.textContent.toLowerCase().includes(text));
	list.replaceChildren(...named, ...found, ...found.some((option) => option.querySelector(".palette-about")) ? [searching] : []);
	shown().forEach((option, i) => {
		option.id = `palette-${i}`;
	});
	select(chosen && list.contains(chosen) ? chosen : list.firstElementChild);
}

function optionOf(link, icon) {
	const option = document.createElement("li");
	const mark = document.createElement("span");
	option.setAttribute("role", "option");
	option.dataset.href = link.href;
	mark.className = `icon icon-${icon}`;
	mark.setAttribute("aria-hidden", "true");
	const name = (link.querySelector(".row-title, .hit-title") || link).textContent.trim();
	const text = link.querySelector(".hit-text");
	option.append(mark, name);
	if (text) {
		const about = document.createElement("span");
		about.className = "palette-about";
		about.append(...[...text.childNodes].map((node) => node.cloneNode(true)));
		option.append(about);
	}
	return option;
}

async function search({page, field = "search", from = "#conversation-list a, main a", links, icon}, text, signal) {
	const answer = await fetch(`${base}${page}?${field}=${encodeURIComponent(text)}`, {signal});
	const there = new DOMParser().parseFromString(await answer.text(), "text/html");
	const seen = new Set();
	return [...there.querySelectorAll(from)].filter((link) => {
		const fits = links.test(link.pathname) && link.textContent.trim() && !seen.has(link.href);
		seen.add(link.href);
		return fits;
	}).slice(0, FOUND_MAX).map((link) => optionOf(link, icon));
}

async function look() {
	asking.abort();
	asking = new AbortController();
	const {signal} = asking;
	try {
		const lists = await Promise.all(sources.filter((source) => !source.field || wanted()).map((source) => search(source, wanted(), signal)));
		if (signal.aborted)
			return;
		found = lists.flat();
		show(list.querySelector("[aria-selected=true]"));
	} catch {
		// a newer question took its place, or the server is away: the pages are still listed
	}
}

function choose(option) {
	dialog.close();
	if (option.dataset.click)
		document.querySelector(option.dataset.click).click();
	else
		location.assign(option.dataset.href + (option === searching ? encodeURIComponent(wanted()) : ""));
}

input.addEventListener("input", () => {
	found = [];
	show();
	clearTimeout(timer);
	timer = setTimeout(look, PAUSE_MS);
});

const steps = {ArrowDown: 1, ArrowUp: -1};
dialog.addEventListener("keydown", (event) => {
	if (event.isComposing)
		return;
	const options = shown();
	const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
	if (event.key in steps && options.length)
		select(options[(at + steps[event.key] + options.length) % options.length]);
	else if (event.key === "Enter" && at >= 0)
		choose(options[at]);
	else
		return;
	event.preventDefault();
	event.stopPropagation();
});
list.addEventListener("click", (event) => {
	const option = event.target.closest("[role=option]");
	if (option)
		choose(option);
});
// A click beside it closes it.
dialog.addEventListener("click", (event) => {
	if (event.target === dialog)
		dialog.close();
});

export function open() {
	if (dialog.open)
		return;
	input.value = "";
	found = [];
	dialog.showModal();
	show();
	look();
}
