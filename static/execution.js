// A run that waits or goes on: where it stands is asked again every few
// seconds; when it is another status or another try, the page is drawn anew.

const state = document.querySelector("#run-state");
const root = document.querySelector("#workspace");
const every = 3000;

function fill(name, ...values) {
	return root.getAttribute("data-text-" + name)
		.replace(/\{(\d)\}/g, (all, i) => values[i]);
}

function duration(s) {
	if (s < 60)
		return fill("seconds", s);
	if (s < 3600)
		return fill("minutes", Math.floor(s / 60), s % 60);
	return fill("hours", Math.floor(s / 3600), Math.floor(s % 3600 / 60));
}

function tick() {
	const node = state.querySelector("[data-since]");
	if (node && root)
		node.textContent = duration(Math.max(0,
			Math.round((Date.now() - Number(node.dataset.since)) / 1000)));
}

// Words that stay the same stay in place: nothing is read aloud again.
function show(old, fresh) {
	for (const node of old.querySelectorAll("[data-since]"))
		node.textContent = "";
	for (const node of fresh.querySelectorAll("[data-since]"))
		node.textContent = "";
	if (old.innerHTML !== fresh.innerHTML)
		old.replaceChildren(...fresh.childNodes);
	tick();
}

async function look() {
	let text = "";
	try {
		const answer = await fetch(state.dataset.address, {redirect: "manual"});
		if (answer.ok)
			text = await answer.text();
		else if (answer.type === "opaqueredirect" || answer.status === 404)
			return;	// logged out: the next click says so
	} catch {
		// the server is away: the next look tells
	}
	const holder = document.createElement("template");
	holder.innerHTML = text;
	const fresh = holder.content.querySelector("#run-state");
	if (fresh && fresh.dataset.phase !== state.dataset.phase) {
		location.reload();
		return;
	}
	if (fresh)
		show(state, fresh);
	setTimeout(look, every);
}

setInterval(tick, 1000);
setTimeout(look, every);
