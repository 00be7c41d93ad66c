# Numbers as a panel shows them, by Grafana's names of units. Pure.
import math

TIMES = ((1e-6, "µs"), (1e-3, "ms"), (1, "s"), (60, "min"), (3600, "h"), (86400, "d"))
BYTES = tuple((1024**power, letter + "iB" if letter else "B") for power, letter in enumerate(("", "K", "M", "G", "T")))
ROUND_TIMES = (120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400)
COUNTS = ((1, ""), (1e3, "K"), (1e6, "M"), (1e9, "G"))


def scaled(value, steps):
    factor, name = max((step for step in steps if abs(value) * 1.0005 >= step[0]), default=steps[0])
    return f"{value / factor:.3g}" + (f" {name}" if name else "")


def shown(value, unit):
    if value is None or isinstance(value, float) and not math.isfinite(value):
        return "–"
    if not isinstance(value, (int, float)):
        return str(value)
    if unit == "locale":
        return f"{value:,.0f}"
    if value == 0 and unit != "bool_yes_no":
        return "0 %" if unit == "percentunit" else "0"
    if unit in ("s", "dtdurations"):
        return scaled(value, TIMES)
    if unit in ("bytes", "Bps"):
        return scaled(value, BYTES) + ("/s" if unit == "Bps" else "")
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "bool_yes_no":
        return "Yes" if value else "No"
    per_second = {"reqps": " req/s", "ops": "/s", "pps": "/s"}.get(unit, "")
    return scaled(value, COUNTS) + per_second


def ticks(low, high, unit, most=5):
    """Round values from low to high, at most so many and some more than half of it."""
    least = (high - low) / most
    if unit in ("bytes", "Bps"):
        step = 2 ** math.ceil(math.log2(least))
    elif unit in ("s", "dtdurations") and least > 60:
        step = next((each for each in ROUND_TIMES if each >= least), 86400 * math.ceil(least / 86400))
    else:
        base = 10 ** math.floor(math.log10(least))
        step = next(base * each for each in (1, 2, 5, 10) if base * each >= least * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]
