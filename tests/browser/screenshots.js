// Fills an installation in demo mode with sample content and takes pictures of
// the main views: scripts/screenshots runs it with the folder to write to.
import {execFileSync} from "node:child_process";
import {randomUUID} from "node:crypto";
import {join} from "node:path";
import {address, gongbang, openPage, password, ready, startBrowser} from "./gongbang.js";
import {begin, call, field, logIn, Page, sleep, state, userId} from "../client.js";

const folder = process.argv[2];
const DAY = 86400000, PATIENCE = 300000;	// ms
const sql = (text) => execFileSync("sqlite3", ["-cmd", ".timeout 5000", join(state, "data/gongbang.db")], {input: text, encoding: "utf8"});
const quote = (text) => "'" + text.replaceAll("'", "''") + "'";

// What each language's person has: a first message, then what is answered "allow", then what waits.
const people = [
	{
		language: "en", locale: "en-US", login: "ann", name: "Ann Baker", title: "Weekly prices",
		hello: "What can you do here?",
		allow: "run: python3 -c \"import csv, random; print('week,price'); [print(f'{w},{100 + w * 3}') for w in range(40, 49)]\"",
		wait: "run: python3 draw.py --weeks 8 --output prices.png",
		other: ["Translate the handbook", "Compare two suppliers"],
		agents: [
			["Daily sales report", "write: report-{{date}}.md", {frequency: "daily", time: "08:00"}],
			["Weekly stock prices", "markdown: Fetch the week's prices up to {{date}} and compare them with last week's.", {frequency: "weekly", time: "07:30", days: "mo"}],
			["Backup check", "run: ls /backup", {frequency: "daily", time: "02:00"}],
			["Competitor watch", "error 400", {frequency: "hourly", time: "00:15"}],
			["Invoice reminder", "write: invoices.md", {frequency: "monthly", time: "09:00", days: "1"}],
			["Meeting notes", "write: notes.md", {frequency: "none"}],
		],
	},
	{
		language: "ko", locale: "ko-KR", login: "minji", name: "김민지", title: "주간 가격 정리",
		hello: "여기서 무엇을 할 수 있어?",
		allow: "실행: python3 -c \"print('주,가격'); [print(f'{w},{100 + w * 3}') for w in range(40, 49)]\"",
		wait: "실행: python3 draw.py --weeks 8 --output prices.png",
		other: ["안내서 번역", "공급업체 두 곳 비교"],
		agents: [
			["일일 매출 보고", "쓰기: report-{{date}}.md", {frequency: "daily", time: "08:00"}],
			["주간 주가", "마크다운: {{date}}까지의 이번 주 가격을 가져와 지난주와 비교해 줘.", {frequency: "weekly", time: "07:30", days: "mo"}],
			["백업 확인", "실행: ls /backup", {frequency: "daily", time: "02:00"}],
			["경쟁사 동향", "오류 400", {frequency: "hourly", time: "00:15"}],
			["청구서 알림", "쓰기: invoices.md", {frequency: "monthly", time: "09:00", days: "1"}],
			["회의록", "쓰기: notes.md", {frequency: "none"}],
		],
	},
];

// The views: a path, and what must be there before the picture is taken.
const views = {
	login: {path: () => "/login", open: true},
	workspace: {path: () => "/workspace", until: ready},
	conversation: {path: (p) => "/workspace/" + p.conversation, until: (page) => page.locator("[data-part=permission][data-state=waiting]").first().waitFor({timeout: PATIENCE})},
	agents: {path: () => "/agents"},
	agent: {path: (p) => "/agents/" + p.made[1]},
	"agent-form": {path: () => "/agents/new"},
	runs: {path: () => "/executions"},
	run: {path: (p) => "/executions/" + p.run},
	files: {path: () => "/files"},
	file: {path: () => "/files/CLAUDE.md"},
	usage: {path: () => "/usage?month=" + new Date(Date.now() - 7 * DAY).toISOString().slice(0, 7)},
	admin: {path: () => "/admin"},
};

function addAccount(p) {
	for (let i = 1; ; i++) {
		try {
			gongbang(["user", "add", p.login, "--role", "admin"], password + "\n");
			break;
		} catch (error) {
			if (i === 9)
				throw error;
			p.login = p.login.replace(/\d*$/, i);	// somebody has that name
		}
	}
	p.id = userId(p.login);
	sql(`UPDATE users SET display_name = ${quote(p.name)}, locale = '${p.language}', timezone = 'Asia/Seoul' WHERE id = '${p.id}';`);
}

// POST with the token of a form in that page.
async function post(p, path, form, page = "/workspace") {
	const {text} = await call("GET", page, {cookie: p.cookie});
	const answer = await call("POST", path, {cookie: p.cookie, form: {csrf: field(text, "csrf"), ...form}});
	if (answer.status !== 303)
		throw new Error(path + ": " + answer.status);
}

async function converse(p) {
	for (const title of p.other) {
		p.earlier = await begin(p.cookie, p.hello);
		const page = new Page("/ws/conversations/" + p.earlier, p.cookie);
		await page.until((q) => q.ends === 1, "the first reply", PATIENCE);
		await post(p, page.path.replace("/ws", "") + "/rename", {title});
		page.close();
	}
	p.conversation = await begin(p.cookie, p.hello);
	const page = new Page("/ws/conversations/" + p.conversation, p.cookie);
	await page.until((q) => q.ends === 1, "the first reply", PATIENCE);
	page.say(p.allow);
	await page.until((q) => q.kinds("permission", "waiting").length, "the permission", PATIENCE);
	page.answer("permission", "allow");
	await page.until((q) => q.ends === 2, "the second reply", PATIENCE);
	page.say(p.wait);
	await page.until((q) => q.kinds("permission", "waiting").length, "the permission that waits", PATIENCE);
	await post(p, `/conversations/${p.conversation}/rename`, {title: p.title});
	page.close();
}

