"""An MCP server (stdio) whose tool asks the person for what it needs."""
import json
import sys

FORM = {
    "type": "object",
    "properties": {
        "size": {"type": "string", "enum": ["small", "large"], "enumNames": ["Small", "Large"], "title": "Size"},
        "count": {"type": "integer", "title": "How many", "description": "At least one"},
        "note": {"type": "string", "title": "A note"},
        "gift": {"type": "boolean", "title": "As a gift"},
        "weight": {"type": "number"},
        "colour": {"type": "string", "oneOf": [{"const": "r", "title": "Red"}, {"const": "g", "title": "Green"}]},
        "tags": {"type": "array", "items": {"anyOf": [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]}},
    },
    "required": ["size", "count"],
}
LONG = {"type": "object", "properties": {f"field{n}": {"type": "string"} for n in range(21)}}
TOOLS = [{"name": name, "description": name, "inputSchema": {"type": "object", "properties": {}}} for name in ("order", "ship")]


def say(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


asked = None
for line in sys.stdin:
    message = json.loads(line)
    method = message.get("method")
    if method == "initialize":
        say({"id": message["id"], "result": {"protocolVersion": message["params"]["protocolVersion"],
                                             "capabilities": {"tools": {}}, "serverInfo": {"name": "shop", "version": "1"}}})
    elif method == "tools/list":
        say({"id": message["id"], "result": {"tools": TOOLS}})
    elif method == "tools/call":
        asked = message["id"]
        schema = FORM if message["params"]["name"] == "order" else LONG
        say({"id": "form", "method": "elicitation/create", "params": {"message": "What shall it be?", "requestedSchema": schema}})
    elif message.get("id") == "form":
        text = json.dumps(message.get("result", message.get("error")), sort_keys=True)
        say({"id": asked, "result": {"content": [{"type": "text", "text": text}]}})
    elif "id" in message and method:
        say({"id": message["id"], "error": {"code": -32601, "message": "no such method"}})
