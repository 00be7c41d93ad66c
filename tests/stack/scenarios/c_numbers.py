"""Five workers, N requests: everybody says N, whatever is killed meanwhile."""
import json
import threading
import time

from stack import eventually
from world import scenario


class Monotone:
    """Scrapes all the while; the sum over http_requests_total may never fall."""

    def __init__(self, stack):
        self.stack, self.seen, self.fell, self.going = stack, [], [], True
        self.thread = threading.Thread(target=self._watch)

    def _watch(self):
        while self.going:
            try:
                count = self.stack.counted()
            except (OSError, ValueError):
                count = None  # not served: while it is down, or before replay ends
            if count is not None:
                if self.seen and count < self.seen[-1]:
                    self.fell.append((self.seen[-1], count))
                self.seen.append(count)
            time.sleep(0.1)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.going = False
        self.thread.join()


@scenario("10,000 requests: the last scrape, request_log, the StatsD exporter and the trace agent all say so")
def ten_thousand(world):
    stack = world.stack
    began = time.monotonic()
    with Monotone(stack) as watch:
        world.offer(10_000)
    print(f"  10,000 requests in {time.monotonic() - began:.1f} s, {len(watch.seen)} scrapes meanwhile")
    assert not watch.fell, watch.fell
    assert len(watch.seen) > 3
    world.same_everywhere()
    before = world.sent_before  # when these two were not there
    eventually(f"the StatsD exporter says {world.sent}", 30, lambda: world.says("StatsD", before + stack.statsd_counted()))

    def traced():
        traces = json.loads(stack.get("DD_APM_PORT", "/test/traces", timeout=60)[1])
        roots = {span["span_id"] for trace in traces for span in trace if not span.get("parent_id")}
        return world.says("traces", before + len(roots))
    eventually(f"the trace agent says {world.sent}", 60, traced, pause=2)
    relayed = stack.compose("exec", "-T", "datadog", "grep", "-c", "^request_count", "/tmp/dogstatsd")
    assert int(relayed) > 0, relayed


@scenario("the agent killed in mid-load, three times: no request is missing, and no scrape falls")
def kill_agent(world):
    stack = world.stack

    def kill():
        for _ in range(3):
            time.sleep(1.5)
            stack.kill("agent")
            time.sleep(0.7)
            stack.start("agent")
    with Monotone(stack) as watch:
        world.offer(6_000, per_second=600, meanwhile=kill)
        stack.wait_healthy("agent")
        world.same_everywhere()
    assert not watch.fell, watch.fell


@scenario("Postgres killed in mid-load: no request is missing, none twice")
def kill_postgres(world):
    stack = world.stack

    def kill():
        time.sleep(2)
        stack.kill("postgres")
        time.sleep(2)
        stack.start("postgres")
    world.offer(4_000, per_second=500, meanwhile=kill)
    stack.wait_healthy("postgres")
    world.same_everywhere(seconds=90)


@scenario("agent and Postgres killed at once in mid-load: the same")
def kill_both(world):
    stack = world.stack

    def kill():
        time.sleep(2)
        stack.compose("kill", "-s", "KILL", "agent", "postgres")
        time.sleep(1)
        stack.compose("start", "agent", "postgres")
    world.offer(4_000, per_second=500, meanwhile=kill)
    stack.wait_healthy("postgres", "agent")
    world.same_everywhere(seconds=90)


@scenario("Postgres down: the app serves and is healthy, its agent says what is wrong, and catches up")
def postgres_down(world):
    stack = world.stack
    stack.compose("stop", "-t", "30", "postgres")
    world.offer(1_000, per_second=250)
    answer = eventually("/-/ready says 503", 15, lambda: stack.get("AGENT_PORT", "/-/ready")[1]
                        if stack.get("AGENT_PORT", "/-/ready")[0] == 503 else None)
    assert "rows" in answer, answer
    assert stack.get("AGENT_PORT", "/-/healthy")[0] == 200
    assert stack.stays_healthy("app") and stack.stays_healthy("agent")
    stack.start("postgres")
    stack.wait_healthy("postgres")
    world.same_everywhere(seconds=90)
    eventually("/-/ready says 200", 30, lambda: stack.get("AGENT_PORT", "/-/ready")[0] == 200)


@scenario("the agent gone: the app serves and is healthy, and what it recorded arrives")
def agent_gone(world):
    stack = world.stack
    stack.compose("stop", "agent")
    load = world.offer(1_500, per_second=250)
    assert load.slowest < 3, f"{load.slowest:.2f} s"
    assert stack.stays_healthy("app")
    stack.start("agent")
    stack.wait_healthy("agent")
    world.same_everywhere()
