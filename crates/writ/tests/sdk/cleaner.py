"""An agent without a framework, in a service of its own: plain OpenTelemetry and the GenAI conventions.

It is handed work over HTTP. The caller's trace context comes along; who asked does not. What the
conventions call structured (messages, arguments) is given as structure, which the SDK can carry.
"""

import json
from http.server import BaseHTTPRequestHandler
from urllib.request import Request, urlopen

from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

import model
import serving

AGENT = "snapshot-cleaner"
TOOL = {
    "type": "function",
    "function": {
        "name": "delete_snapshot",
        "description": "Deletes a snapshot.",
        "parameters": {"type": "object", "properties": {"snapshot_id": {"type": "string"}}},
    },
}


def serve(tracer, models, cloud, key):
    """Serves the agent; its address."""
    attributes = {"tracer": tracer, "models": models, "cloud": cloud, "key": key}
    return serving.serve(type("Handler", (_Handler,), attributes))


class _Handler(serving.Handler, BaseHTTPRequestHandler):
    def do_POST(self):
        told = json.loads(self.body())
        # Names of headers have no case, and the propagator asks for them in lower case.
        headers = {name.lower(): value for name, value in self.headers.items()}
        context = TraceContextTextMapPropagator().extract(headers)
        attributes = {"http.request.method": "POST", "http.route": "/tasks", "url.path": self.path}
        with self.tracer.start_as_current_span(
            "POST /tasks", context=context, kind=SpanKind.SERVER, attributes=attributes
        ) as span:
            said = self._invoke(told["task"])
            span.set_attribute("http.response.status_code", 200)
        self.reply({"said": said})

    def _invoke(self, task):
        attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.provider.name": "openai",
            "gen_ai.agent.name": AGENT,
        }
        with self.tracer.start_as_current_span(f"invoke_agent {AGENT}", attributes=attributes):
            messages = [{"role": "user", "content": task}]
            said = self._chat(messages)
            while said.get("tool_calls"):
                messages.append(said)
                for call in said["tool_calls"]:
                    result = self._execute(call)
                    messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
                said = self._chat(messages)
            return said["content"]

    def _chat(self, messages):
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": model.NAME,
            "gen_ai.agent.name": AGENT,
        }
        with self.tracer.start_as_current_span(
            f"chat {model.NAME}", kind=SpanKind.CLIENT, attributes=attributes
        ) as span:
            body = json.dumps({"model": model.NAME, "messages": messages, "tools": [TOOL]}).encode()
            request = Request(self.models + "/chat/completions", body)
            with urlopen(request, timeout=serving.SECONDS) as answer:
                completion = json.load(answer)
            choice = completion["choices"][0]
            said = choice["message"]
            span.set_attribute("gen_ai.response.id", completion["id"])
            span.set_attribute("gen_ai.response.model", completion["model"])
            span.set_attribute("gen_ai.response.finish_reasons", [choice["finish_reason"]])
            span.set_attribute("gen_ai.output.messages", [{"role": "assistant", "parts": _parts(said)}])
            return said

    def _execute(self, call):
        arguments = json.loads(call["function"]["arguments"])
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.agent.name": AGENT,
            "gen_ai.tool.name": call["function"]["name"],
            "gen_ai.tool.type": "function",
            "gen_ai.tool.call.id": call["id"],
            "gen_ai.tool.call.arguments": arguments,
        }
        with self.tracer.start_as_current_span("execute_tool delete_snapshot", attributes=attributes) as span:
            _, request = self.cloud.call(self.key, "DeleteSnapshot", SnapshotId=arguments["snapshot_id"])
            span.set_attribute("aws.request_id", request)
            span.set_attribute("gen_ai.tool.call.result", {"deleted": True})
            return "deleted"


def _parts(said):
    calls = [
        {
            "type": "tool_call",
            "id": call["id"],
            "name": call["function"]["name"],
            "arguments": json.loads(call["function"]["arguments"]),
        }
        for call in said.get("tool_calls") or []
    ]
    return calls or [{"type": "text", "content": said["content"]}]
