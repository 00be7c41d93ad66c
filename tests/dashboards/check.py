# A test is a function with a sentence; it fails with the problems that it lists. What a tool is missing for is passed over, loudly, and
# fails where CI is true.
import os
import pathlib
import subprocess
import sys
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/dashboards"))
sys.dont_write_bytecode = True
tests = []


class PassedOver(Exception):
    pass


def test(sentence):
    return lambda function: tests.append((sentence, function)) or function


def require(problems):
    """An error that lists them, unless there are none."""
    problems = list(problems)
    if problems:
        raise AssertionError("\n    ".join(map(str, problems)))


def tool(name, optional=False):
    """Of build/peers. optional: CI does without it."""
    for folder in ("usr/bin", "bin", "."):
        path = ROOT / "build/peers" / folder / name
        if path.exists():
            return path
    if os.environ.get("CI") == "true" and not optional:
        raise AssertionError(f"{name} is not in build/peers; tools/deps dashboards fetches it")
    raise PassedOver(f"{name} is not in build/peers")


def output(*command, cwd=ROOT):
    """What it prints if it fails, else nothing: a list, for require()."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=cwd, timeout=300)
    return [done.stdout + done.stderr] if done.returncode else []


def run(words):
    passed = failed = 0
    over = []
    for sentence, function in tests:
        if words and not any(word in sentence for word in words):
            continue
        try:
            function()
            passed += 1
            print(f"ok: {sentence}", flush=True)
        except PassedOver as why:
            print(f"NOT TESTED: {sentence}\t({why})", flush=True)
            over.append(sentence)
        except AssertionError as error:
            failed += 1
            print(f"FAILED: {sentence}\n    {error}", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED: {sentence}\n{traceback.format_exc()}", flush=True)
    if over:
        print(f"=== {len(over)} were PASSED OVER, and show nothing: {'; '.join(over)}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
