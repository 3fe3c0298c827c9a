// The behaviour of the Claude Code CLI that we rely on, row by row of
// cli_contract.json: the pinned version must show it, in a workspace, with the
// demonstration model. A row that cannot be provoked says why, and its words
// are searched for in the program instead. A name that the code reads but the
// table lacks fails, too.
import {after, before, test} from "node:test";
import assert from "node:assert/strict";
import {execFileSync, spawn} from "node:child_process";
import {readFileSync, readdirSync} from "node:fs";
import {containerOf, engineSocket, inside, newAccount, openConversation, sleep} from "../client.js";

const root = new URL("../../", import.meta.url);
const source = (path) => readFileSync(new URL(path, root), "utf8");
const table = JSON.parse(source("tests/integration/cli_contract.json"));
const docker = ["-H", "unix://" + engineSocket];
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const seen = [];	// every line that any process printed
const passed = new Set();	// flags, to processes that worked
const shown = new Set();	// variables whose effect was seen
let name;

// ---- a process of the CLI ------------------------------------------------------

const flags = ["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose", "--include-partial-messages",
	"--replay-user-messages", "--permission-prompt-tool", "stdio", "--allow-dangerously-skip-permissions"];
const variables = {CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS: "1", CLAUDE_CODE_ENABLE_TODO_TOOLS: "1", CLAUDE_CODE_ENABLE_TASKS: "0"};

class Cli {
	constructor({args = ["--permission-mode", "default"], env = variables, id = crypto.randomUUID(), as = "--session-id"} = {}) {
		Object.assign(this, {lines: [], stderr: "", id, answer: () => ({behavior: "allow"}), asked: 0});
		this.child = spawn("docker", [...docker, "exec", "-i", ...Object.entries(env).flatMap(([k, v]) => ["-e", `${k}=${v}`]), name,
			"/usr/local/bin/claude", ...flags, ...args, as, id], {stdio: "pipe"});
		[...flags, ...args, as].forEach((arg) => passed.add(arg.split("=")[0]));
		let rest = "";
		this.child.stdout.setEncoding("utf8").on("data", (some) => {
			const whole = (rest + some).split("\n");
			rest = whole.pop();
			whole.filter(Boolean).forEach((line) => this.take(JSON.parse(line)));
		});
		this.child.stderr.setEncoding("utf8").on("data", (some) => { this.stderr += some; });
		this.child.stdin.on("error", () => {});
		this.over = new Promise((resolve) => this.child.on("close", (code) => { this.code = code; resolve(code); }));
	}

	take(line) {
		this.lines.push(line);
		seen.push(line);
		const response = line.type === "control_request" && this.answer(line.request);
		if (response)
			this.send({type: "control_response", response: {subtype: "success", request_id: line.request_id, response}});
	}

	send(line) {
		this.child.stdin.write(JSON.stringify(line) + "\n");
	}

	say(content) {
		const uuid = crypto.randomUUID();
		this.send({type: "user", message: {role: "user", content}, uuid});
		return uuid;
	}

	async until(test, what, timeout = 40000) {
		for (const end = Date.now() + timeout; Date.now() < end; await sleep(50)) {
			const line = this.lines.findLast(test);
			if (line)
				return line;
			if (this.code !== undefined)
				break;
		}
		throw new Error(`not seen: ${what}; exit ${this.code} ${this.stderr}\n${this.lines.slice(-6).map((l) => JSON.stringify(l).slice(0, 400)).join("\n")}`);
	}

	ended = (uuid) => (l) => l.type === "command_lifecycle" && l.command_uuid === uuid && ["completed", "cancelled"].includes(l.state);

	async turn(content) {
		const uuid = this.say(content);
		await this.until(this.ended(uuid), "the end of " + content);
	}

	async ask(subtype, more = {}) {
		const request_id = subtype + ":" + this.asked++;
		this.send({type: "control_request", request_id, request: {subtype, ...more}});
		const {response} = await this.until((l) => l.type === "control_response" && l.response.request_id === request_id, subtype);
		return response;
	}

