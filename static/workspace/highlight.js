// Colours of code: the library and the languages are loaded when a page has some.

import {selectionIn} from "./selection.js";

const LONG = 50000;	// characters: longer code stays plain
const files = new Set(["bash", "c", "cpp", "csharp", "css", "diff", "dockerfile", "go", "ini", "java", "javascript",
	"json", "kotlin", "makefile", "markdown", "php", "python", "r", "ruby", "rust", "sql", "swift", "typescript", "xml", "yaml"]);
const others = {sh: "bash", shell: "bash", zsh: "bash", console: "bash", h: "c", "c++": "cpp", cc: "cpp", hpp: "cpp", cs: "csharp",
	patch: "diff", docker: "dockerfile", golang: "go", toml: "ini", conf: "ini", js: "javascript", jsx: "javascript", mjs: "javascript",
	jsonl: "json", kt: "kotlin", make: "makefile", md: "markdown", py: "python", rb: "ruby", rs: "rust", ts: "typescript",
	tsx: "typescript", html: "xml", svg: "xml", yml: "yaml"};
const from = (name) => import(new URL(`../highlight/${name}.js`, import.meta.url)).then((module) => module.default);

let library;
const loaded = new Map();	// language: its promise

function paint(code, language, hljs) {
	const reselect = selectionIn(code);
	code.innerHTML = hljs.highlight(code.textContent, {language, ignoreIllegals: true}).value;
	reselect(code);
}

export async function highlight(code, said) {
	const name = said.toLowerCase();
	const language = files.has(name) ? name : Object.hasOwn(others, name) ? others[name] : "";
	if (!language || code.textContent.length > LONG)
		return;
	try {
		const hljs = await (library ??= from("core.min"));
		if (!loaded.has(language))
			loaded.set(language, from(`${language}.min`).then((grammar) => hljs.registerLanguage(language, grammar)));
		await loaded.get(language);
		paint(code, language, hljs);
	} catch {
		// it stays plain
	}
}
