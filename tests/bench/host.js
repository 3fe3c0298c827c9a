// Memory and processor time of this host's programs, from proc(5). Shared pages
// are counted once (PSS), like the memory that is free afterwards.
import {readFileSync, readdirSync} from "node:fs";
import {join} from "node:path";
import {service, state} from "../client.js";

export const children = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(/\s+/).filter(Boolean);

// Shared pages are counted once (PSS), as what is free afterwards shows it.
export const sharedKb = (pid) => Number(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8").match(/^Pss:\s+(\d+)/m)[1]);

// Ticks of processor time (fields 14 and 15), a hundredth of a second each.
export function ticks(pid) {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return Number(fields[11]) + Number(fields[12]);
}

const parents = ["engine", "nginx", "squid"];	// whose work is done by children

// {name: {mb, seconds}} of our programs that run here.
export function programs() {
	const all = {};
	for (const name of readdirSync(join(state, "services"))) {
		try {
			const pid = service(name);
			const pids = parents.includes(name) ? [pid, ...children(pid)] : [pid];
			all[name] = {mb: pids.reduce((s, p) => s + sharedKb(p), 0) / 1024, seconds: pids.reduce((s, p) => s + ticks(p), 0) / 100};
		} catch {
			// not running, or gone meanwhile
		}
	}
	return all;
}

// Seconds that all processors worked since the host began (steal aside).
export function hostSeconds() {
	const [user, nice, system, , , irq, soft] = readFileSync("/proc/stat", "utf8").split("\n")[0].split(/\s+/).slice(1).map(Number);
	return (user + nice + system + irq + soft) / 100;
}

export const memoryLeftMb = () => Number(readFileSync("/proc/meminfo", "utf8").match(/MemAvailable:\s+(\d+)/)[1]) / 1024;