// Two weeks of use and runs, as the store keeps them; forget() takes them out again.
function remember(p) {
	const today = Math.floor(Date.now() / DAY) * DAY, calls = [], runs = [];
	for (let day = 1; day <= 14; day++) {
		const at = today - day * DAY + 8 * 3600000, weight = 1 + (day * 7) % 5;
		for (const model of ["claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001"])
			calls.push(`('${randomUUID()}', '${p.id}', 'conversation', '${p.earlier}', '${model}', ${weight * 9000}, ${weight * 2100}, 0, 0, ${weight * 61000}, 'complete', 200, ${at}, ${at + 5})`);
		p.made.slice(0, 3).forEach((agent, i) => {
			const status = i === 2 && day % 4 === 1 ? "failed" : "success";
			runs.push(`('${randomUUID()}', '${agent}', '${p.id}', 1, 'schedule', '${status}', '${status === "failed" ? "needs_input" : ""}', '', ${at}, ${at}, ${at}, ${at + 400}, ${at + 41000 + i * 9000}, 1, '', '', '')`);
		});
	}
	const classes = "sum(input), sum(output), sum(cache_write_5m), sum(cache_write_1h), sum(cache_read), count(*), sum(outcome = 'unmetered')";
	sql(`BEGIN IMMEDIATE;
		INSERT INTO usage (id, user_id, kind, subject_id, model, input, output, cache_write_5m, cache_write_1h, cache_read, outcome, status, at, ended_at) VALUES ${calls};
		INSERT OR REPLACE INTO usage_quarters SELECT user_id, at - at % 900000, model, ${classes} FROM usage WHERE user_id = '${p.id}' GROUP BY 1, 2, 3;
		INSERT OR REPLACE INTO usage_days SELECT user_id, at - at % ${DAY}, kind, subject_id, model, ${classes} FROM usage WHERE user_id = '${p.id}' GROUP BY 1, 2, 3, 4, 5;
		INSERT INTO executions (id, agent_id, user_id, version, trigger_kind, status, reason, detail, planned_at, not_before, queued_at, started_at, ended_at, attempt, prompt, payload, result) VALUES ${runs};
		INSERT INTO agent_outcomes (agent_id, day, succeeded, failed) SELECT agent_id, ended_at - ended_at % ${DAY}, sum(status = 'success'), sum(status = 'failed')
			FROM executions WHERE user_id = '${p.id}' AND ended_at < ${today} AND ended_at > 0 GROUP BY 1, 2 ON CONFLICT DO NOTHING;
		COMMIT;`);
}

const forget = (p) => sql(`BEGIN IMMEDIATE; ${["usage", "usage_quarters", "usage_days"].map((t) => `DELETE FROM ${t} WHERE user_id = '${p.id}';`).join(" ")} COMMIT;`);

const open = (p) => Number(sql(`SELECT count(*) FROM executions WHERE user_id = '${p.id}' AND status IN ('queued', 'running');`));

async function automate(p) {
	for (const [name, prompt, schedule] of p.agents)
		gongbang(["agent", "import", "--user", p.login, "--file", "-"], JSON.stringify({gongbang_agent: 1, name, prompt,
			schedule: {...schedule, timezone: "Asia/Seoul"}, retries: 0, failures_max: 0}));
	p.made = p.agents.map(([name]) => sql(`SELECT id FROM agents WHERE user_id = '${p.id}' AND name = ${quote(name)};`).trim());
	for (const [i, id] of p.made.entries()) {
		if (i < 5)
			await post(p, `/agents/${id}/resume`, {}, "/agents/" + id);
		if (i < 4)
			await post(p, `/agents/${id}/run`, {}, "/agents/" + id);
	}
	for (let i = 0; i < 2 * PATIENCE / 1000 && open(p); i++)
		await sleep(500);
	p.run = sql(`SELECT id FROM executions WHERE agent_id = '${p.made[1]}' ORDER BY queued_at DESC LIMIT 1;`).trim();
}

async function fill(p) {
	addAccount(p);
	p.cookie = (await logIn(p.login)).cookie;
	await converse(p);
	await automate(p);
	remember(p);
}

async function picture(browser, p, name, colorScheme, width) {
	const view = views[name], height = width === 360 ? 740 : 900;
	const page = await openPage(browser, {locale: p.locale, timezoneId: "Asia/Seoul", colorScheme, viewport: {width, height}});
	if (!view.open) {
		const [cookie, value] = p.cookie.split("=");
		await page.context().addCookies([{name: cookie, value, url: address}]);
	}
	await page.goto(address + view.path(p));
	await view.until?.(page);
	await page.waitForTimeout(300);
	await page.screenshot({path: join(folder, `${name}-${p.language}-${colorScheme}-${width}.png`)});
	if (page.problems.length)
		console.error(`${name} ${p.language} ${colorScheme} ${width}: ${page.problems.join("; ")}`);
	await page.context().close();
}

const chosen = process.env.VIEWS ? process.env.VIEWS.split(" ") : Object.keys(views);
const browser = await startBrowser();
try {
	await Promise.all(people.map(fill));
	for (const p of people)
		for (const name of chosen)
			for (const colorScheme of ["light", "dark"])
				for (const width of [360, 1440])
					await picture(browser, p, name, colorScheme, width);
	console.log(`${people.length * chosen.length * 4} pictures in ${folder}`);
} finally {
	await browser.close();
	for (const p of people.filter((q) => q.id)) {
		forget(p);
		gongbang(["user", "remove", p.login, "--yes"]);
	}
}
