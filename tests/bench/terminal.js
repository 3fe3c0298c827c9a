// A terminal's figures on a running installation, as ratios within one run:
// output through nginx, bridge and shim against a bare pseudo terminal in the
// same container; the echo of a key against `docker exec -i cat`, alone and
// beside a terminal that floods. Prints a line each.
import {spawn} from "node:child_process";
import {randomUUID} from "node:crypto";
import {containerOf, engineSocket, inside, logIn, newAccount, now, open, sleep} from "../client.js";

const id = () => "01a22e76" + randomUUID().slice(8, 14) + "7" + randomUUID().slice(15);
const percentile = (list, p) => list.sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * p))];

// A viewer that draws nothing: it counts, acknowledges at once and looks for text.
async function view(cookie) {
	const ws = open(`/ws/terminals/${id()}?new=1&rows=24&cols=80`, cookie);
	const v = {ws, bytes: 0, tail: "", wanted: null};
	let unsaid = 0;
	ws.binaryType = "nodebuffer";
	ws.on("message", (data, binary) => {
		if (!binary)
			return;
		v.bytes += data.length;
		unsaid += data.length;
		if (unsaid >= 64 * 1024) {
			const ack = Buffer.alloc(5);
			ack[0] = 97;
			ack.writeUInt32BE(unsaid, 1);
			ws.send(ack);
			unsaid = 0;
		}
		v.tail = (v.tail + data.subarray(-4000).toString("latin1")).slice(-4000);
		if (v.wanted && v.tail.includes(v.wanted[0])) {
			const [, done] = v.wanted;
			v.wanted = null;
			v.tail = "";
			done();
		}
	});
	v.type = (text) => ws.send(Buffer.from("i" + text));
	v.until = (text) => new Promise((done) => { v.wanted = [text, done]; });
	await v.until("2004h");
	return v;
}

async function throughput(v, command) {
	const ended = v.until("finished!");
	const before = v.bytes, began = now();
	v.type(`${command}; echo finish''ed!\r`);
	await ended;
	return (v.bytes - before) / 1e3 / (now() - began);
}

const bare = (container, argv) => Number(inside(container, `python3 - <<'END'
import os, pty, time
pid, fd = pty.fork()
if not pid:
    os.execvp("sh", ["sh", "-c", """${argv}"""])
n = 0
began = time.monotonic()
try:
    while True:
        b = os.read(fd, 65536)
        if not b: break
        n += len(b)
except OSError:
    pass
print(n / 1e6 / (time.monotonic() - began))
END`));

async function echo(v, rounds) {
	const times = [];
	v.type("stty raw -echo; exec cat\r");
	await sleep(500);
	for (let i = 0; i < rounds; i++) {
		const text = `<${i}>`, seen = v.until(text), began = now();
		v.type(text);
		await seen;
		times.push(now() - began);
		await sleep(3);
	}
	return times;
}

async function execEcho(container, rounds) {
	const child = spawn("docker", ["-H", `unix://${engineSocket}`, "exec", "-i", container, "cat"]);
	const times = [];
	for (let i = 0; i < rounds; i++) {
		const began = now();
		child.stdin.write(`<${i}>`);
		await new Promise((done) => child.stdout.once("data", done));
		times.push(now() - began);
		await sleep(3);
	}
	child.stdin.end();
	return times;
}

const login = newAccount();
const {cookie} = await logIn(login);
const v = await view(cookie);
const container = containerOf(login);
inside(container, "seq -f '%07g the quick brown fox jumps over the lazy dog and so on' 1 1000000 >text");
for (const [name, command] of [["lines", "cat text"], ["yes", "timeout 4 yes"]]) {
	const rounds = [];
	for (let i = 0; i < 3; i++)
		rounds.push([bare(container, command), await throughput(v, command)]);
	const best = (k) => Math.max(...rounds.map((r) => r[k]));
	console.log(`terminal ${name}: ${best(1).toFixed(1)} MB/s, bare ${best(0).toFixed(1)} MB/s, ${Math.round(100 * best(1) / best(0))} %`);
}
const raw = await execEcho(container, 300);
const alone = await echo(v, 300);
const flooding = await view(cookie), beside = await view(cookie);
flooding.type("yes\r");
await sleep(1000);
const loud = await echo(beside, 300);
for (const [name, times] of [["docker exec", raw], ["alone", alone], ["beside a flood", loud]])
	console.log(`echo ${name}: p50 ${percentile(times, 0.5).toFixed(2)} ms, p99 ${percentile(times, 0.99).toFixed(2)} ms`);
process.exit(0);
