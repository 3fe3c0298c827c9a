// The page's own elements, words and small tools.

export const root = document.querySelector("#workspace");
export const chat = document.querySelector("#chat-area");
export const queue = document.querySelector("#queue");
export const bar = document.querySelector("#status-bar");
export const composer = document.querySelector("#composer");
export const box = document.querySelector("#message-input");
export const problem = document.querySelector("#composer-error");
export const below = document.querySelector("#new-below");
export const mode = document.querySelector("#mode");
export const words = (name) => root.getAttribute("data-text-" + name);
export const conversation = root.dataset.conversation || "";
export const readOnly = "readOnly" in root.dataset;	// a run: nobody writes, nothing to answer
export const messageMax = Number(root.dataset.messageMax);

// Storage may be full or forbidden: then a reload forgets, nothing else.
export const store = {
	read(name, empty) {
		try {
			return JSON.parse(localStorage.getItem(name)) ?? empty;
		} catch {
			return empty;
		}
	},
	names(prefix) {
		try {
			return Object.keys(localStorage).filter((name) => name.startsWith(prefix));
		} catch {
			return [];
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

export function uuid() {
	const b = crypto.getRandomValues(new Uint8Array(16));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	const hex = [...b].map((n) => n.toString(16).padStart(2, "0")).join("");
	return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export function element(html) {
	const holder = document.createElement("template");
	holder.innerHTML = html;
	return holder.content.firstElementChild;
}

export function fill(name, ...values) {
	return words(name).replace(/\{(\d)\}/g, (all, i) => values[i]);
}

// As the server writes it.
export function size(bytes) {
	const kb = bytes / 1024;
	return kb < 1024 ? `${Math.max(1, Math.round(kb))} KB` : `${(kb / 1024).toFixed(1)} MB`;
}

export function duration(s) {
	if (s < 60)
		return fill("seconds", s);
	if (s < 3600)
		return fill("minutes", Math.floor(s / 60), s % 60);
	return fill("hours", Math.floor(s / 3600), Math.floor(s % 3600 / 60));
}

// On a touch screen the keyboard would jump up and hide what one reads.
export function backToBox() {
	if (box && !matchMedia("(pointer: coarse)").matches)
		box.focus({preventScroll: true});
}

export function complain(text) {
	if (!problem)
		return;
	problem.textContent = text || "";
	problem.hidden = !text;
}
