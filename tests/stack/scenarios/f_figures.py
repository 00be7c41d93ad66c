"""What agent and app take at 500 requests a second."""
import pathlib
import re
import subprocess
import time

from world import scenario


def cpu_seconds(stack, service):
    """Of all processes of the container, from its control group, of either version."""
    process = stack.inspect(service)["State"]["Pid"]
    groups = [line.split(":", 2)[1:] for line in pathlib.Path(f"/proc/{process}/cgroup").read_text().splitlines()]
    for controllers, path in groups:
        if "cpuacct" in controllers.split(","):
            return int(pathlib.Path(f"/sys/fs/cgroup/{controllers}{path}/cpuacct.usage").read_text()) / 1e9
    path = next(path for controllers, path in groups if not controllers)
    usage = re.search(r"^usage_usec (\d+)$", pathlib.Path(f"/sys/fs/cgroup{path}/cpu.stat").read_text(), re.M)
    return int(usage.group(1)) / 1e6


def memory(stack, service):
    """As the engine tells it, such as 12.3MiB."""
    said = subprocess.run(["docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", stack.container(service)], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    figure = re.match(r"([1-9]\d*(?:\.\d+)?[KM]iB) / ", said)
    assert figure, f"memory of {service}: {said!r}"
    return figure.group(1)


def process_seconds(stack):
    return next(value for name, _, value in stack.scrape() if name == "process_cpu_seconds_total")


@scenario("500 requests a second for 20 s, all sinks on: what it takes")
def figures(world):
    stack = world.stack
    services = ("agent", "app")
    before = {service: cpu_seconds(stack, service) for service in services}
    process = process_seconds(stack)
    began = time.monotonic()
    load = world.offer(10_000, per_second=500)
    took = time.monotonic() - began
    rate = 10_000 / took
    process = process_seconds(stack) - process
    for service in services:
        used = cpu_seconds(stack, service) - before[service]
        print(f"  {service}: {100 * used / took:.1f} % of one core, {memory(stack, service)} of memory, at {rate:.0f} requests a second")
        assert 0 < used < 4 * took, f"{service}: {used} s of CPU in {took} s"
    print(f"  the agent's process alone, without what checks its health: {100 * process / took:.1f} %")
    print(f"  the slowest answer took {load.slowest * 1000:.0f} ms")
    assert process > 0 and rate > 450, (process, rate)
    world.same_everywhere()
