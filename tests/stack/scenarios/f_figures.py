"""What agent and app take at 500 requests a second."""
import pathlib
import subprocess
import time

from world import scenario


def cpu_seconds(stack, service):
    """Of all processes of the container, from its control group."""
    container = stack.inspect(service)["Id"]
    for pattern in (f"/sys/fs/cgroup/cpuacct/docker/{container}/cpuacct.usage", f"/sys/fs/cgroup/cpu,cpuacct/docker/{container}/cpuacct.usage"):
        if pathlib.Path(pattern).exists():
            return int(pathlib.Path(pattern).read_text()) / 1e9
    for path in (f"/sys/fs/cgroup/docker/{container}/cpu.stat", f"/sys/fs/cgroup/system.slice/docker-{container}.scope/cpu.stat"):
        if pathlib.Path(path).exists():
            return int(pathlib.Path(path).read_text().split()[1]) / 1e6
    return None


def memory(stack, service):
    return subprocess.run(["docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", stack.container(service)],
                          stdout=subprocess.PIPE, text=True).stdout.split(" / ")[0]


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
    process = process_seconds(stack) - process
    for service in services:
        after = cpu_seconds(stack, service)
        share = "?" if after is None else f"{100 * (after - before[service]) / took:.1f} %"
        print(f"  {service}: {share} of one core, {memory(stack, service)} of memory, at {10_000 / took:.0f} requests a second")
    print(f"  the agent's process alone, without what checks its health: {100 * process / took:.1f} %")
    print(f"  the slowest answer took {load.slowest * 1000:.0f} ms")
    world.same_everywhere()
