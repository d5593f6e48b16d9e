"""Runs agents against a model and a cloud on this machine, and writes what both sides recorded.

    python agent.py FOLDER

An agent of a framework deletes a volume for Mira and another for Lena, at the same moment, and hands
a snapshot of Omar's over to a second agent. In the folder are then
    spans.pb          every span as one OTLP export request, protobuf
    spans.jsonl       the same spans as OTLP/JSON lines, by the SDK's file exporter
    cloudtrail.jsonl  what the cloud recorded
    told.json         which event and call belong to whom: what the test compares answers with
"""

import os

# What the machine is set up to do with telemetry or proxies is not what is tested.
for name in [name for name in os.environ if name.startswith("OTEL_") or name.lower().endswith("_proxy")]:
    del os.environ[name]

import asyncio
import json
import sys
import threading
from pathlib import Path
from urllib.request import Request, urlopen

from opentelemetry import baggage, context
from opentelemetry.exporter.otlp.json.file.trace_exporter import FileSpanExporter
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.processor.baggage import BaggageSpanProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from pydantic_ai import Agent
from pydantic_ai.capabilities import Instrumentation
from pydantic_ai.models.instrumented import InstrumentationSettings
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.usage import UsageLimits

import cleaner
import cloud as clouds
import model
import serving

# The whole program takes a second or two; one that hangs must not hang the tests.
SECONDS_MAX = 60
# A model by rote needs two; more means that it goes round in circles.
REQUESTS_MAX = 4

PEOPLE = {
    "mira": "Delete the unused volume vol-0a11ce0000000001a.",
    "lena": "Please get rid of vol-0b0b000000000002b, nobody mounts it.",
    "omar": "Have snapshot snap-0c0ffee000000003c cleaned up.",
}


class Telemetry:
    """Tracers of several services that all export the same way, into files."""

    def __init__(self, folder):
        self._folder = folder
        self._memory = InMemorySpanExporter()
        self._providers = []

    def provider(self, service, *processors):
        """A service's tracer provider."""
        provider = TracerProvider(resource=Resource.create({"service.name": service, "service.version": "1.4.0"}))
        for processor in processors:
            provider.add_span_processor(processor)
        lines = FileSpanExporter(self._folder / "spans.jsonl")
        for exporter in [lines, self._memory]:
            provider.add_span_processor(BatchSpanProcessor(exporter))
        self._providers.append(provider)
        return provider

    def write(self):
        """Ends the recording; the spans."""
        for provider in self._providers:
            provider.force_flush()
        spans = self._memory.get_finished_spans()
        (self._folder / "spans.pb").write_bytes(encode_spans(spans).SerializeToString())
        for provider in self._providers:
            provider.shutdown()
        return spans


def keeper(provider, models, cloud, key):
    """The agent of a framework that deletes volumes itself."""
    agent = framework_agent("volume-keeper", provider, models)
    tracer = provider.get_tracer("acme.cloud")

    @agent.tool_plain
    def delete_volume(volume_id: str) -> str:
        """Deletes a volume."""
        # The span and the attributes that instrumentation of the AWS SDK puts around a request.
        attributes = {
            "rpc.system": "aws-api",
            "rpc.service": "EC2",
            "rpc.method": "DeleteVolume",
            "cloud.region": clouds.REGION,
        }
        with tracer.start_as_current_span("EC2.DeleteVolume", kind=SpanKind.CLIENT, attributes=attributes) as span:
            _, request = cloud.call(key, "DeleteVolume", VolumeId=volume_id)
            span.set_attribute("aws.request_id", request)
            span.set_attribute("http.status_code", 200)
        return f"{volume_id} is gone"

    return agent


def dispatcher(provider, models, colleague):
    """The agent of a framework that hands work to another agent."""
    agent = framework_agent("dispatcher", provider, models)
    tracer = provider.get_tracer("acme.http")

    @agent.tool_plain
    def hand_over(snapshot_id: str) -> str:
        """Hands the deletion of a snapshot to the agent that is in charge of them."""
        attributes = {"http.request.method": "POST", "url.full": colleague + "/tasks", "server.address": "127.0.0.1"}
        with tracer.start_as_current_span("POST", kind=SpanKind.CLIENT, attributes=attributes) as span:
            headers = {}
            TraceContextTextMapPropagator().inject(headers)
            body = json.dumps({"task": f"Delete {snapshot_id}."}).encode()
            with urlopen(Request(colleague + "/tasks", body, headers), timeout=serving.SECONDS) as answer:
                span.set_attribute("http.response.status_code", answer.status)
                return json.load(answer)["said"]

    return agent


def framework_agent(name, provider, models):
    """An agent that is instrumented as the framework's documentation shows, and otherwise by default."""
    chat = OpenAIChatModel(model.NAME, provider=OpenAIProvider(base_url=models, api_key="unused"))
    settings = InstrumentationSettings(tracer_provider=provider)
    return Agent(chat, name=name, instructions="You look after storage.", capabilities=[Instrumentation(settings)])


async def ask(agent, person):
    """Has the agent do what a person asks: the conversation by the framework's own parameter, the
    person by baggage."""
    token = context.attach(baggage.set_baggage("user.id", person))
    try:
        limits = UsageLimits(request_limit=REQUESTS_MAX)
        await agent.run(PEOPLE[person], conversation_id=f"conv-{person}-01", usage_limits=limits)
    finally:
        context.detach(token)


async def work(keeper, dispatcher):
    """All that happens, the two volumes at the same moment."""
    await asyncio.gather(ask(keeper, "mira"), ask(keeper, "lena"))
    await ask(dispatcher, "omar")


def told(spans, records):
    """By person: the event, the request, and the span and id of the call that made it."""
    tools = [span for span in spans if span.attributes.get("gen_ai.operation.name") == "execute_tool"]
    by_person = {}
    for person, task in PEOPLE.items():
        resource = model.RESOURCE.search(task).group()
        [record] = [record for record in records if resource in record["requestParameters"].values()]
        calls = [span for span in tools if resource in str(span.attributes["gen_ai.tool.call.arguments"])]
        by_person[person] = {
            "event": record["eventID"],
            "request": record["requestID"],
            "resource": resource,
            # The outermost first.
            "calls": [call(span) for span in sorted(calls, key=lambda span: span.start_time)],
        }
    return by_person


def call(span):
    """How a person finds a call: its span, and the id that the model gave it."""
    ids = span.get_span_context()
    return {"span": f"{ids.trace_id:032x}/{ids.span_id:016x}", "call": span.attributes["gen_ai.tool.call.id"]}


def main(folder):
    """Runs everything and writes the files."""
    watchdog = threading.Timer(SECONDS_MAX, lambda: os._exit(3))
    watchdog.daemon = True
    watchdog.start()
    telemetry = Telemetry(folder)
    ours = telemetry.provider("acme-ops", BaggageSpanProcessor(lambda key: key == "user.id"))
    theirs = telemetry.provider("acme-snapshots")
    cloud = clouds.Cloud()
    models = model.serve()
    colleague = cleaner.serve(theirs.get_tracer("acme.snapshots"), models, cloud, cloud.assume("snapshot-cleaner"))
    asyncio.run(work(keeper(ours, models, cloud, cloud.assume("volume-keeper")), dispatcher(ours, models, colleague)))
    spans = telemetry.write()
    cloud.write(folder / "cloudtrail.jsonl")
    (folder / "told.json").write_text(json.dumps(told(spans, cloud.records), indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
