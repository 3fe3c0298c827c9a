// The page of 50 agents beside the same table by FastAPI and Jinja2, in turn.
import {execFileSync, spawn} from "node:child_process";
import {join} from "node:path";
import {call, logIn, newAccount, origin, sleep, state} from "../client.js";

const PORT = 18183;
const here = new URL("fastapi/", import.meta.url).pathname;
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

function wrk(url, cookie) {
	const said = execFileSync("wrk", ["-t1", "-c32", "-d5", "--latency", "-H", "Cookie: " + cookie, url], {encoding: "utf8"});
	if (/Non-2xx/.test(said))
		throw new Error("wrk: " + said);
	return {rate: Number(said.match(/Requests\/sec:\s+([\d.]+)/)[1]), p99: said.match(/99%\s+(\S+)/)[1]};
}

// FastAPI in a virtual environment of its own, a process a core.
async function withPeer(login, measure) {
	const venv = join(state, "fastapi");
	execFileSync("python3", ["-m", "venv", venv]);
	execFileSync(join(venv, "bin/pip"), ["install", "-q", "--disable-pip-version-check", "-r", join(here, "requirements.txt")], {stdio: ["ignore", "ignore", "inherit"]});
	const peer = spawn(join(venv, "bin/uvicorn"), ["app:app", "--app-dir", here, "--port", String(PORT), "--workers", "2", "--no-access-log", "--log-level", "warning"],
		{stdio: ["ignore", "inherit", "inherit"], env: {...process.env, AGENTS_DB: join(state, "data/gongbang.db"), AGENTS_USER: login}});
	const url = `http://127.0.0.1:${PORT}/agents`;
	try {
		for (let tries = 0; !(await fetch(url).then((r) => r.ok, () => false)); tries++) {
			if (tries === 100)
				throw new Error("FastAPI does not answer");
			await sleep(200);
		}
		await measure(url);
	} finally {
		peer.kill();
	}
}

export async function agentsPage(report, build) {
	const login = newAccount();
	const {cookie} = await logIn(login);
	execFileSync(join(build, "tests/bench/fill_agents"), [join(state, "data/gongbang.db"), login, "50"]);
	const bytes = Buffer.byteLength((await call("GET", "/agents", {cookie})).text);
	const ours = [], theirs = [];
	await withPeer(login, async (url) => {
		for (let i = 0; i < 3; i++) {
			ours.push(wrk(origin + "/agents", cookie));
			theirs.push(wrk(url, ""));
		}
	});
	const ratio = median(ours.map((o, i) => o.rate / theirs[i].rate));
	const rate = (list) => median(list.map((one) => one.rate)).toFixed(0);
	report(`/agents with 50 agents (${bytes} bytes)`, `${ratio.toFixed(2)} x FastAPI with Jinja2 (${rate(ours)}, p99 ${ours[0].p99}, against ${rate(theirs)} requests/s, p99 ${theirs[0].p99}; median of 3 pairs)`,
		"2 x, 60 KB", ratio >= 2 && bytes <= 60 << 10);
}
