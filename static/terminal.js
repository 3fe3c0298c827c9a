// A terminal: xterm.js on the bridge's socket. The records that come are
// described in lib/shim/shim_terminal.h, the messages that go in
// lib/bridge/terminal_client.c.
import {Terminal} from "./terminal/xterm.mjs";
import {FitAddon} from "./terminal/addon-fit.mjs";
import {SearchAddon} from "./terminal/addon-search.mjs";
import {WebLinksAddon} from "./terminal/addon-web-links.mjs";
import {UnicodeGraphemesAddon} from "./terminal/addon-unicode-graphemes.mjs";

const main = document.querySelector("#main");
const box = document.querySelector("#terminal");
const stateLine = document.querySelector("#terminal-state");
const lineForm = document.querySelector("#terminal-line");
const lineInput = document.querySelector("#terminal-input");
const narrow = matchMedia("(pointer: coarse), (max-width: 40rem)");
const ACK = 64 * 1024;		// bytes drawn that are told at once
const PIECE = 16 * 1024;	// bytes of input in one message

// ---- appearance ----

// A token's colour in the mode in use.
function color(name) {
	const probe = document.createElement("i");
	probe.style.color = `var(${name})`;
	document.body.append(probe);
	const [r, g, b] = getComputedStyle(probe).color.match(/\d+/g);
	probe.remove();
	return `rgb(${r},${g},${b})`;
}

function theme() {
	return {
		background: color("--gb-paper"), foreground: color("--gb-text"), cursor: color("--gb-accent"),
		cursorAccent: color("--gb-paper"), selectionBackground: color("--gb-accent-soft"),
	};
}

function openLink(event, url) {
	if (!/^https?:\/\//i.test(url) || !confirm(`${main.dataset.textOpen}\n${url}`))
		return;
	window.open(url, "_blank", "noopener,noreferrer");
}

const term = new Terminal({
	allowProposedApi: true, scrollback: 5000, cursorBlink: true, minimumContrastRatio: 4.5,
	fontFamily: getComputedStyle(document.querySelector("#terminal-title")).getPropertyValue("--pico-font-family-monospace") || "monospace",
	fontSize: Number(localStorage.getItem("terminal-font")) || 14,
	theme: theme(), linkHandler: {activate: openLink},
});
const fit = new FitAddon(), search = new SearchAddon();
for (const addon of [fit, search, new UnicodeGraphemesAddon(), new WebLinksAddon(openLink)])
	term.loadAddon(addon);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { term.options.theme = theme(); });

// The shim answers programs' questions, once for all viewers; the clipboard is the user's.
const handled = () => true;
for (const id of [{final: "c"}, {prefix: ">", final: "c"}, {final: "n"}, {prefix: "?", final: "n"},
	{intermediates: "$", final: "p"}, {prefix: "?", intermediates: "$", final: "p"}, {final: "t"}])
	term.parser.registerCsiHandler(id, handled);
term.parser.registerDcsHandler({intermediates: "$", final: "q"}, handled);
term.parser.registerOscHandler(52, handled);
for (const code of [4, 10, 11, 12])	// questions about colours; settings stay
	term.parser.registerOscHandler(code, (text) => text.includes("?"));
term.onTitleChange((title) => { document.querySelector("#terminal-title").textContent = title; });

// ---- the socket ----

let socket, wait = 500, starts = "starts" in main.dataset, over = false;

function say(word, text) {
	box.dataset.state = word;
	stateLine.textContent = text || "";
	stateLine.hidden = !text;
}

function finish(word, text) {
	over = true;
	term.options.disableStdin = true;
	document.querySelector("#terminal-again").hidden = false;
	say(word, text);
}

function send(what, bytes) {
	if (socket?.readyState !== WebSocket.OPEN)
		return false;
	const message = new Uint8Array(bytes.length + 1);
	message[0] = what.charCodeAt(0);
	message.set(bytes, 1);
	socket.send(message);
	return true;
}

const encoder = new TextEncoder();
const typed = [];	// bytes that wait: a paste goes in pieces

function pump() {
	if (!typed.length)
		return;
	if (!send("i", typed[0].subarray(0, PIECE)))
		return;
	typed[0] = typed[0].subarray(PIECE);
	if (!typed[0].length)
		typed.shift();
	if (typed.length)
		setTimeout(pump, 10);
}

function type(bytes) {
	typed.push(bytes);
	if (typed.length === 1)
		pump();
}

// Records may be cut anywhere by the messages that carry them.
class Records {
	constructor(on) { this.on = on; this.head = []; this.left = 0; this.kept = []; }
	take(bytes) {
		let at = 0;
		while (at < bytes.length) {
			if (this.head.length < 4) {
				this.head.push(bytes[at++]);
				if (this.head.length === 4)
					this.left = this.head[1] << 16 | this.head[2] << 8 | this.head[3];
			} else {
				const part = bytes.subarray(at, at + this.left);
				at += part.length;
				this.left -= part.length;
				this.on(this.head[0], part, !this.left);
			}
			if (this.head.length === 4 && !this.left)
				this.head = [];
		}
	}
}

