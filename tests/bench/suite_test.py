#!/usr/bin/python3
# How the runner reckons: what it says of measurements that are known. `make bench` runs it first.
import sys
import unittest

sys.dont_write_bytecode = True
from suite import callgrind, noise, tables  # noqa: E402
from suite.figures import FIGURES, Figure  # noqa: E402
from suite.judging import judge  # noqa: E402
from suite.measurements import Measurements, number, unit_of  # noqa: E402


def line(what, rnd, value):
    return {"bench": "b", "about": "a", "what": what, "round": rnd, "spin_ms": 5, "values": {"cpu_ns": value}}


def figure(**more):
    return Figure("f", "b", "a", "ours", "cpu_ns", yardstick="theirs", **more)


class SuiteTest(unittest.TestCase):
    # The machine is three times as slow in the second half: no ratio shows it.
    drifting = Measurements(line(what, rnd, base * (3 if rnd > 1 else 1)) for rnd in range(4) for what, base in (("theirs", 10), ("ours", 20)))

    def test_a_ratio_is_that_of_each_round(self):
        self.assertEqual(judge(figure(), self.drifting)["ratio"], 2)

    def test_a_ratio_is_the_median_of_the_rounds_and_comes_with_its_spread(self):
        uneven = Measurements(line(what, rnd, value) for rnd, pair in enumerate([(10, 10), (10, 30), (20, 10)]) for what, value in zip(("theirs", "ours"), pair))
        judged = judge(figure(), uneven)
        self.assertEqual((judged["ratio"], judged["ratio_low"], judged["ratio_high"]), (1, 0.5, 3))
        self.assertIn("1 (0.5 to 3)", tables.figures([judged]))

    def test_a_round_that_measured_only_one_of_both_is_in_no_ratio(self):
        lame = Measurements([line("theirs", 0, 10), line("ours", 0, 20), line("theirs", 1, 10), line("ours", 2, 50)])
        self.assertEqual([judge(figure(), lame)[each] for each in ("ratio", "ratio_low", "ratio_high")], [2, 2, 2])

    def test_what_is_never_to_happen_is_judged_by_the_worst_round(self):
        judged = judge(figure(goal=("<=", 59), greatest=True), self.drifting)
        self.assertEqual((judged["measured"], judged["met"]), (60, False))

    def test_a_median_comes_with_its_spread(self):
        values = next(each for each in self.drifting.summaries() if each["what"] == "ours")["values"]["cpu_ns"]
        self.assertEqual(values, {"median": 40, "low": 20, "high": 60, "rounds": 4})

    def test_a_gross_regression_fails_and_anything_less_does_not(self):
        self.assertTrue(judge(figure(gross=("<=", 2)), self.drifting)["passed"])
        self.assertFalse(judge(figure(gross=("<=", 1.9)), self.drifting)["passed"])
        self.assertFalse(judge(figure(gross=(">=", 2.1)), self.drifting)["passed"])

    def test_without_a_yardstick_the_value_itself_is_bounded(self):
        promise = Figure("f", "b", "a", "ours", "cpu_ns", gross=("<=", 40))
        self.assertIs(judge(promise, self.drifting)["passed"], True)
        promise.gross = ("<=", 39)
        self.assertIs(judge(promise, self.drifting)["passed"], False)

    def test_what_nobody_measured_does_not_pass(self):
        self.assertIs(judge(figure(gross=("<=", 2)), Measurements([line("ours", 0, 1)]))["passed"], False)

    def test_what_a_machine_may_be_unable_to_measure_neither_passes_nor_fails(self):
        absent = judge(figure(gross=("<=", 2), optional=True), Measurements([]))
        self.assertIsNone(absent["passed"])
        self.assertIn("not measured", tables.figures([absent]))

    def test_a_goal_of_the_value_or_of_the_ratio(self):
        self.assertIs(judge(figure(goal=("<=", 40)), self.drifting)["met"], True)
        self.assertIs(judge(figure(goal=("<=", 39)), self.drifting)["met"], False)
        self.assertIs(judge(figure(ratio_goal=("<=", 1.5)), self.drifting)["met"], False)
        self.assertIsNone(judge(figure(), self.drifting)["met"])

    def test_a_failed_figure_says_so_in_the_table(self):
        self.assertIn("≤ 1.9 FAILED", tables.figures([judge(figure(gross=("<=", 1.9)), self.drifting)]))

    def test_each_line_says_its_spread_and_its_command(self):
        row = tables.figures([judge(figure(), self.drifting)]).splitlines()[-1]
        self.assertIn("| 40 ns (20 to 60) ", row)
        self.assertIn("| `BENCHES=b` ", row)

    def test_the_short_table_has_the_headlines_and_says_what_missed_its_goal(self):
        short = tables.short([judge(figure(), self.drifting), judge(figure(goal=("<=", 39), headline=True), self.drifting)]).splitlines()
        self.assertEqual(len(short), 3)
        self.assertIn("≤ 39 ns, missed", short[-1])

    def test_curves_have_each_step_in_its_order(self):
        steps = [{"bench": "growth", "about": "sets", "what": what, "round": rnd, "spin_ms": 5, "values": {"cpu_ns": value + rnd}}
                 for rnd in (0, 1) for what, value in (("10 sets", 1), ("1000 sets", 5), ("100 sets", 3), ("read, do nothing, text of 8 B", 9))]
        rows = tables.curves(list(Measurements(steps).summaries())).splitlines()[2:]
        self.assertEqual([[cell.strip() for cell in row.split("|")[1:4]] for row in rows],
                         [["sets", "10 sets", "1.5 ns (1 to 2)"], ["sets", "100 sets", "3.5 ns (3 to 4)"], ["sets", "1000 sets", "5.5 ns (5 to 6)"]])
        self.assertEqual(tables.curves(list(self.drifting.summaries())), "")

    def test_units_stand_behind_numbers(self):
        self.assertEqual([number(each) + unit_of("cpu_ns") for each in (0, 0.0123, 42.42, 1234567)], ["0 ns", "0.0123 ns", "42.4 ns", "1,234,567 ns"])

    def test_what_is_promised_as_a_count_can_fail(self):
        counts = [each for each in FIGURES if each.value in ("system_calls_an_event", "allocations_an_event")]
        self.assertTrue(counts)
        self.assertEqual([each.name for each in counts if not each.gross], [])

    def test_no_figure_is_judged_twice_by_the_same_ratio(self):
        judged = [(each.bench, each.about, each.ours, each.value, each.yardstick) for each in FIGURES if each.gross]
        self.assertEqual(len(judged), len(set(judged)))

    def test_a_profile_is_what_the_longer_run_has_more(self):
        few = "1,000 (50.0%)  a.cpp:outrigger::start(int) [/b/program]\n  500 (25.0%)  b.cpp:bool outrigger::(anonymous namespace)::take<3ul>(char) [/b/program]\n"
        many = "1,000 (10.0%)  a.cpp:outrigger::start(int) [/b/program]\n1,500 (15.0%)  b.cpp:bool outrigger::(anonymous namespace)::take<3ul>(char) [/b/program]\n" \
               "2,000 (20.0%)  c.h:bool outrigger::(anonymous namespace)::take<3ul>(char)\n"
        self.assertEqual(callgrind.shares(few, many, 100)[0], ("take", 30.0, 1.0))
        self.assertIn("| `take` | 30 | 100 % |", callgrind.table(callgrind.shares(few, many, 100)))

    def test_the_noise_of_a_run_is_said(self):
        moments = iter([0.0, 10.0])
        watch = noise.Watch(lambda: next(moments))
        steadiness = watch.read([5.0] * 8 + [50.0, 50.0])
        self.assertEqual(round(steadiness["spin_slowest_percent"]), 900)
        self.assertIn("NOT a steady machine", noise.sentence(steadiness))


unittest.main()
