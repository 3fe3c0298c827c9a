// The form of an agent: fields that do not apply are hidden, and the next runs
// are shown while one types. Without this all fields are there, and a button.

const form = document.querySelector("#agent-form");
const body = document.querySelector("#preview-body");
const frequency = form.elements.frequency;

function show(element, on) {
	element.hidden = !on;
}

function fit() {
	for (const element of form.querySelectorAll("[data-for]"))
		show(element, element.dataset.for.split(" ").includes(frequency.value));
	for (const element of form.querySelectorAll("[data-policy]"))
		show(element, form.elements.policy.value === element.dataset.policy);
	for (const element of form.querySelectorAll("[data-missed]"))
		show(element, form.elements.missed.value === element.dataset.missed);
}

// Typing goes on while an answer is under way: the last one asked for counts.
let asked = 0, timer = 0;
async function preview() {
	const mine = ++asked, address = new URL(form.dataset.preview, location.href);
	if (body.querySelector(".preview-prompt[open]"))
		address.searchParams.set("fold", "prompt");
	try {
		const answer = await fetch(address, {
			method: "POST",
			body: new URLSearchParams(new FormData(form)),
			headers: {"Content-Type": "application/x-www-form-urlencoded"},
		});
		const html = await answer.text();
		if (mine !== asked || !answer.ok || answer.redirected)
			return;
		body.innerHTML = html;
	} catch {
		// the server is away: what is shown stays
	}
}

function soon() {
	clearTimeout(timer);
	timer = setTimeout(preview, 300);
}

form.addEventListener("input", soon);
// The prompt is in the preview only while it is open.
body.addEventListener("toggle", (event) => {
	if (event.target.open && !event.target.querySelector("pre"))
		preview();
}, true);
form.addEventListener("change", () => {
	fit();
	soon();
});

// What was typed is not lost by a slip.
let changed = false;
form.addEventListener("input", () => { changed = true; });
form.addEventListener("submit", () => { changed = false; });
addEventListener("beforeunload", (event) => {
	if (changed)
		event.preventDefault();
});

document.querySelector("#show-preview").hidden = true;
for (const hint of form.querySelectorAll(".without-script"))
	hint.classList.add("sr");
fit();
if (!body.querySelector(".preview-runs"))
	preview();
