// Short messages that disappear, one of them with the button that undoes a deletion.

const toasts = document.querySelector("#toasts");

export function toast(text) {
	const note = document.createElement("p");
	note.className = "toast";
	note.textContent = text;
	toasts.append(note);
	setTimeout(() => note.remove(), 8000);
}

const undo = toasts?.querySelector(".undo");
if (undo) {
	history.replaceState(null, "", location.pathname);	// a reload offers nothing
	setTimeout(() => undo.remove(), Number(undo.dataset.left));
}
