// Lists: filters apply at once, rows that changed are drawn again in their
// place (never the one somebody is at), a row opens as a whole, and its actions
// are in one menu. Without this a button applies, a reload draws, and links lead.

const board = document.querySelector(".board");
const every = Number(board?.dataset.every || 15000);
const menu = "popover" in HTMLElement.prototype ? document.querySelector("#row-menu") : null;
const drawn = new Map();
let busy = false;

for (const form of document.querySelectorAll("form[data-apply]")) {
	form.querySelector("button").hidden = true;
	form.addEventListener("change", () => form.requestSubmit());
}

const key = (row) => row.dataset.execution || row.dataset.agent;

function addButton(row) {
	const button = document.createElement("button");
	button.type = "button";
	button.className = "quiet";
	button.textContent = "⋯";
	button.setAttribute("aria-label", menu.getAttribute("aria-label") + ": " + row.querySelector("th").textContent);
	row.lastElementChild.append(button);
}

function swap(row) {
	const old = [...board.querySelectorAll("tbody tr")].find((one) => key(one) === key(row));
	if (!old || drawn.get(key(row)) === row.outerHTML || old.contains(document.activeElement))
		return;
	drawn.set(key(row), row.outerHTML);
	const fresh = document.importNode(row, true);
	if (menu)
		addButton(fresh);
	old.replaceWith(fresh);
}

async function refresh() {
	if (busy || document.visibilityState !== "visible")
		return;
	busy = true;
	try {
		const answer = await fetch(location.href);
		const page = new DOMParser().parseFromString(await answer.text(), "text/html");
		if (answer.ok && !answer.redirected) {
			page.querySelectorAll(".board tbody tr").forEach(swap);
			const health = page.querySelector(".health");
			if (health)
				document.querySelector(".health")?.replaceChildren(...health.childNodes);
		}
	} catch {
		// the server is away: what is shown stays
	}
	busy = false;
}

// The menu is the page's, not the row's: it is pointed at the agent it is for.
function openMenu(button) {
	const row = button.closest("tr"), at = button.getBoundingClientRect();
	for (const one of menu.querySelectorAll("[data-act]")) {
		const path = row.querySelector("th a").pathname + "/" + one.dataset.act;
		one[one.tagName === "A" ? "href" : "formAction"] = path;
		one.hidden = one.dataset.act === (row.dataset.status === "active" ? "resume" : "pause");
	}
	menu.style.top = Math.min(at.bottom, innerHeight - 240) + "px";
	menu.style.right = Math.max(8, document.documentElement.clientWidth - at.right) + "px";
	menu.showPopover();
	menu.querySelector("button:not([hidden])").focus();
}

if (board) {
	for (const row of board.querySelectorAll("tbody tr"))
		drawn.set(key(row), row.outerHTML);
	if (menu)
		board.querySelectorAll("tbody tr").forEach(addButton);
	setInterval(refresh, every);
	addEventListener("focus", refresh);
	board.addEventListener("click", (event) => {
		const button = event.target.closest("tr button");
		if (button)
			openMenu(button);
		const row = event.target.closest("tbody tr");
		if (row && !event.target.closest("a, button") && !getSelection().toString())
			row.querySelector("th a").click();
	});
}
