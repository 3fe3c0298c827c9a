// Searching 100,000 messages of ten accounts, beside LIKE over the same rows in
// the same run: tests/bench/fill_search.c.
import {execFileSync} from "node:child_process";
import {mkdtempSync, rmSync} from "node:fs";
import {join} from "node:path";

const LIMIT = 50;
const queries = ["two_syllables", "two_common", "four_syllables", "word", "common_word", "prefix", "both", "rare_and_common", "absent", "one_syllable", "one_syllable_absent"];

export function search(report, build, state) {
	const folder = mkdtempSync(join(state, "search."));
	try {
		const r = JSON.parse(execFileSync(join(build, "tests/bench/fill_search"), [folder, "100000"], {encoding: "utf8", maxBuffer: 1 << 20}));
		const slowest = queries.reduce((a, b) => r[a].ms > r[b].ms ? a : b);
		report("search in 100,000 messages, the slowest question", `${r[slowest].ms.toFixed(1)} ms (${slowest})`, LIMIT + " ms", r[slowest].ms < LIMIT);
		const ratio = r.like_two_syllables.ms / r.two_syllables.ms;
		report("two Korean syllables beside LIKE", `${ratio.toFixed(0)} x faster (${r.two_syllables.ms.toFixed(2)} ms against ${r.like_two_syllables.ms.toFixed(0)} ms)`, "20 x", ratio >= 20);
		const bytes = (r.indexBytes + r.entryBytes) / r.textBytes;
		report("bytes of the search index and its texts", `${bytes.toFixed(2)} x the texts`, "2.5 x", bytes <= 2.5);
		const added = r.recordMs.with - r.recordMs.without;
		report("what an entry adds to recording a part", `${added.toFixed(2)} ms`, "1 ms", added < 1);
	} finally {
		rmSync(folder, {recursive: true});
	}
}
