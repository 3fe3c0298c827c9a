// The sentence under a key of the catalogues, in either language, for text and
// HTML alike: a pattern of the sentence up to its first {n}.
import {readFileSync} from "node:fs";

const catalogues = ["en", "ko"].map((name) => JSON.parse(readFileSync(new URL(`../templates/locale/${name}.json`, import.meta.url), "utf8")));

export function says(key) {
	if (!catalogues[0][key])
		throw new Error("no sentence has the key " + key);
	if (!catalogues.every((c) => c[key].split("{")[0].trim()))
		throw new Error(key + " begins with a placeholder, so any text has it");
	return new RegExp(catalogues.map((c) => c[key].split("{")[0].trim()
		.replace(/[.*+?^$()|[\]\\/]/g, "\\$&").replace(/'/g, "(?:'|&#39;)").replace(/"/g, "(?:\"|&quot;)")).join("|"));
}
