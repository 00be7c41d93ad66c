#!/usr/bin/python3
# How the runner reckons: what it says of measurements that are known. `make bench` runs it first.
import sys
import unittest

sys.dont_write_bytecode = True
from suite import noise, tables  # noqa: E402
from suite.figures import FIGURES, Figure, judge  # noqa: E402
from suite.measurements import Measurements, number, unit_of  # noqa: E402


def line(what, rnd, value):
    return {"bench": "b", "about": "a", "what": what, "round": rnd, "spin_ms": 5, "values": {"cpu_ns": value}}


def figure(**more):
    return Figure("f", "b", "a", "ours", "cpu_ns", yardstick="theirs", **more)


class SuiteTest(unittest.TestCase):
    # The machine is three times as slow in the second half: no ratio shows it.
    drifting = Measurements(line(what, rnd, base * (3 if rnd > 1 else 1)) for rnd in range(4) for what, base in (("theirs", 10), ("ours", 20)))

    def test_a_ratio_is_that_of_each_round(self):
        self.assertEqual(self.drifting.ratio(("b", "a", "ours", "cpu_ns"), ("b", "a", "theirs", "cpu_ns")), 2)

    def test_a_median_comes_with_its_spread(self):
        values = next(each for each in self.drifting.summaries() if each["what"] == "ours")["values"]["cpu_ns"]
        self.assertEqual(values, {"median": 40, "low": 20, "high": 60, "rounds": 4})

    def test_a_gross_regression_fails_and_anything_less_does_not(self):
        self.assertTrue(judge(figure(gross=("<=", 2)), self.drifting)["passed"])
        self.assertFalse(judge(figure(gross=("<=", 1.9)), self.drifting)["passed"])
        self.assertFalse(judge(figure(gross=(">=", 2.1)), self.drifting)["passed"])

    def test_what_nobody_measured_does_not_pass(self):
        self.assertIs(judge(figure(gross=("<=", 2)), Measurements([line("ours", 0, 1)]))["passed"], False)

    def test_a_goal_of_the_value_or_of_the_ratio(self):
        self.assertIs(judge(figure(goal=("<=", 40)), self.drifting)["met"], True)
        self.assertIs(judge(figure(goal=("<=", 39)), self.drifting)["met"], False)
        self.assertIs(judge(figure(ratio_goal=("<=", 1.5)), self.drifting)["met"], False)
        self.assertIsNone(judge(figure(), self.drifting)["met"])

    def test_a_failed_figure_says_so_in_the_table(self):
        self.assertIn("≤ 1.9 FAILED", tables.figures([judge(figure(gross=("<=", 1.9)), self.drifting)]))

    def test_units_stand_behind_numbers(self):
        self.assertEqual([number(each) + unit_of("cpu_ns") for each in (0, 0.0123, 42.42, 1234567)], ["0 ns", "0.0123 ns", "42.4 ns", "1,234,567 ns"])

    def test_no_figure_is_judged_twice_by_the_same_ratio(self):
        judged = [(each.bench, each.about, each.ours, each.value, each.yardstick) for each in FIGURES if each.gross]
        self.assertEqual(len(judged), len(set(judged)))

    def test_the_noise_of_a_run_is_said(self):
        moments = iter([0.0, 10.0])
        watch = noise.Watch(lambda: next(moments))
        steadiness = watch.read([5.0] * 8 + [50.0, 50.0])
        self.assertEqual(round(steadiness["spin_slowest_percent"]), 900)
        self.assertIn("NOT a steady machine", noise.sentence(steadiness))


unittest.main()
