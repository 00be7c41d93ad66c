# compose/statsd/mapping.yml: does statsd_exporter take it, and make of both dialects the same series?
import socket
import subprocess

from check import ROOT, output, require, test, tool
from local_stack import eventually, free_port, get

MAPPING = ROOT / "compose/statsd/mapping.yml"
LINES = [b"request_count.shop.GET._cart.500:3|c", b"request_latency_seconds.shop.GET._cart.500:250|ms",  # --statsd-dialect plain
         b"request_count:4|c|#service:shop,method:GET,endpoint:/,status:200"]
SERIES = ['request_count{endpoint="_cart",method="GET",service="shop",status="500"} 3',
          'request_latency_seconds_bucket{endpoint="_cart",method="GET",service="shop",status="500",le="0.1"} 0',
          'request_latency_seconds_bucket{endpoint="_cart",method="GET",service="shop",status="500",le="0.25"} 1',
          'request_latency_seconds_sum{endpoint="_cart",method="GET",service="shop",status="500"} 0.25',
          'request_count{endpoint="/",method="GET",service="shop",status="200"} 4']


@test("statsd_exporter takes the mapping")
def checked():
    require(output(tool("statsd_exporter"), "--check-config", f"--statsd.mapping-config={MAPPING}"))


@test("a line with tags, and one with its labels in the name, become the series that the dashboards ask for")
def mapped():
    page, datagrams = free_port(), free_port(socket.SOCK_DGRAM)
    exporter = subprocess.Popen([tool("statsd_exporter"), f"--statsd.mapping-config={MAPPING}", f"--web.listen-address=127.0.0.1:{page}",
                                 f"--statsd.listen-udp=127.0.0.1:{datagrams}", "--statsd.listen-tcp="],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(20, "statsd_exporter", lambda: get(page, "/-/healthy"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
            for line in LINES:
                door.sendto(line, ("127.0.0.1", datagrams))
        missing = list(SERIES)

        def all_there():
            missing[:] = set(SERIES) - set(get(page, "/metrics").splitlines())
            return not missing
        try:
            eventually(10, "the series", all_there)
        except TimeoutError:
            require(missing)
    finally:
        exporter.kill()
        exporter.wait()
