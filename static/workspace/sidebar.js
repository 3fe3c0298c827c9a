// The list of conversations.

import {callBack} from "./attention.js";
import {conversation, element} from "./page.js";
import {setPageTitle, showTitle} from "./status.js";

// "2 hours ago" grows old in a page that stays open.
const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, {style: "narrow"});
const ages = [["year", 31536000], ["month", 2592000], ["day", 86400],
	["hour", 3600], ["minute", 60]];
function showAges() {
	for (const node of document.querySelectorAll("#conversation-list time")) {
		const s = (Date.now() - Date.parse(node.dateTime)) / 1000;
		const [unit, size] = ages.find((age) => s >= age[1]) || [];
		if (unit)
			node.textContent = relative.format(-Math.floor(s / size), unit);
	}
}
showAges();
setInterval(showAges, 30000);

export function showRow(event) {
	const list = document.querySelector("#conversation-list");
	if (!list)
		return;
	const old = document.getElementById("c-" + event.target);
	if (!event.html) {
		old?.remove();
		return;
	}
	const fresh = element(event.html);
	if (event.target === conversation)
		fresh.querySelector("a").setAttribute("aria-current", "page");
	if (!old && list.dataset.partial)
		return;
	const focused = old?.contains(document.activeElement);
	if (fresh.dataset.state === "waiting" && old?.dataset.state !== "waiting" && event.target !== conversation)
		callBack(fresh.querySelector(".row-title").textContent);
	old?.replaceWith(fresh);
	if (!old)
		list.prepend(fresh);
	document.querySelector(".sidebar .empty")?.remove();
	if (focused)
		fresh.querySelector("a").focus();
	const title = document.querySelector("#conversation-title");
	if (event.target === conversation && title) {
		title.textContent = fresh.querySelector(".row-title").textContent;
		setPageTitle(title.textContent);
	}
	showAges();
	showTitle();
}
