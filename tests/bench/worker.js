// The worker with 10,000 active agents, on a store and a Redis of its own: the
// time from an occurrence to its queued row, and the cost of waiting.
import {execFileSync, spawn} from "node:child_process";
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {ticks} from "./host.js";

const build = process.env.GONGBANG_BUILD;
const source = new URL("../..", import.meta.url).pathname;
const count = 10000;
const idle = 20;	// seconds

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const resident = (pid) => Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) / 1024;

function rows(text) {
	const match = text.match(/rows (\d+) p50 (-?\d+) p99 (-?\d+) rate (\d+)/);
	if (!match || Number(match[1]) !== count)
		throw new Error("not every moment has its row: " + text);
	return {p50: Number(match[2]), p99: Number(match[3]), rate: Number(match[4])};
}

async function measure(dir, children, report) {
	const agents = (...args) => execFileSync(join(build, "tests/bench/due"), [join(dir, "store.db"), ...args.map(String)], {encoding: "utf8"});
	writeFileSync(join(dir, "settings"), `
database = ${dir}/store.db
redis_socket = ${dir}/redis.sock
control_socket = ${dir}/none.sock
templates = ${source}/templates
prices = ${source}/conf/prices.list
run_memory_reserve = 0
runs_max = 1
`);
	agents("make", count);
	children.push(spawn("redis-server", ["--port", "0", "--unixsocket", `${dir}/redis.sock`, "--save", "", "--dir", dir], {stdio: "ignore"}));
	await sleep(500);
	const worker = spawn(join(build, "gongbang-worker"), ["--settings", join(dir, "settings")], {stdio: "ignore"});
	children.push(worker);
	await sleep(3000);
	const before = ticks(worker.pid);
	await sleep(idle * 1000);
	const cpu = (ticks(worker.pid) - before) / idle;
	const mb = resident(worker.pid);
	report(`the worker, idle, ${count} agents`, `${cpu.toFixed(2)} % of a processor, ${mb.toFixed(1)} MB resident`, "0.5 %, 20 MB", cpu < 0.5 && mb < 20);

	agents("due", 2000, 60000);
	const spread = rows(agents("wait", count));
	report(`planned to queued, ${count} agents due in one minute`, `p50 ${spread.p50} ms, p99 ${spread.p99} ms`, "p99 250 ms", spread.p99 < 250);
	agents("due", 3000, 0);
	const once = rows(agents("wait", count));
	report(`planned to queued, ${count} agents due at one moment`, `${once.rate} a second (p50 ${once.p50} ms, p99 ${once.p99} ms)`, "5,000 a second", once.rate >= 5000);
	report("the worker after that", `${resident(worker.pid).toFixed(1)} MB resident`, "none stated", true);
}

export async function worker(report) {
	const dir = mkdtempSync("/tmp/gongbang-worker-");
	const children = [];
	try {
		await measure(dir, children, report);
	} finally {
		for (const child of children.reverse())
			child.kill("SIGTERM");
		await sleep(500);
		rmSync(dir, {recursive: true, force: true});
	}
}