	end() {
		this.child.stdin.end();
		return this.over;
	}
}

// ---- the table -----------------------------------------------------------------

// "a.b[].c=d": every way along the path; whether one leads to something, or to d.
function has(value, path) {
	const [way, wanted] = path.split("=");
	const ends = way.split(".").reduce((values, step) => {
		const next = values.map((v) => v?.[step.replace("[]", "")]).filter((v) => v !== undefined && v !== null);
		return step.endsWith("[]") ? next.filter(Array.isArray).flat() : next;
	}, [value]);
	return wanted === undefined ? ends.length > 0 : ends.some((v) => String(v).includes(wanted));
}

const rowsOf = (kind) => Object.entries(table[kind]);
const words = (path) => path.split(/[.=]/).map((w) => w.replace("[]", ""));
const unprovoked = ["flags", "environment", "settings", "requests", "events"].flatMap((kind) => rowsOf(kind)
	.flatMap(([row, r]) => r.unprovoked ? [[`${kind} ${row}`, r.unprovoked, row.split("/").at(-1), r.fields]] : [])
	.concat(rowsOf(kind).flatMap(([row, r]) => Object.entries(r.fields_unprovoked || {}).map(([field, why]) => [`${kind} ${row} ${field}`, why, field, []]))));

function effect(variable, isSo) {
	assert.ok(isSo, variable);
	shown.add(variable);
}

before(async () => {
	const login = newAccount("contract");
	const page = await openConversation(login, "hello");
	await page.until((p) => p.ends >= 1, "a workspace");
	page.close();
	name = containerOf(login);
});
after(() => inside(name, "pkill -9 -x claude"));

test("flags are in --help where the table says so, and an unknown one is refused", () => {
	const help = inside(name, "claude --help");
	for (const [flag, row] of rowsOf("flags"))
		assert.equal(new RegExp(`^ {2}(-\\w, )?${flag}\\b`, "m").test(help), !row.hidden, `${flag} in --help`);
	assert.match(inside(name, "claude -p --no-such-flag x </dev/null"), /unknown option/);	// so what started below took its flags
});

test("a conversation: messages, tools, questions, plans, errors", async () => {
	const cli = new Cli({args: ["--permission-mode", "default", "--append-system-prompt=Be brief.", "--effort", "low", "--prompt-suggestions=true"]});
	await cli.ask("initialize");
	await cli.ask("list_models");
	await cli.ask("apply_flag_settings", {settings: {effortLevel: "high"}});
	for (const text of ["hello", "think", "todo", "question", "error 400", "error cut", "/compact", "/help"])
		await cli.turn(text);
	await cli.turn("write: contract.md");
	await cli.turn("write: contract.md");
	await cli.ask("get_context_usage", {detail: "summary"});
	await cli.ask("side_question", {question: "hello"});
	// It answers with nothing until its index is made.
	for (let tries = 0; tries < 40 && !has(await cli.ask("file_suggestions", {query: "contract"}), "response.suggestions[].path"); tries++)
		await sleep(250);
	await cli.turn([{type: "text", text: "hello"}, {type: "image", source: {type: "base64", media_type: "image/png", data: pixel}}]);
	await cli.turn("agent");
	cli.answer = () => ({behavior: "deny", message: "no"});
	await cli.turn("write: denied.md");
	assert.equal((await cli.ask("set_permission_mode", {mode: "plan"})).response.mode, "plan");
	cli.answer = () => ({behavior: "allow"});
	await cli.turn("plan");
	assert.ok(has(await cli.ask("set_model", {model: "sonnet"}), "response.model"));
	assert.equal((await cli.ask("set_model", {model: ""})).subtype, "error");
	assert.equal((await cli.ask("no_such_request")).subtype, "error");
	assert.equal(await (cli.ask("end_session"), cli.over), 0);
});

