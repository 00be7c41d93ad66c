# A program that traces with Datadog's ddtrace and calls a URL: one request, its trace's headers sent along.
# Prints the ids that its span had. Arguments: the URL, and a sampling priority or "none" for the tracer's own choice.
import json
import sys
import urllib.request

from ddtrace.propagation.http import HTTPPropagator
from ddtrace.trace import tracer

url, priority = sys.argv[1:]
with tracer.trace("client.request", service="caller", resource="GET") as span:
    span.set_tag("span.kind", "client")
    if priority != "none":
        span.context.sampling_priority = int(priority)
    headers = {}
    HTTPPropagator.inject(span.context, headers)
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as reply:
        reply.read()
        answered = reply.headers.get("traceparent")
    print(json.dumps({"trace_id": format(span.trace_id, "032x"), "span_id": span.span_id, "answered": answered}))
tracer.shutdown()
