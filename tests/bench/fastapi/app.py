"""The table of /agents as one would write it with FastAPI and Jinja2: same store, same rows and columns.

AGENTS_DB: the store, AGENTS_USER: the login whose agents are shown. No login is asked for.
"""
import os
import sqlite3
import threading
import time
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader

DAY = 86400000
CLASSES = {"success": "ok", "failed": "bad", "timeout": "bad", "queued": "open", "running": "open"}
CHOSEN = """(SELECT a.id FROM agents a JOIN users u ON u.id = a.user_id
 WHERE u.login = ? AND a.deleted_at = 0
 ORDER BY CASE WHEN a.failures > 0 OR a.paused_why = 'failures' THEN 0 ELSE 1 END, a.name, a.id LIMIT 50) chosen"""

app = FastAPI()
template = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True).get_template("agents.html")
local = threading.local()


def rows(sql, *args):
    if not hasattr(local, "db"):
        local.db = sqlite3.connect(f"file:{os.environ['AGENTS_DB']}?mode=ro", uri=True)
    return local.db.execute(sql, args).fetchall()


def ago(ms):
    for unit, size in (("days", DAY), ("hours", 3600000), ("minutes", 60000)):
        if abs(ms) >= size:
            return f"{abs(ms) // size} {unit}"
    return "1 minute"


def exact(ms):
    return time.strftime("%a %d %b %Y, %H:%M UTC", time.gmtime(ms / 1000))


def load(now):
    login = os.environ["AGENTS_USER"]
    agents = {r[0]: dict(id=r[0], name=r[1], status=r[2], why=r[3], next=r[4], runs=[], tokens=0) for r in rows(
        f"SELECT a.id, a.name, a.status, a.paused_why, a.next_run_at FROM {CHOSEN} JOIN agents a ON a.id = chosen.id", login)}
    for agent, run, status, reason, at in rows(
            f"""SELECT x.agent_id, x.id, CASE WHEN x.status = 'success' AND x.problems <> '' THEN 'problems' ELSE x.status END,
            x.reason, coalesce(nullif(x.ended_at, 0), nullif(x.started_at, 0), x.queued_at)
            FROM {CHOSEN} JOIN executions x ON x.agent_id = chosen.id AND x.planned_at >= coalesce((SELECT y.planned_at
            FROM executions y WHERE y.agent_id = chosen.id ORDER BY y.planned_at DESC LIMIT 1 OFFSET 19), 0)
            ORDER BY x.agent_id, x.planned_at DESC, x.id DESC""", login):
        agents[agent]["runs"].append(dict(id=run, status=status, reason=reason, state=CLASSES.get(status, status),
                                          ago=ago(now - at), exact=exact(at)))
    for agent, tokens in rows(
            f"""SELECT u.agent_id, sum(u.input + u.output + u.cache_write_5m + u.cache_write_1h + u.cache_read)
            FROM {CHOSEN} JOIN agent_usage u ON u.agent_id = chosen.id AND u.day >= ? GROUP BY u.agent_id""",
            login, now - now % DAY - 29 * DAY):
        agents[agent]["tokens"] = tokens
    for a in agents.values():
        a["next_words"], a["next_exact"] = ago(a["next"] - now), exact(a["next"])
        a["good"] = sum(r["status"] == "success" for r in a["runs"])
    return list(agents.values())


@app.get("/agents", response_class=HTMLResponse)
def agents():
    return template.render(agents=load(int(time.time() * 1000)))
