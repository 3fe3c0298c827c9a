// Files of a workspace: a large folder's list, and a file up and down through
// nginx beside `docker cp` of the same file, in turns.
import {execFileSync} from "node:child_process";
import {createHash, randomBytes, randomUUID} from "node:crypto";
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import http from "node:http";
import {join} from "node:path";
import {call, containerOf, engineSocket, field, inside, logIn, newAccount, now, origin, port, state, userId} from "../client.js";

const MB = 1 << 20;
const size = 256 * MB;
const chunk = 8 * MB;
const turns = 5;
const agent = new http.Agent({keepAlive: true});

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

// Without client.js's texts: bytes are counted, not kept.
function ask(options, body = null) {
	return new Promise((resolve, reject) => {
		const request = http.request({agent, ...options}, (answer) => {
			const head = [];
			let n = 0;
			answer.on("data", (part) => {
				n += part.length;
				if (n < 2 * MB)
					head.push(part);
			});
			answer.on("end", () => resolve({status: answer.statusCode, n, text: () => Buffer.concat(head).toString()}));
			answer.on("error", reject);
		}).on("error", reject);
		request.end(body ?? undefined);
	});
}

function must(answer, status) {
	if (answer.status !== status)
		throw new Error(`${answer.status} ${answer.text()}`);
	return answer;
}

export async function files(report) {
	const login = newAccount("files");
	const {cookie} = await logIn(login);
	const csrf = field((await call("GET", "/workspace", {cookie})).text, "csrf");
	const own = {host: "127.0.0.1", port, headers: {Host: new URL(origin).host, Origin: origin, Cookie: cookie, "X-CSRF-Token": csrf}};
	const list = {socketPath: join(state, "run/control/control.sock"), path: `/users/${userId(login)}/files?to=${encodeURIComponent("/list/many")}`};
	const folder = mkdtempSync("/tmp/gongbang-files-");
	must(await ask(list), 404);
	const name = containerOf(login);
	inside(name, "mkdir many && cd many && seq -f 'a file with a name of usual length %g.txt' 10000 | xargs -d '\\n' touch");
	const lists = [];
	for (let i = 0; i < 20; i++) {
		const start = now();
		if (must(await ask(list), 200).text().split("\n").length !== 10002)
			throw new Error("not every name was listed");
		lists.push(now() - start);
	}
	report("list of a folder with 10,000 files, asked as pages do", `${median(lists).toFixed(1)} ms (median of 20; longest ${Math.max(...lists).toFixed(1)} ms)`, "100 ms", median(lists) < 100);

	const bytes = randomBytes(size);
	const file = join(folder, "file");
	writeFileSync(file, bytes);
	const docker = (...args) => execFileSync("docker", ["-H", "unix://" + engineSocket, ...args]);
	const times = {up: [], down: [], cpUp: [], cpDown: []};
	const time = async (which, what) => {
		const start = now();
		await what();
		times[which].push(now() - start);
	};
	for (let i = 0; i < turns; i++) {
		await time("cpUp", () => docker("cp", file, `${name}:/workspace/copied`));
		await time("up", async () => {
			const id = randomUUID();
			for (let at = 0; at < size; at += chunk)
				must(await ask({...own, method: "POST", path: `/files/upload/${id}?offset=${at}`}, bytes.subarray(at, at + chunk)), 200);
			must(await ask({...own, method: "POST", path: `/files/upload/${id}/finish?to=sent${i}&size=${size}`}), 201);
		});
		await time("cpDown", () => docker("cp", `${name}:/workspace/sent${i}`, file));
		await time("down", async () => {
			if (must(await ask({...own, path: `/files/raw/sent${i}`}), 200).n !== size)
				throw new Error("not every byte came");
		});
		inside(name, `rm -f copied; [ ${i} = 0 ] || rm -f sent${i}`);
	}
	const sum = createHash("sha256").update(bytes).digest("hex");
	if (!inside(name, "sha256sum sent0").startsWith(sum) || createHash("sha256").update(readFileSync(file)).digest("hex") !== sum)
		throw new Error("other bytes arrived");
	const rate = (which) => size / 1000 / median(times[which]);
	for (const [what, ours, theirs] of [["upload", "up", "cpUp"], ["download", "down", "cpDown"]]) {
		const ratio = rate(ours) / rate(theirs);
		report(`${what} of 256 MB through nginx, beside docker cp`, `${rate(ours).toFixed(0)} of ${rate(theirs).toFixed(0)} MB/s: ${(100 * ratio).toFixed(0)} %`, "50 %", ratio >= 0.5);
	}
	rmSync(folder, {recursive: true});
}
