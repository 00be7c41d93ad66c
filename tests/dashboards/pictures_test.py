# The pictures: are they of the dashboards as they are, and is what draws them right?
import xml.etree.ElementTree as ElementTree

from answers import Answer, Series
from check import ROOT, require, test
from draw import Picture
from grafana import Provisioning, filled, panels
from units import shown, ticks


@test("numbers are shown as people read them")
def numbers():
    cases = [(0.00123, "s", "1.23 ms"), (90, "s", "1.5 min"), (0, "s", "0"), (0.9997, "s", "1 s"), (1536, "bytes", "1.5 KiB"), (2048, "Bps", "2 KiB/s"),
             (0.0268, "percentunit", "2.68 %"), (0, "percentunit", "0 %"), (1, "bool_yes_no", "Yes"), (0, "bool_yes_no", "No"),
             (12345, "short", "12.3 K"), (3, "reqps", "3 req/s"), (16384, "locale", "16,384"), (None, "s", "–"), (float("nan"), "s", "–")]
    require(f"{value} {unit}: {shown(value, unit)}, not {wanted}" for value, unit, wanted in cases if shown(value, unit) != wanted)
    assert ticks(0, 10, "short") == [0, 2, 4, 6, 8, 10]
    assert ticks(0, 1 << 30, "bytes") == [each << 28 for each in range(5)]
    assert ticks(0, 86400, "s") == [0, 21600, 43200, 64800, 86400]
    assert all(2 <= len(ticks(0, 10**power * 1.08, "short")) <= 6 for power in range(-6, 9))


@test("variables are filled in as Grafana does, when all is chosen and when it is not")
def variables_filled():
    dashboard = {"templating": {"list": [
        {"name": "job", "type": "query", "includeAll": True, "allValue": ".+", "current": {"value": ["$__all"]}},
        {"name": "word", "type": "textbox", "current": {"value": "it's"}}]}}
    assert filled('rate(a{job=~"$job"}[$__rate_interval])', dashboard, 60, 15, 300) == 'rate(a{job=~".+"}[60s])'
    assert filled("${word:sqlstring} ${word} ${job:regex}", dashboard, 60, 15, 300) == "'it''s' it's .+"
    assert filled('$__timeFilter("t")', dashboard, 60, 15, 300) == "\"t\" BETWEEN now() - interval '300 s' AND now()"
    assert filled('$__timeGroupAlias("t", $__interval)', dashboard, 60, 15, 300) == 'floor(extract(epoch from "t") / 15) * 15 AS "time"'


@test("a panel without an answer, and one with odd text, are drawn too")
def drawn():
    for dashboard in Provisioning().dashboards.values():
        picture = Picture(dashboard, 0, 60, 2, [(30, "<1.0.4>")], "a & b")
        for number, panel in enumerate(panels(dashboard)):
            series = [Series('<"odd">', {"le": "0.1"}, [(at, at * 1.5) for at in range(0, 60, 2)])]
            answer = Answer(series if number % 2 else [], [{"a": 1, "b": None, "c": "x" * 300}] if number % 3 else [], [(10, 5.0)])
            picture.panel(panel, answer)
        svg = ElementTree.fromstring(picture.svg())
        assert len(svg.findall(".//{*}text")) > 30


@test("the pictures show every panel that the dashboards have, and tell nothing of the machine that drew them")
def current():
    problems = []
    for name in ("service", "agent", "postgres", "host"):
        path = ROOT / f"dashboards/pictures/{name}.svg"
        svg = path.read_text()
        texts = {element.text for element in ElementTree.fromstring(svg).iter() if element.text}
        dashboard = Provisioning().dashboards[f"outrigger-{name}"]
        shown_panels = [panel for panel in dashboard["panels"] if not panel.get("collapsed")]
        problems += [f"{name}: {panel['title']}" for panel in shown_panels if panel["title"] not in texts]
        problems += [f"{name}: {word}" for word in ("/tmp", "/work", "/home", "/root", "/dev/shm") if word in svg]
        problems += [f"{name}: does not say that it is none of Grafana's"] if "not a screenshot of Grafana" not in svg else []
    require(problems)
