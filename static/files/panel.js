// Files beside the chat: the fragments of the page of files, and previews. Loaded
// when it is opened.

const base = document.body.dataset.base;
const workspace = document.querySelector("#workspace");
let panel, body, opener, shown = `${base}/files`;

// The fragment's style sheets, before it is seen.
function style(name) {
	return new Promise((done) => {
		const link = document.createElement("link");
		link.rel = "stylesheet";
		link.href = new URL(`../${name}.css`, import.meta.url);
		link.onload = link.onerror = done;
		document.head.append(link);
	});
}

async function load(href) {
	shown = href;
	body.setAttribute("aria-busy", "true");
	const answer = await fetch(href + (href.includes("?") ? "&" : "?") + "panel=1").catch(() => null);
	if (shown !== href || !panel.isConnected)
		return;
	body.removeAttribute("aria-busy");
	if (!answer)
		return;	// the server is away: what is shown stays
	const page = new DOMParser().parseFromString(await answer.text(), "text/html");
	const fresh = page.querySelector(".panel-page, main");
	if (!fresh)
		return;
	body.replaceChildren(...(answer.ok ? [fresh] : fresh.childNodes));
	body.scrollTop = 0;
}

function follow(event) {
	const link = event.target.closest("a");
	if (!link || event.ctrlKey || event.metaKey || event.shiftKey || link.hasAttribute("download"))
		return;
	const path = new URL(link.href).pathname;
	const ours = path === `${base}/files` || path.startsWith(`${base}/files/`);
	if (!ours || /^\/files\/(raw|archive)(\/|$)/.test(path.slice(base.length)) || "page" in link.dataset)
		return;
	event.preventDefault();
	load(link.getAttribute("href")).then(() => body.querySelector("a")?.focus({preventScroll: true}));
}

function keys(event) {
	const links = [...body.querySelectorAll(".panel-list a")];
	const at = links.indexOf(document.activeElement);
	const next = {ArrowDown: at + 1, ArrowUp: at - 1}[event.key];
	if (event.key === "Escape") {
		event.stopPropagation();	// it stops nothing that runs
		close();
	} else if (next !== undefined && links[next]) {
		event.preventDefault();
		links[next].focus();
	}
}

function close() {
	panel.remove();
	delete workspace.dataset.files;
	opener.setAttribute("aria-expanded", "false");
	opener.focus();
}

// A turn that ended may have made files.
const turns = new MutationObserver((changes) => {
	const ended = changes.some(({addedNodes}) => [...addedNodes].some((node) => node.matches?.("[data-part=usage]") || node.querySelector?.("[data-part=usage]")));
	if (ended && panel.isConnected && body.querySelector("[data-folder]"))
		load(shown);
});

async function open() {
	if (!panel) {
		panel = document.querySelector("#files-panel-parts").content.firstElementChild.cloneNode(true);
		body = panel.querySelector(".panel-body");
		panel.querySelector("button").addEventListener("click", close);
		panel.addEventListener("click", follow);
		panel.addEventListener("keydown", keys);
		turns.observe(document.querySelector("#chat-area"), {childList: true, subtree: true});
		await Promise.all([style("preview"), style("files")]);
	}
	workspace.append(panel);
	workspace.dataset.files = "";
	opener.setAttribute("aria-expanded", "true");
	await load(shown);
	body.querySelector("a")?.focus({preventScroll: true});
}

export function toggle(button) {
	opener = button;
	return panel?.isConnected ? close() : open();
}
