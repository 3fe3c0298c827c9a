// The page of files: uploads, keys in the list, texts that are not lost. What it
// does beyond uploads works without it.

import {beginUploads} from "./files/uploads.js";

const main = document.querySelector("main.files");
const table = document.querySelector("#files");

// Rows by keys: arrows, Home and End move, Delete deletes what is chosen, or the row.
function keyInList(event) {
	const links = [...table.querySelectorAll("tbody th a")];
	const row = event.target.closest("tbody tr");
	const at = links.findIndex((link) => link.closest("tr") === row);
	const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1}[event.key];
	if (to !== undefined && links[to]) {
		event.preventDefault();
		links[to].focus();
	} else if (event.key === "Delete" && at >= 0) {
		event.preventDefault();
		if (!table.querySelector(".pick input:checked"))
			row.querySelector(".pick input").checked = true;
		document.querySelector("#delete-chosen").click();
	}
}
table?.addEventListener("keydown", keyInList);
if (table)
	document.addEventListener("keydown", (event) => {
		if (event.target === document.body && event.key === "ArrowDown") {
			event.preventDefault();
			table.querySelector("tbody th a")?.focus();
		}
	});

// A text that is not saved is not left by mistake; Ctrl+S saves it.
const text = document.querySelector("#file-text");
if (text) {
	let leaving = false;
	text.form.addEventListener("submit", () => leaving = true);
	addEventListener("beforeunload", (event) => {
		if (!leaving && text.value !== text.defaultValue)
			event.preventDefault();
	});
	addEventListener("keydown", (event) => {
		if ((event.ctrlKey || event.metaKey) && event.key === "s") {
			event.preventDefault();
			document.querySelector("#save").click();
		}
	});
}

// What an act before did is said once: a reload says nothing.
if (/[?&]done=/.test(location.search))
	history.replaceState(null, "", location.pathname);

if ("folder" in (main?.dataset ?? {}))
	beginUploads(main);
