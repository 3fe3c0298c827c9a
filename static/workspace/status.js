// The status bar, and the state in the tab's title.

import {bar, box, chat, conversation, duration, element} from "./page.js";

// Times that run: <span data-since="UTC ms">.
export function tick() {
	for (const node of bar.querySelectorAll("[data-since]"))
		node.textContent = duration(Math.max(0,
			Math.round((Date.now() - Number(node.dataset.since)) / 1000)));
}
setInterval(tick, 1000);

// The tab tells how it stands, so that one need not come back to look.
let pageTitle = document.title;
export function showTitle() {
	const rows = (state) => document.querySelectorAll(`#conversation-list [data-state=${state}]`).length;
	const waiting = Math.max(rows("waiting"), Number(bar.dataset.state === "waiting"));
	const works = conversation ? bar.dataset.state === "working" : rows("working");
	document.title = (waiting > 1 ? `◆ (${waiting}) ` : waiting ? "◆ " : works ? "● " : "") + pageTitle;
}

// Words and numbers are replaced apart, and only when they differ: what is
// read aloud is not repeated, and a button keeps its focus.
let shown = {};
export function showStatus(html) {
	const holder = document.createElement("template");
	holder.innerHTML = html;
	for (const name of [".status-main", ".status-alerts", ".status-start", ".status-holders", ".status-notes"]) {
		const fresh = holder.content.querySelector(name);
		const old = bar.querySelector(name);
		if (old && shown[name] === fresh?.outerHTML)
			continue;
		shown[name] = fresh?.outerHTML;
		const had = old?.contains(document.activeElement);
		const id = had && document.activeElement.id;
		old?.remove();
		if (fresh && name === ".status-main")
			bar.prepend(fresh);
		else if (fresh && name === ".status-alerts")
			bar.querySelector(".status-main").after(fresh);
		else if (fresh)
			bar.append(fresh);
		if (had)
			(id && fresh?.querySelector("#" + id) || box || chat).focus({preventScroll: true});
	}
}

// While an administrator has stopped all calls every page says so, this one at once.
export function showBanner(text) {
	let banner = document.querySelector(".banner");
	if (!text) {
		banner?.remove();
		return;
	}
	if (!banner) {
		banner = element('<p class="banner" role="status"><span class="icon icon-alert" aria-hidden="true"></span><span></span></p>');
		document.querySelector("header.top").after(banner);
	}
	const words = banner.querySelector("span:not(.icon)");
	if (words.textContent !== text)
		words.textContent = text;
}

// Send becomes Stop in its place: while Claude works and nothing is typed.
export function showStop() {
	const send = document.querySelector("#send");
	const stop = document.querySelector("#stop");
	if (!stop)
		return;
	const works = Boolean(bar.querySelector("[data-stop]"));
	const typed = box.value.trim() || document.querySelector("#attachments li");
	const stops = works && !typed;
	document.querySelector("#send-now").hidden = !(works && typed);
	const had = document.activeElement === (stops ? send : stop);
	stop.hidden = !stops;
	send.hidden = stops;
	if (had)
		(stops ? stop : send).focus();
}

export function say(state, text) {
	bar.dataset.state = state;
	const mark = document.createElement("span");
	mark.className = "status-mark";
	const main = document.createElement("span");
	mark.setAttribute("aria-hidden", "true");
	main.className = "status-main";
	const sentence = document.createElement("span");
	sentence.className = "status-words";
	sentence.textContent = text;
	main.append(mark, sentence);
	shown = {};
	bar.replaceChildren(main);
	showStop();
	showTitle();
}

export function setPageTitle(title) {
	pageTitle = title + " · " + pageTitle.split(" · ").at(-1);
	showTitle();
}