test("what is stopped, withdrawn, taken back", async () => {
	const cli = new Cli();
	const slow = cli.say("slow 30");
	await cli.until((l) => l.event?.type === "content_block_delta", "words");
	const [first, second] = [cli.say("hello"), cli.say("hello")];
	await cli.until((l) => l.command_uuid === second && l.state === "queued", "it waits");
	assert.equal((await cli.ask("cancel_async_message", {message_uuid: first})).response.cancelled, true);
	assert.deepEqual((await cli.ask("interrupt", {cancel_queued: true})).response.cancelled, [second]);
	await cli.until(cli.ended(slow), "its end");
	cli.answer = () => null;
	const waits = cli.say("write: never.md");
	await cli.until((l) => l.request?.subtype === "can_use_tool", "it asks");
	await cli.ask("interrupt", {cancel_queued: true});
	await cli.until(cli.ended(waits), "its end");
	cli.answer = () => ({behavior: "allow"});
	await cli.turn("write: /workspace");	// no file
	await cli.turn("/clear");
	await cli.end();
});

test("resuming, and what is refused", async () => {
	const cli = new Cli();
	await cli.turn("hello");
	await cli.end();
	const again = new Cli({id: cli.id});
	await again.over;
	assert.match(again.stderr, /is already in use/);
	const none = new Cli({as: "--resume"});
	await none.over;
	assert.match(none.stderr, /No conversation found/);
	const other = new Cli({id: cli.id, as: "--resume"});
	await other.turn("hello");
	await other.end();
});

