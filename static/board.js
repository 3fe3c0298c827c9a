// The dashboard keeps up with what runs: rows that changed are drawn again in
// their place, but never the one somebody is at. Without this a reload does it.

const board = document.querySelector(".board");
const every = 15000;
const drawn = new Map();
let busy = false;

const key = (row) => row.dataset.agent;
// Each drawing has a new id for its run button; that alone is no change.
const look = (row) => row.outerHTML.replace(/value="[0-9a-f-]{36}"/, "");

function swap(row) {
	const old = board.querySelector(`[data-agent="${key(row)}"]`);
	if (!old || drawn.get(key(row)) === look(row) || old.contains(document.activeElement))
		return;
	drawn.set(key(row), look(row));
	old.replaceWith(document.importNode(row, true));
}

async function refresh() {
	if (busy || document.visibilityState !== "visible")
		return;
	busy = true;
	try {
		const answer = await fetch(location.href);
		const page = new DOMParser().parseFromString(await answer.text(), "text/html");
		if (answer.ok && !answer.redirected)
			page.querySelectorAll(".board tbody tr").forEach(swap);
	} catch {
		// the server is away: what is shown stays
	}
	busy = false;
}

if (board) {
	for (const row of board.querySelectorAll("tbody tr"))
		drawn.set(key(row), look(row));
	setInterval(refresh, every);
	addEventListener("focus", refresh);
}
