"""A model that exists on the loopback interface only: OpenAI's chat completions, by rote.

Asked something, it proposes to call the one tool that it is offered, with the id it finds in the last
thing that was said. Told what the tool gave, it says that it is done.
"""

import hashlib
import json
import re
import time
from http.server import BaseHTTPRequestHandler

import serving

NAME = "rote-1"
# The ids of volumes and snapshots, which are all that anybody here speaks about.
RESOURCE = re.compile(r"(?:vol|snap)-[0-9a-f]{17}")


def answer(messages, tools):
    """The choice that a model makes after these messages: a message, and why it ended."""
    last = messages[-1]
    if last["role"] == "tool":
        return {"role": "assistant", "content": "Done."}, "stop"
    said = last["content"] if isinstance(last["content"], str) else json.dumps(last["content"])
    tool = tools[0]["function"]
    [parameter] = tool["parameters"]["properties"]
    call = {
        # As long and as opaque as those of real models, and the same in each run.
        "id": "call_" + hashlib.sha256(said.encode()).hexdigest()[:24],
        "type": "function",
        "function": {
            "name": tool["name"],
            "arguments": json.dumps({parameter: RESOURCE.search(said).group()}),
        },
    }
    return {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"


def serve():
    """Serves the model; the base address of its API."""
    return serving.serve(_Handler) + "/v1"


class _Handler(serving.Handler, BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.body())
        message, reason = answer(request["messages"], request.get("tools", []))
        text = json.dumps(message)
        self.reply(
            {
                "id": "chatcmpl-" + hashlib.sha256(text.encode()).hexdigest()[:24],
                "object": "chat.completion",
                "created": int(time.time()),
                "model": NAME,
                "choices": [{"index": 0, "message": message, "finish_reason": reason}],
                "usage": {"prompt_tokens": 40, "completion_tokens": 10, "total_tokens": 50},
            }
        )
