// A shared copy that its author ends disappears from open pages, too.

const page = document.querySelector("main.shared");
const every = 15000;

async function look() {
	try {
		const answer = await fetch(page.dataset.state, {cache: "no-store", redirect: "manual"});
		if ([401, 404].includes(answer.status)) {
			page.replaceWith(document.querySelector("#shared-ended").content.cloneNode(true));
			return;
		}
	} catch {
		// away for a moment
	}
	setTimeout(look, every);
}

setTimeout(look, every);
addEventListener("focus", look, {once: true});
