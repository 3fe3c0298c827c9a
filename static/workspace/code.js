// What can be done with a block of code: copy it, run it in the terminal, save it as a file.

import {chat, words} from "./page.js";

// Names of languages that are no endings of files' names.
const endings = {bash: "sh", shell: "sh", zsh: "sh", console: "sh", python: "py", javascript: "js", typescript: "ts", markdown: "md",
	rust: "rs", ruby: "rb", kotlin: "kt", csharp: "cs", "c++": "cpp", yaml: "yml", makefile: "mk", dockerfile: "dockerfile"};

const textOf = (button) => button.closest(".code").querySelector("pre").textContent;

// A page without TLS has no clipboard of its own: the old way copies what is selected.
async function copy(button) {
	if (navigator.clipboard) {
		await navigator.clipboard.writeText(textOf(button));
	} else {
		getSelection().selectAllChildren(button.closest(".code").querySelector("pre"));
		document.execCommand("copy");
		getSelection().removeAllRanges();
	}
	button.textContent = words("copied");
	setTimeout(() => { button.textContent = words("copy"); }, 1500);
}

// The terminal's panel takes it; where there is none, it is copied for the terminal's page.
function run(button) {
	const taken = !document.dispatchEvent(new CustomEvent("gongbang:run-in-terminal", {
		cancelable: true, detail: {text: textOf(button)}}));
	if (taken)
		return;
	copy(button.parentElement.querySelector("[data-copy-code]"));
	const page = document.querySelector("nav a[href$='/terminal']");
	if (page)
		window.open(page.href);
}

function nameFor(button) {
	const said = button.closest(".code").querySelector(".code-name").textContent.toLowerCase();
	const ending = Object.hasOwn(endings, said) ? endings[said] : /^[a-z0-9]{1,6}$/.test(said) ? said : "txt";
	return "code." + ending;
}

function save(button) {
	const code = button.closest(".code");
	const shown = code.querySelector(".code-save");
	if (shown) {
		shown.remove();
		return;
	}
	const form = document.querySelector("#code-save").content.firstElementChild.cloneNode(true);
	form.elements.text.value = textOf(button);
	form.elements.name.value = nameFor(button);
	form.addEventListener("submit", () => setTimeout(() => form.remove()));
	code.querySelector(".code-head").after(form);
	form.elements.name.select();
	form.elements.name.focus();
}

chat.addEventListener("click", (event) => {
	const button = event.target.closest(".code-acts button");
	if (!button)
		return;
	if ("copyCode" in button.dataset)
		copy(button);
	else if ("runCode" in button.dataset)
		run(button);
	else
		save(button);
});
