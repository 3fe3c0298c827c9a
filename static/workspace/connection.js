// The WebSocket to the bridge: kept open, opened again from where it was.

import {bar, conversation, root, words} from "./page.js";
import {say} from "./status.js";

let socket = null;
let offset = Number(root.dataset.offset || 0);	// of the log: all before it is shown
let tries = 0;
let retryTimer = 0;
let heard = Date.now();
let over = false;	// logged out or deleted: no further try

function address() {
	const url = new URL(root.dataset.ws, location.href);
	url.protocol = url.protocol.replace("http", "ws");
	if (conversation)
		url.searchParams.set("from", offset);
	return url;
}

let opened, received;
function receive(text) {
	const event = JSON.parse(text);
	received(event);
	if (typeof event.at === "number" && event.at > offset)
		offset = event.at;
}

function connect() {
	clearTimeout(retryTimer);
	if (over || (socket && socket.readyState <= WebSocket.OPEN))
		return;
	const mine = new WebSocket(address());
	socket = mine;
	heard = Date.now();
	mine.onopen = () => {
		heard = Date.now();
		opened();
	};
	mine.onmessage = (event) => {
		heard = Date.now();
		tries = 0;
		receive(event.data);
	};
	mine.onclose = (event) => {
		if (socket === mine)
			lost(event.code);
	};
}

function lost(code) {
	socket = null;
	if (code === 4429) {
		say("failed", words("too-many"));
		retryTimer = setTimeout(connect, 10000);
		return;
	}
	if (code === 4401 || code === 4404) {
		over = true;
		say("failed", words(code === 4401 ? "login-ended" : "gone"));
		if (code === 4401)
			offerLogin();
		return;
	}
	say("starting", words("reconnecting"));
	const wait = Math.min(10000, 250 * 2 ** tries++) * (0.5 + Math.random());
	retryTimer = setTimeout(connect, wait);
}

// A refused handshake hides its status from scripts: ask the page itself.
async function loginStillHolds() {
	try {
		const answer = await fetch(location.href, {method: "HEAD", redirect: "manual"});
		if (answer.type === "opaqueredirect")
			lost(4401);
		else if (answer.status === 404)
			lost(4404);
	} catch {
		// the server is away: the next try tells
	}
}

function offerLogin() {
	const main = bar.querySelector(".status-main");
	const link = document.createElement("a");
	link.href = location.href;
	link.textContent = words("log-in");
	main.append(" ", link);
}

export function post(message) {
	if (socket?.readyState !== WebSocket.OPEN)
		return false;
	socket.send(JSON.stringify(message));
	return true;
}

// After sleep or a changed network a socket may be dead without a word.
function check() {
	const quiet = Date.now() - heard;
	if (!socket) {
		if (!over && document.visibilityState === "visible" && tries > 4)
			loginStillHolds();
		return;
	}
	if (quiet > 45000) {
		const dead = socket;
		socket = null;
		dead.onclose = null;
		dead.close();
		lost(0);
	} else if (quiet > 20000) {
		post({type: "ping"});
	}
}
setInterval(check, 10000);
for (const name of ["online", "focus", "pageshow"])
	addEventListener(name, () => {
		if (!socket && !over) {
			tries = 0;
			connect();
		} else if (Date.now() - heard > 30000) {
			post({type: "ping"});
		}
	});

// onOpen: the bridge listens; onEvent: what it tells.
export function open(onOpen, onEvent) {
	opened = onOpen;
	received = onEvent;
	connect();
}

export function close(code) {
	lost(code);
	socket?.close();
}
