# What the programs measured: JSON lines, gathered by bench, about, what and round.
import collections
import statistics

UNITS = (("_per_s", "/s"), ("_percent", " %"), ("_bytes", " B"), ("_mib", " MiB"), ("_ns", " ns"), ("_us", " µs"), ("_ms", " ms"), ("_s", " s"))


def unit_of(name):
    return next((unit for end, unit in UNITS if name.endswith(end)), "")


def number(value):
    if abs(value) < 1e-4 or abs(value) >= 100:
        return f"{round(value):,}"
    return f"{value:.3g}"


class Measurements:
    def __init__(self, lines):
        self.lines = list(lines)
        self._values = collections.defaultdict(dict)  # (bench, about, what, name) -> {round: value}
        for line in self.lines:
            for name, value in line["values"].items():
                self._values[line["bench"], line["about"], line["what"], name][line["round"]] = value

    def rounds(self, *key):
        """{round: value}; nothing when nobody measured it."""
        return self._values.get(key, {})

    def ratios(self, key, yardstick):
        """One of each round that measured both."""
        ours, theirs = self.rounds(*key), self.rounds(*yardstick)
        return [ours[each] / theirs[each] for each in ours if theirs.get(each)]

    def summaries(self):
        """One for each contender, in the order in which they were first measured."""
        for bench, about, what in dict.fromkeys((line["bench"], line["about"], line["what"]) for line in self.lines):
            values = {}
            for (*where, name), rounds in self._values.items():
                if where == [bench, about, what]:
                    values[name] = {"median": statistics.median(rounds.values()), "low": min(rounds.values()),
                                    "high": max(rounds.values()), "rounds": len(rounds)}
            yield {"bench": bench, "about": about, "what": what, "values": values}
