# What callgrind_annotate says -> instructions an event, function by function.
import collections
import re

LINE = re.compile(r"^\s*([\d,]+) \([^)]*\)\s+(.*?)(?: \[[^\]]*\])?$")


def functions(annotated):
    """Instructions of each function itself; what is inlined into it from other files is its own."""
    counts = collections.Counter()
    for line in annotated.splitlines():
        found = LINE.match(line)
        if found and ":" in found[2]:
            counts[short(found[2].split(":", 1)[1])] += int(found[1].replace(",", ""))
    return counts


def short(function):
    """Without its arguments, its anonymous namespaces and what a template says before its name."""
    name = function.replace("(anonymous namespace)::", "").replace("operator()", "operator\0")
    name = name.split("(", 1)[0].split("<", 1)[0].replace("\0", "()")
    return name.rsplit(" ", 1)[-1].removeprefix("outrigger::")


def shares(few, many, events):
    """(function, instructions an event, share of all) of what the longer run has more, the greatest first."""
    more = functions(many)
    more.subtract(functions(few))
    whole = sum(more.values())
    return [(name, count / events, count / whole) for name, count in more.most_common()]


def table(all_shares, greatest=10):
    whole = sum(each for _, each, _ in all_shares)
    rows = [f"| `{name}` | {each:,.0f} | {100 * share:.0f} % |" for name, each, share in all_shares[:greatest]]
    return "\n".join(["| function itself | instructions an event | of all |", "|---|---|---|", *rows, f"| all | {whole:,.0f} | |"])
