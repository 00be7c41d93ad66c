# How steady the machine was while the programs ran: a fixed piece of work between the measurements, and the kernel's account of the processors.
import os
import pathlib
import platform
import resource
import statistics


def _processors():
    """Seconds that all processors together were busy, and that a host took from them."""
    user, nice, system, _, _, irq, softirq, steal = map(int, pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
    tick = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq) / tick, steal / tick


def _ours():
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in usage)


def _model():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())


class Watch:
    def __init__(self, clock):
        self._clock, self._began = clock, clock()
        self._busy, self._steal = _processors()
        self._our_seconds = _ours()

    def read(self, spins):
        seconds = self._clock() - self._began
        capacity = seconds * os.cpu_count()
        busy, steal = _processors()
        middle = statistics.median(spins)
        ordered = sorted(spins)
        return {
            "processor": _model(), "cores": os.cpu_count(), "kernel": platform.release(), "seconds": round(seconds, 1),
            "spin_ms": middle, "spins": len(spins), "spin_tenth_slowest_percent": 100 * (ordered[int(len(ordered) * 0.9)] / middle - 1),
            "spin_slowest_percent": 100 * (ordered[-1] / middle - 1), "spin_fastest_percent": 100 * (ordered[0] / middle - 1),
            "steal_percent": 100 * (steal - self._steal) / capacity,
            "others_percent": max(0.0, 100 * ((busy - self._busy) - (_ours() - self._our_seconds)) / capacity),
        }


def sentence(noise):
    steady = noise["spin_tenth_slowest_percent"] < 10 and noise["others_percent"] < 10 and noise["steal_percent"] < 2
    return (f"Noise: {noise['cores']} cores ({noise['processor']}, Linux {noise['kernel']}), {noise['seconds']:.0f} s. "
            f"A fixed loop took {noise['spin_ms']:.2f} ms (median of {noise['spins']}), the fastest {noise['spin_fastest_percent']:+.0f} %, "
            f"one in ten {noise['spin_tenth_slowest_percent']:+.0f} % or more, the slowest {noise['spin_slowest_percent']:+.0f} %; "
            f"stolen by the host {noise['steal_percent']:.1f} %, taken by other processes {noise['others_percent']:.0f} % of the cores: "
            + ("a steady machine." if steady else "NOT a steady machine, single figures are orientation, ratios count."))
