# What a run says of a figure: its values beside goal and yardstick, and whether it passes.
import dataclasses
import statistics


def holds(value, bound):
    return value <= bound[1] if bound[0] == "<=" else value >= bound[1]


def judge(figure, measured):
    """What is known of a figure after a run; the parts that nobody measured are None. The ratio of two values is the median of the ratios
    of the rounds, with the least and the greatest of them: what drifts between rounds is in no ratio."""
    ours = (figure.bench, figure.about, figure.ours, figure.value)
    theirs = (figure.bench, figure.yardstick_about or figure.about, figure.yardstick, figure.yardstick_value or figure.value)
    values, beside = list(measured.rounds(*ours).values()), list(measured.rounds(*theirs).values()) if figure.yardstick else []
    ratios = measured.ratios(ours, theirs) if figure.yardstick else []
    middle = max if figure.greatest else statistics.median
    value = middle(values) if values else None
    ratio = statistics.median(ratios) if ratios else None
    bounded = ratio if figure.yardstick else value  # what `gross` is of
    met = None
    if value is not None and figure.goal:
        met = holds(value, figure.goal)
    if ratio is not None and figure.ratio_goal:
        met = holds(ratio, figure.ratio_goal)
    passed = None
    if figure.gross and not (bounded is None and figure.optional):
        passed = bounded is not None and holds(bounded, figure.gross)
    return {**dataclasses.asdict(figure), "measured": value, "rounds": len(values), "low": min(values, default=None), "high": max(values, default=None),
            "beside": middle(beside) if beside else None, "ratio": ratio, "ratio_low": min(ratios, default=None), "ratio_high": max(ratios, default=None),
            "met": met, "passed": passed}
