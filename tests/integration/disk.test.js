// One user cannot fill the disk, nor use up what the kernel counts by uid: from
// inside a real container.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync, spawn, spawnSync} from "node:child_process";
import {statSync, statfsSync} from "node:fs";
import {containerOf, engine, inside, inspect, newAccount, openConversation, userId} from "../client.js";

let login, other, page, second, name, path;
before(async () => {
	login = newAccount("disk");
	other = newAccount("beside");
	[page, second] = await Promise.all([openConversation(login, "hello"), openConversation(other, "hello")]);
	await page.until((p) => p.ends >= 1, "the first turn");
	await second.until((p) => p.ends >= 1, "the neighbour's first turn");
	name = containerOf(login);
	path = (await inspect(name)).Mounts.find((m) => m.Destination === "/workspace").Source;
});
after(() => {
	page?.close();
	second?.close();
});
const above = () => path.replace(/\/_data$/, "");
// What holds it here; a host that cannot is told of by doctor.
const held = () => statSync(path).dev !== statSync(above()).dev;

test("fallocate past the limit fails, the host's disk keeps its room, the conversation goes on", async (t) => {
	if (!held())
		return t.skip("no loop devices or project quotas here: disk_quota = watch");
	const before = statfsSync(above()).bavail * statfsSync(above()).bsize;
	assert.match(inside(name, "fallocate -l 12G big 2>&1; echo $?"), /No space left|quota exceeded/i);
	page.say("hello while it is full");
	await page.until((p) => p.status === "failed" || p.ends >= 2, "words about the disk");
	inside(name, "rm -f big");
	await page.until((p) => p.ends >= 2, "the turn that waited");
	assert.match(inside(name, "df -m --output=size . | tail -1"), /^ *(9|10)\d{3}\n$/);
	const lost = before - statfsSync(above()).bavail * statfsSync(above()).bsize;
	assert.ok(lost < 10 * 2 ** 30, `the host lost ${lost} bytes`);
	page.say("hello again");
	await page.until((p) => p.ends >= 3, "a turn after it");
});

test("200,000 files take no inode of the host's", (t) => {
	if (!held())
		return t.skip("no loop devices or project quotas here: disk_quota = watch");
	const before = statfsSync(above()).ffree;
	const said = inside(name, `python3 -c '
import os
os.mkdir("many"); os.chdir("many")
try:
    for i in range(200000): os.mknod(str(i))
except OSError as e: print(e)
print(len(os.listdir(".")), os.statvfs(".").f_files)'; cd /workspace; rm -rf many`);
	const [count, most] = said.trim().split(/\s+/).slice(-2).map(Number);
	assert.ok(count === 200000 || /No space|quota/.test(said), said);
	assert.ok(most <= 400000, said);
	assert.ok(before - statfsSync(above()).ffree < 5000);
});

test("inotify instances used up by one leave the other's", async () => {
	const most = Number(execFileSync("cat", ["/proc/sys/fs/inotify/max_user_instances"], {encoding: "utf8"}));
	const watch = (n, hold) => `python3 -c '
import ctypes, time, sys
libc = ctypes.CDLL(None)
n = 0
while n < ${n} and libc.inotify_init() >= 0: n += 1
print(n, flush=True)
time.sleep(${hold})'`;
	const holder = spawn("docker", ["-H", "unix://" + process.env.GONGBANG_ENGINE, "exec", name, "bash", "-c", watch(8000, 60)]);
	try {
		const n = await new Promise((resolve) => holder.stdout.once("data", (b) => resolve(Number(b))));
		assert.ok(n > 0 && n <= most || n >= 8000 - 10, String(n));
		assert.equal(inside(containerOf(other), watch(1, 0)).trim(), "1");
		const own = inside(name, watch(1, 0)).trim();
		assert.ok(n >= 7990 || own === "0", "the first still had some: the attack was none");
	} finally {
		holder.kill();
	}
});

test("each container has a uid of its own, and the host's first person reads no volume", async () => {
	const [a, b] = await Promise.all([name, containerOf(other)].map(inspect));
	assert.match(a.Config.User, /^19\d{8}:19\d{8}$/);
	assert.notEqual(a.Config.User, b.Config.User);
	assert.equal(statSync(path).uid, Number(a.Config.User.split(":")[0]));
	inside(name, "echo mine >/workspace/mine; chmod 644 /workspace/mine");
	const read = spawnSync("setpriv", ["--reuid", "1000", "--regid", "1000", "--clear-groups", "cat", path + "/mine"], {encoding: "utf8"});
	assert.notEqual(read.status, 0);
	assert.match(read.stderr, /denied/);
});
