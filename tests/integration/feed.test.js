// The calendar's secret URL through the real nginx: it opens the calendar, and
// no log contains it.
import {test} from "node:test";
import assert from "node:assert/strict";
import {readFileSync, readdirSync, statSync} from "node:fs";
import net from "node:net";
import {join} from "node:path";
import {call, field, logIn, newAccount, port, state} from "../client.js";

const files = (folder) => readdirSync(folder).flatMap((name) => {
	const path = join(folder, name);
	return statSync(path).isDirectory() ? files(path) : [path];
});

test("a calendar is read by its address alone, until that is taken away", async () => {
	const {cookie} = await logIn(newAccount("feed"));
	const csrf = field((await call("GET", "/account", {cookie})).text, "csrf");
	const made = await call("POST", "/account/feed", {cookie, form: {csrf}});
	assert.equal(made.status, 200);
	const [, secret] = made.text.match(/\/calendar\/([0-9a-f]{64})\.ics"/);
	const path = `/calendar/${secret}.ics`;
	const feed = await call("GET", path);
	assert.equal(feed.status, 200);
	assert.match(feed.headers["content-type"], /^text\/calendar/);
	assert.match(feed.text, /^BEGIN:VCALENDAR\r\n[^]*\r\nEND:VCALENDAR\r\n$/);
	assert.equal((await call("POST", path, {form: {}})).status, 405);
	// nginx itself refuses this one, and says so with the address.
	const large = await new Promise((resolve) => {
		const socket = net.connect(port, "127.0.0.1", () => socket.write(`POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 99999999\r\n\r\n`));
		socket.once("data", (bytes) => { socket.destroy(); resolve(String(bytes)); });
	});
	assert.match(large, /^HTTP\/1.1 413 /);
	assert.equal((await call("POST", "/account/feed/revoke", {cookie, form: {csrf}})).status, 303);
	assert.equal((await call("GET", path)).status, 404);
	for (const file of files(join(state, "log")))
		assert.ok(!readFileSync(file).includes(secret), file);
});
