// The command line of load.js; scripts/loadtest runs it.
import {parseArgs} from "node:util";
import {load, table} from "./load.js";

const usage = `usage: scripts/loadtest [--users N] [--turns N] [--agents N] [--over SECONDS]
                        [--typing MS] [--url ADDRESS]

Logs N users in over so many seconds; each says hello in a conversation of its
own and goes on with tool turns (for the demonstration model) while N agents
come due. With --typing each types so long at the first message. Makes accounts named loadtest-1, loadtest-2 and so on with
scripts/gongbang on this host, and removes them afterwards.`;

const number = (text, name) => {
	if (!/^\d{1,6}$/.test(text))
		throw new Error(`--${name} is a number\n\n${usage}`);
	return Number(text);
};

try {
	const {values} = parseArgs({options: {
		users: {type: "string", default: "100"}, turns: {type: "string", default: "0"}, agents: {type: "string", default: "0"},
		over: {type: "string", default: "60"}, typing: {type: "string", default: "0"}, url: {type: "string"}, json: {type: "boolean"}, help: {type: "boolean"}}});
	if (values.help) {
		console.log(usage);
		process.exit(0);
	}
	const [users, turns, agents, over, typing] = ["users", "turns", "agents", "over", "typing"].map((name) => number(values[name], name));
	if (!users)
		throw new Error("--users is at least 1");
	const result = await load({users, turns, agents, over, typing, tell: (text) => console.error(text)});
	if (values.json)
		console.log(JSON.stringify(result));
	else
		for (const [what, value] of table(result))
			console.log(`| ${what} | ${value} |`);
	for (const why of result.failed)
		console.error(why);
	process.exit(result.failed.length || result.lost || result.doubled || result.runs.some((s) => s !== "success") ? 1 : 0);
} catch (error) {
	console.error(error.message);
	process.exit(2);
}
