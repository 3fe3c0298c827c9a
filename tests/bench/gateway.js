// The gateway against nginx proxy_pass, both before the same model service
// (tests/bench/model_service.c), in turn, in one run. Its Redis, store and settings
// are its own, so the installation that is measured elsewhere is not counted.
import {execFileSync, spawn} from "node:child_process";
import {createHash, randomBytes, randomUUID} from "node:crypto";
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {createInterface} from "node:readline";

const build = process.env.GONGBANG_BUILD;
const source = new URL("../..", import.meta.url).pathname;
const sizes = {small: 200, large: 110000};
const pairs = 5;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

class World {
	constructor(dir, port) {
		this.dir = dir;
		this.ports = {service: port, nginx: port + 1, gateway: port + 2};
		this.children = [];
		this.accounts = 0;
		writeFileSync(join(dir, "settings"), `
database = ${dir}/store.db
redis_socket = ${dir}/redis.sock
templates = ${source}/templates
prices = ${source}/conf/prices.list
model_upstream = http://127.0.0.1:${this.ports.service}
gateway_listen = 127.0.0.1:${this.ports.gateway}
gateway_journal = ${dir}/journal
ledger_socket = ${dir}/ledger.sock
gateway_calls = 1000
user_calls = 500
user_calls_per_minute = 100000
`);
		writeFileSync(join(dir, "nginx.conf"), `
pid ${dir}/pid; error_log ${dir}/error; daemon off; worker_processes 1;
events { worker_connections 2048; }
http { access_log ${dir}/access; client_max_body_size 40m; keepalive_requests 10000000;
client_body_temp_path ${dir}/t1; proxy_temp_path ${dir}/t2; fastcgi_temp_path ${dir}/t3; uwsgi_temp_path ${dir}/t4; scgi_temp_path ${dir}/t5;
upstream service { server 127.0.0.1:${this.ports.service}; keepalive 64; keepalive_requests 10000000; }
server { listen 127.0.0.1:${this.ports.nginx};
location / { proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection "";
proxy_buffering off; proxy_request_buffering off; } } }
`);
	}

	begin(program, ...args) {
		const child = spawn(program, args, {stdio: "ignore"});
		this.children.push(child);
		return child;
	}

	async start() {
		this.begin("redis-server", "--port", "0", "--unixsocket", `${this.dir}/redis.sock`, "--save", "", "--dir", this.dir);
		this.begin(join(build, "tests/bench/model_service"), String(this.ports.service));
		this.begin("nginx", "-p", this.dir, "-c", join(this.dir, "nginx.conf"));
		await sleep(500);
		this.begin(join(build, "gongbang-ledger"), "--settings", join(this.dir, "settings"));
		this.gateway = this.begin(join(build, "gongbang-gateway"), "--settings", join(this.dir, "settings"));
		for (let i = 0; i < 100; i++) {
			await sleep(100);
			const answer = await fetch(`http://127.0.0.1:${this.ports.gateway}/`).catch(() => null);
			if (answer?.status === 200)
				return;
		}
		throw new Error("the gateway is not ready");
	}

	// A token of an account of its own: each may begin so many calls a minute.
	token() {
		const login = "bench" + this.accounts++;
		const command = (args, input) => execFileSync(join(build, "gongbang"), ["--settings", join(this.dir, "settings"), ...args], {input, encoding: "utf8"});
		command(["user", "add", login], "a long bench password\n");
		const {id} = JSON.parse(command(["user", "list", "--json"])).find((user) => user.login === login);
		const token = randomBytes(32).toString("hex");
		const key = "token:" + createHash("sha256").update(token).digest("hex");
		execFileSync("redis-cli", ["-s", `${this.dir}/redis.sock`, "SET", key, `1 conversation ${id} ${randomUUID()} - 0 0`]);
		return token;
	}

	latency(port, bytes) {
		const said = execFileSync(join(build, "tests/bench/calls"), [String(port), this.token(), "latency", "2000", String(bytes)], {encoding: "utf8"});
		const [, p50, p99] = said.match(/p50 (\d+) p99 (\d+)/).map(Number);
		return {p50, p99};
	}

	rate(port, bytes) {
		const out = execFileSync("wrk", ["-t1", "-c32", "-d4", "-s", join(source, "tests/bench/post.lua"), `http://127.0.0.1:${port}/v1/messages?beta=true`], {encoding: "utf8", env: {...process.env, TOKEN: this.token(), BYTES: String(bytes)}});
		if (/Non-2xx|Socket errors/.test(out))
			throw new Error(out);
		return Number(out.match(/Requests\/sec:\s+([\d.]+)/)[1]);
	}

	resident() {
		return Number(readFileSync(`/proc/${this.gateway.pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) / 1024;
	}

	// So many streams at once, each with a request of the CLI's usual size.
	async streams(count) {
		const client = spawn(join(build, "tests/bench/calls"), [String(this.ports.gateway), this.token(), "streams", String(count), String(sizes.large)], {stdio: ["pipe", "pipe", "inherit"]});
		await new Promise((resolve, reject) => {
			createInterface({input: client.stdout}).once("line", resolve);
			client.once("exit", () => reject(new Error("the streams broke off")));
		});
		await sleep(500);
		const mb = this.resident();
		client.stdin.end();
		await new Promise((resolve) => client.once("exit", resolve));
		return mb;
	}

	async stop() {
		// Of nginx a SIGKILL would leave the worker.
		for (const child of this.children.reverse())
			child.kill("SIGTERM");
		await sleep(500);
	}
}

async function measure(world, report) {
	const memory = await world.streams(200);
	report("the gateway with 200 streams at once", `${memory.toFixed(1)} MB resident`, "30 MB", memory < 30);
	for (const [name, bytes] of Object.entries(sizes)) {
		const more = {p50: [], p99: []}, ours = [], ratios = [], rates = [];
		for (let i = 0; i < pairs; i++) {
			const theirs = world.latency(world.ports.nginx, bytes);
			const mine = world.latency(world.ports.gateway, bytes);
			ours.push(mine.p50);
			more.p50.push(mine.p50 - theirs.p50);
			more.p99.push(mine.p99 - theirs.p99);
			const nginx = world.rate(world.ports.nginx, bytes);
			rates.push(world.rate(world.ports.gateway, bytes));
			ratios.push(rates[i] / nginx);
		}
		const limit = name === "small" ? 200 : 300;
		const says = (list) => (median(list) / 1000).toFixed(2) + " ms";
		report(`first byte of a ${name} call (${bytes} bytes), more than nginx`, `p50 ${says(more.p50)} (${says(ours)} in all), p99 ${says(more.p99)} (medians of ${pairs} pairs of 2,000)`,
			`${limit / 1000} ms, 2 ms`, median(more.p50) <= limit && median(more.p99) <= 2000);
		report(`${name} calls a second`, `${(100 * median(ratios)).toFixed(0)} % of nginx (${median(rates).toFixed(0)}, median of ${pairs} pairs)`, "40 %", median(ratios) >= 0.4);
	}
}

export async function gateway(report, instance) {
	const dir = mkdtempSync(join("/tmp", instance + "."));
	const world = new World(dir, 21000 + process.pid % 9000);
	mkdirSync(join(dir, "journal"), {mode: 0o700});
	try {
		await world.start();
		await measure(world, report);
	} finally {
		await world.stop();
		rmSync(dir, {recursive: true, force: true});
	}
}