test("an unattended run: its rules hold", async () => {
	const cli = new Cli({args: ["--permission-mode", "default", "--max-turns=1", "--setting-sources=", "--add-dir=/workspace",
		"--strict-mcp-config", "--settings={\"permissions\":{\"ask\":[\"Bash\"]}}", "--allowedTools=Read",
		"--disallowedTools=SendMessage,ListAgents", "--model", "opus"], env: {...variables, CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1"}});
	await cli.turn("run: echo asked");
	const init = cli.lines.find((l) => l.subtype === "init");
	assert.ok(cli.lines.some((l) => l.request?.tool_name === "Bash"), "a tool that --settings lists is asked for");
	assert.ok(cli.lines.some((l) => l.subtype === "error_max_turns"), "--max-turns");
	assert.match(init.model, /opus/);
	assert.deepEqual(init.tools.filter((t) => ["SendMessage", "ListAgents"].includes(t)), [], "--disallowedTools");
	await cli.end();
	const free = new Cli({args: ["--permission-mode", "bypassPermissions"], env: {...variables, CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1"}});
	await free.turn("run: bash -c 'kill -9 $$'");
	assert.ok(!free.lines.some((l) => l.type === "control_request"), "--permission-mode bypassPermissions");
	await free.end();
});

test("a form of an MCP server waits for its answer, which is echoed", async () => {
	const script = Buffer.from(source("tests/browser/shop.py")).toString("base64");
	inside(name, `echo ${script} | base64 -d >/workspace/shop.py; claude mcp add --scope user shop -- python3 /workspace/shop.py`);
	const cli = new Cli({args: ["--permission-mode", "bypassPermissions"]});
	for (const answer of [{action: "accept", content: {size: "small", count: 2}}, {action: "decline"}]) {
		cli.answer = ({subtype}) => subtype === "elicitation" ? answer : {behavior: "allow"};
		await cli.turn("tool: mcp__shop__order");
		await cli.until((l) => l.type === "control_response" && l.response.response?.action === answer.action, "its echo");
	}
	await cli.end();
	inside(name, "claude mcp remove --scope user shop");
});

test("an agent goes to the background unless a variable keeps it", async () => {
	for (const kept of [false, true]) {
		const cli = new Cli({args: ["--permission-mode", "default", "--settings={\"permissions\":{\"ask\":[\"Agent\"]}}"],
			env: {...variables, ...kept ? {CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1"} : {}}});
		cli.answer = ({tool_name, input}) => ({behavior: "allow", updatedInput: tool_name === "Agent" ? {...input, run_in_background: true} : input});
		await cli.turn("agent");
		await cli.until((l) => l.subtype === "task_notification", "the agent's end");
		effect("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", cli.lines.some((l) => l.subtype === "background_tasks_changed" && l.tasks.length) === !kept);
		assert.ok(kept || cli.lines.some((l) => l.parent_tool_use_id), "the agent's own lines");
		await cli.end();
	}
});

test("variables have the effect that they are set for", async () => {
	const hook = JSON.stringify({hooks: {UserPromptSubmit: [{hooks: [{type: "command", command: "echo no >&2; exit 2"}]}]}});
	const without = new Cli({args: ["--permission-mode", "bypassPermissions", "--safe-mode"], env: {}});
	await without.turn("hello");
	const init = without.lines.find((l) => l.subtype === "init");
	effect("CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS", !without.lines.some((l) => l.subtype === "session_state_changed"));
	effect("ANTHROPIC_BASE_URL", without.lines.some((l) => l.message?.model === "gongbang-demo-model"));
	await without.end();
	const cli = new Cli({args: ["--permission-mode", "bypassPermissions", "--disallowedTools=CronCreate", "--settings=" + hook],
		env: {...variables, ANTHROPIC_MODEL: "haiku"}});
	await cli.turn("hello");
	const own = cli.lines.find((l) => l.subtype === "init");
	effect("CLAUDE_CODE_ENABLE_TODO_TOOLS", own.tools.includes("TodoWrite") && !init.tools.includes("TodoWrite"));
	effect("ANTHROPIC_MODEL", own.model.includes("haiku"));
	assert.ok(!own.tools.includes("CronCreate") && init.tools.includes("CronCreate"), "--disallowedTools");
	await cli.end();
	const stranger = new Cli({env: {...variables, ANTHROPIC_AUTH_TOKEN: "none", ANTHROPIC_MODEL: ""}});
	await stranger.turn("hello");
	effect("ANTHROPIC_AUTH_TOKEN", stranger.lines.some((l) => l.type === "result" && l.api_error_status === 401));
	await stranger.end();
	const prefixed = new Cli({args: ["--permission-mode", "bypassPermissions"], env: {...variables, CLAUDE_CODE_SHELL_PREFIX: "/bin/echo"}});
	await prefixed.turn("run: exit 7");
	effect("CLAUDE_CODE_SHELL_PREFIX", prefixed.lines.some((l) => l.tool_use_result?.stdout?.includes("exit 7")));
	await prefixed.end();
});

test("each flag was passed, each variable has its effect, each event seen with the fields that we read", () => {
	const missing = Object.keys(table.flags).filter((flag) => !passed.has(flag))
		.concat(rowsOf("environment").filter(([variable, r]) => !r.unprovoked && !shown.has(variable)).map(([variable]) => variable));
	for (const kind of ["events", "requests"]) {
		for (const [row, r] of rowsOf(kind).filter(([, r]) => !r.unprovoked)) {
			const [type, subtype] = kind === "events" ? row.split("/") : ["control_response"];
			const lines = seen.filter((l) => l.type === type && (kind === "requests" ? l.response.request_id?.startsWith(row + ":") :
				!subtype || (l.subtype || l.request?.subtype || l.event?.type) === subtype));
			if (!lines.length)
				missing.push(`${kind} ${row}`);
			missing.push(...r.fields.filter((field) => !lines.some((l) => has(l, field))).map((field) => `${kind} ${row} ${field}`));
		}
	}
	assert.deepEqual(missing, []);
});

test("what cannot be provoked is at least in the program, and says why", (t) => {
	const program = execFileSync("docker", [...docker, "cp", name + ":/usr/local/bin/claude", "-"], {maxBuffer: 1 << 30});
	assert.ok(!program.includes("no_such_word_" + "of_the_cli"));
	for (const [row, why, word, fields] of unprovoked) {
		assert.ok(why.length > 10, row + " says no reason");
		for (const w of new Set([word, ...(fields || [])].flatMap(words)))
			assert.ok(program.includes(w), `${row}: "${w}" is not in the program`);
	}
	t.diagnostic(`${unprovoked.length} rows by their presence only`);
});

// ---- the code ------------------------------------------------------------------

const decoders = () => readdirSync(new URL("lib/transcript/", root)).filter((f) => /^decoder.*\.c$/.test(f)).map((f) => source("lib/transcript/" + f)).join("\n");
const literals = (text, pattern) => [...new Set([...text.matchAll(pattern)].map((m) => m[1]))];
const named = () => new Set(["events", "requests"].flatMap((kind) => rowsOf(kind).flatMap(([row, r]) =>
	[...row.split("/"), ...[...r.fields, ...Object.keys(r.fields_unprovoked || {}), ...(r.sent || [])].flatMap(words)])).concat(table.words, table.ours));

test("what the decoder reads has a row", () => {
	const text = decoders(), known = named();
	const read = [...literals(text, /^\t\{ "(\w+)", \w+(?:, \w+)? \},$/gm),
		...literals(text, /\b(?:field_\w+|count|word)\((?!l->|clean|step|option|holder|to\b|one\b)(?:[^()"]|\([^()]*\))*, *\s*"(\w+)"/g),
		...literals(text, /\bfield_\w+\((?:line|response|request|message|block|delta|event|inner|result|meta)\b, *"(\w+)"/g),
		...literals(text, /\bput_(?:text|copy)\([^,]+, "\w+", [^,"]+, "(\w+)"/g),
		...literals(text, /\bfield_is\((?!l->|step)(?:[^()"]|\([^()]*\))*, *\s*"\w+", *\s*"([^"]+)"/g),
		...literals(text, /\bstr_equal\((?:type|subtype|state|now|name|why|tool), "([^"]+)"/g),
		...literals(text, /\b(?:strstr|str_starts|tagged)\([^,]+,\s*"([^"]+)"/g)];
	assert.ok(read.length > 80, "the patterns find what is read: " + read.length);
	assert.deepEqual(read.filter((word) => !known.has(word)), []);
});

test("what we send, set and pass has a row", () => {
	const start = source("lib/session/claude_args.c"), known = named(), image = source("conf/workspace/Dockerfile");
	const sent = readdirSync(new URL("lib/session/", root)).filter((f) => f.endsWith(".c")).map((f) => source("lib/session/" + f)).join("\n");
	const given = literals(start, /"(?:arg=)?(--[a-z][A-Za-z-]+)/g).filter((f) => f !== "--aside");
	const tools = literals(start, /--disallowedTools=((?:\w|,|"\s*")+)/g).flatMap((list) => list.replace(/"\s*"/g, "").split(","));
	const set = [...literals(start, /"(?:env=)?([A-Z][A-Z_]{3,})=/g), ...literals(source("lib/workspace/spec.c"), /"([A-Z][A-Z_]{3,})(?:=%s)?"[,}]/g),
		...literals(image.slice(image.indexOf("WORKDIR")), /^(?:ENV |\t)([A-Z][A-Z_]+)=/gm)];
	const asked = [...literals(sent, /\b(?:stdin_json_control|control)\([^,]+,\s*"(\w+)"/g), ...literals(source("cgi-bin/cli/doctor/doctor_prices.c"), /\\"subtype\\":\\"(\w+)/g)];
	assert.ok(asked.includes("list_models"));
	const put = literals(source("lib/session/stdin_json.c"), /\b(?:field_put_string|field_put_flag|json_object_object_add)\(\*?\w+, "(\w+)"/g);
	assert.ok(given.length > 12 && set.length > 12 && asked.length > 4 && put.length > 12 && tools.length > 6, JSON.stringify([given, set, asked, put, tools]));
	assert.deepEqual(given.filter((flag) => !table.flags[flag]), []);
	assert.deepEqual(tools.filter((tool) => !table.words.includes(tool)), []);
	assert.deepEqual(set.filter((v) => !table.environment[v] && !table.other_programs.includes(v)), []);
	assert.deepEqual(asked.filter((subtype) => !table.requests[subtype]), []);
	assert.deepEqual(put.filter((word) => !known.has(word)), []);
	assert.deepEqual(Object.keys(JSON.parse(source("conf/workspace/etc/claude-code/managed-settings.json"))).filter((key) => !table.settings[key]), []);
});
