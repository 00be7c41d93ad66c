"""Five workers, N requests: everybody says N, whatever is killed meanwhile."""
import http.client
import threading
import time

from stack import eventually
from world import scenario


class Monotone:
    """Scrapes all the while; the sum over http_requests_total may never fall."""

    def __init__(self, stack):
        self.stack, self.seen, self.fell, self.error, self.going = stack, [], [], None, True
        self.thread = threading.Thread(target=self._watch)

    def sees_again(self):
        """Waits for one more scrape."""
        before = len(self.seen)
        eventually("a scrape", 30, lambda: len(self.seen) > before, pause=0.05)

    def _look(self):
        try:
            count = self.stack.counted()
        except (OSError, http.client.HTTPException, ValueError):
            return  # not served: while it is down, or before replay ends
        if self.seen and count < self.seen[-1]:
            self.fell.append((self.seen[-1], count))
        self.seen.append(count)

    def _watch(self):
        try:
            while self.going:
                self._look()
                time.sleep(0.1)
        except Exception as error:  # __exit__ tells of it
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.going = False
        self.thread.join()
        if kind is None:
            if self.error:
                raise self.error
            self._look()
            assert not self.fell, self.fell


@scenario("10,000 requests: the last scrape, request_log, the StatsD exporter, what it relays and the trace agent all say so")
def ten_thousand(world):
    stack = world.stack
    began = time.monotonic()
    with Monotone(stack) as watch:
        world.offer(10_000)
        print(f"  10,000 requests in {time.monotonic() - began:.1f} s, {len(watch.seen)} scrapes meanwhile")
        assert len(set(watch.seen)) > 3, watch.seen
        world.same_everywhere()
    assert watch.seen[-1] == world.sent, (watch.seen[-1], world.sent)
    eventually("the StatsD exporter says so", 30, lambda: world.says("StatsD", world.untold + stack.statsd_counted()))
    eventually("what it relays says so", 30, lambda: world.says("relayed", world.unrelayed + stack.relayed()))
    world.traces_say_so()


@scenario("the agent killed in mid-load, three times: no request is missing, and no scrape falls")
def kill_agent(world):
    stack = world.stack
    with Monotone(stack) as watch:
        def kill(load):
            for _ in range(3):
                load.goes_on(900)
                stack.kill("agent")
                load.goes_on(300)
                stack.start("agent")
                watch.sees_again()
            load.goes_on(300)
        world.offer_while(kill, per_second=600)
        stack.wait_healthy("agent")
        world.same_everywhere()
    assert watch.seen[-1] == world.sent, (watch.seen[-1], world.sent)


@scenario("Postgres killed in mid-load: no request is missing, none twice")
def kill_postgres(world):
    stack = world.stack

    def kill(load):
        load.goes_on(1_000)
        stack.kill("postgres")
        load.goes_on(1_000)
        stack.start("postgres")
        load.goes_on(500)
    world.offer_while(kill, per_second=500)
    stack.wait_healthy("postgres")
    world.same_everywhere(seconds=90)


@scenario("agent and Postgres killed at once in mid-load: scrape, request_log and traces say all of it, StatsD all but what is counted as dropped")
def kill_both(world):
    stack = world.stack
    with Monotone(stack) as watch:
        def kill(load):
            load.goes_on(1_000)
            stack.compose("kill", "-s", "KILL", "agent", "postgres")
            load.goes_on(500)
            stack.compose("start", "agent", "postgres")
            watch.sees_again()
            load.goes_on(500)
        world.offer_while(kill, per_second=500)
        stack.wait_healthy("postgres", "agent")
        world.same_everywhere(seconds=90)
    assert watch.seen[-1] == world.sent, (watch.seen[-1], world.sent)
    world.traces_say_so()
    world.statsd_says_so()


@scenario("Postgres down: the app serves and is healthy, its agent says what is wrong, and catches up")
def postgres_down(world):
    stack = world.stack
    stack.compose("stop", "-t", "30", "postgres")
    world.offer(1_000, per_second=250)
    answer = eventually("/-/ready says 503", 15, lambda: stack.get("AGENT_PORT", "/-/ready")[1]
                        if stack.get("AGENT_PORT", "/-/ready")[0] == 503 else None)
    assert "rows" in answer, answer
    assert stack.get("AGENT_PORT", "/-/healthy")[0] == 200
    assert stack.stays_healthy("app", "agent")
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
