// Places for Claude in one workspace, all held by conversations that wait for
// their user: another one gets a place, by itself or by a Stop.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {join} from "node:path";
import {Page, begin, logIn, newAccount, state} from "../client.js";

const setting = (name) => Number(readFileSync(join(state, "gongbang.conf"), "utf8").match(new RegExp(`^${name} = (\\d+)`, "m"))?.[1]);
const places = setting("workspace_sessions") || 4, patience = (setting("answer_patience") || 60) * 1000;
const waits = (p) => p.kinds("permission", "waiting").length > 0;
const lent = (p) => p.kinds("error").filter(([, x]) => x.html.includes("data-say=")).length;
const pages = [];
let cookie;

async function converse(text) {
	const id = await begin(cookie, text);
	const page = new Page(`/ws/conversations/${id}`, cookie);
	page.id = id;
	pages.push(page);
	return page;
}

before(async () => {
	({cookie} = await logIn(newAccount("places")));
	for (let i = 0; i < places; i++) {
		const page = await converse(`run: touch place${i}`);
		await page.until(waits, "its question");
	}
});
after(() => pages.forEach((p) => p.close()));

test("a page without a place names who holds them, and its Stop frees one", async () => {
	const holders = [...pages];
	const next = await converse("hello");
	await next.until((p) => ((p.words || "").match(/data-holder=/g) || []).length === places, "the holders");
	assert.equal(next.status, "starting");
	for (const {id} of holders)
		assert.ok(next.words.includes(`/workspace/${id}"`) && next.words.includes(`data-release="${id}"`), next.words);
	next.send({type: "release", id: holders[1].id});
	await next.until((p) => p.ends === 1, "its turn", patience / 2);
	await holders[1].until((p) => lent(p) === 1, "why it ended");
	assert.equal(holders[1].kinds("permission", "cancelled").length, 1, "not answered, and not denied");
	assert.ok(!next.words.includes("data-holder="));
	for (const other of [holders[0], holders[2]])
		assert.ok(waits(other) && !lent(other), "others keep theirs");
});

test("who asks nobody for a place gets the one whose question waited longest", async () => {
	const [first, , third, fourth] = pages;
	// The one before is idle now and would give way at once.
	await pages[4].until((p) => p.status === "ready", "ready");
	pages[4].say("run: touch place5");
	await pages[4].until(waits, "its question");
	const next = await converse("hello");
	await next.until((p) => p.ends === 1, "its turn", patience + 30000);
	await first.until((p) => lent(p) === 1, "why it ended");
	assert.equal(first.kinds("permission", "cancelled").length, 1);
	for (const other of [third, fourth, pages[4]])
		assert.ok(waits(other) && !lent(other), "one gives way, and no other");
	// What its button says, asks again.
	first.say("run: touch again");
	await first.until(waits, "the question, again", patience + 30000);
	const [[target]] = first.kinds("permission", "waiting");
	first.send({type: "answer", target, choice: "allow"});
	await first.until((p) => p.kinds("tool_use", "ok").length === 1, "it goes on", patience);
});