function connection() {
	let undrawn = 0, size = [];
	const drawn = (n) => {
		undrawn += n;
		if (undrawn < ACK / 2)
			return;
		send("a", [undrawn >>> 24, undrawn >>> 16 & 255, undrawn >>> 8 & 255, undrawn & 255]);
		undrawn = 0;
	};
	const records = new Records((what, part, last) => {
		if (what === 88)	// X: the end
			return;
		if (what === 83 && size.length < 4) {	// S: a new state; its size first
			const missing = 4 - size.length;
			size.push(...part.subarray(0, missing));
			part = part.subarray(missing);
			if (size.length === 4)
				term.resize(size[2] << 8 | size[3], size[0] << 8 | size[1]);
		}
		term.write(part);
		if (last && what === 83) {
			size = [];
			term.write("", () => say("live"));
		}
	});
	return (bytes) => {
		records.take(bytes);
		term.write("", () => drawn(bytes.length));	// after what it carried
	};
}

const notices = {
	waiting: () => say("waiting", main.dataset.textWaiting),
	missing: () => finish("ended", main.dataset.textEnded),
	ended: () => finish("ended", main.dataset.textEnded),
	refused: () => finish("refused", main.dataset.textRefused),
};

function connect() {
	const url = new URL(`${document.body.dataset.base}/ws/terminals/${main.dataset.terminal}`, location.href);
	const own = fit.proposeDimensions() || {rows: 24, cols: 80};
	url.protocol = url.protocol.replace("http", "ws");
	url.search = `rows=${own.rows}&cols=${own.cols}${starts ? "&new=1" : ""}`;
	const take = connection();
	socket = new WebSocket(url);
	socket.binaryType = "arraybuffer";
	socket.onmessage = (event) => {
		if (typeof event.data === "string") {
			notices[JSON.parse(event.data).kind]?.();
			return;
		}
		if (starts)
			history.replaceState(null, "", location.pathname);
		starts = false;
		wait = 500;
		take(new Uint8Array(event.data));
		if (typed.length)
			pump();
	};
	socket.onclose = (event) => {
		if (over)
			return;
		if (event.code === 4401) {
			finish("ended", main.dataset.textLogin);
			return;
		}
		say("reconnecting", main.dataset.textReconnecting);
		setTimeout(connect, wait);
		wait = Math.min(2 * wait, 10000);
	};
}

// ---- size: that of whoever used it last ----

function claim() {
	const own = fit.proposeDimensions();
	if (own && (own.rows !== term.rows || own.cols !== term.cols))
		send("r", [own.rows >> 8, own.rows & 255, own.cols >> 8, own.cols & 255]);
}

let settled;
new ResizeObserver(() => {
	clearTimeout(settled);
	settled = setTimeout(() => { if (document.hasFocus()) claim(); }, 100);
}).observe(box);
addEventListener("focus", claim);

// ---- keys ----

let control = false;
const controlKey = document.querySelector("[data-key=Control]");

function hold(on) {
	control = on;
	controlKey.setAttribute("aria-pressed", String(on));
}

term.onData((data) => {
	if (control && /^[a-zA-Z[\\\]^_ ]$/.test(data)) {
		data = String.fromCharCode(data.toUpperCase().charCodeAt(0) & 31);
		hold(false);
	}
	claim();
	type(encoder.encode(data));
});
term.onBinary((data) => type(Uint8Array.from(data, (c) => c.charCodeAt(0))));

const plain = {Escape: "\x1b", Tab: "\t"};
const arrows = {ArrowUp: "A", ArrowDown: "B", ArrowRight: "C", ArrowLeft: "D"};
document.querySelector("#terminal-keys").addEventListener("click", (event) => {
	const key = event.target.closest("[data-key]")?.dataset.key;
	if (!key)
		return;
	if (key === "Control")
		hold(!control);
	else
		type(encoder.encode(plain[key] || `\x1b${term.modes.applicationCursorKeysMode ? "O" : "["}${arrows[key]}`));
	term.focus();
});

// The line below: what an input method composes arrives whole.
lineForm.addEventListener("submit", (event) => {
	event.preventDefault();
	type(encoder.encode(lineInput.value + "\r"));
	lineInput.value = "";
});
lineInput.addEventListener("keydown", (event) => {
	if (event.code === "Enter" && event.isComposing)
		event.preventDefault();
});
const toggle = document.querySelector("#terminal-line-toggle");
function showLine(on) {
	lineForm.hidden = !on;
	toggle.setAttribute("aria-pressed", String(on));
}
toggle.addEventListener("click", () => {
	showLine(lineForm.hidden);
	(lineForm.hidden ? term : lineInput).focus();
});
showLine(narrow.matches);

// ---- search, font ----

const find = document.querySelector("#terminal-search"), findInput = document.querySelector("#terminal-find");
term.attachCustomKeyEventHandler((event) => {
	if (event.type !== "keydown" || !event.ctrlKey || !event.shiftKey || event.code !== "KeyF")
		return true;
	event.preventDefault();
	find.hidden = false;
	findInput.focus();
	return false;
});
find.addEventListener("submit", (event) => {
	event.preventDefault();
	search.findPrevious(findInput.value);
});
findInput.addEventListener("keydown", (event) => {
	if (event.key !== "Escape")
		return;
	find.hidden = true;
	term.focus();
});
function font(by) {
	term.options.fontSize = Math.min(32, Math.max(8, term.options.fontSize + by));
	localStorage.setItem("terminal-font", term.options.fontSize);
	claim();
}
document.querySelector("#terminal-smaller").addEventListener("click", () => font(-1));
document.querySelector("#terminal-larger").addEventListener("click", () => font(1));

term.open(box);
box.terminal = term;	// for user scripts and tests
say("waiting", main.dataset.textWaiting);
connect();
if (!narrow.matches)
	term.focus();
