"""Runs the cases of a folder: all of them, or those whose name contains one of the given words. Ends with "N passed, N failed"."""
import os
import pathlib
import sys
import time
import unittest

import network


class Result(unittest.TestResult):
    """One line per case as it ends, faults in full at once: a run may take minutes."""
    passed = 0

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def say(self, mark, test):
        name = test.id().split(".", 1)[-1] if hasattr(test, "_testMethodName") else str(test)
        print(f"{mark} {name} ({time.monotonic() - getattr(self, 'began', time.monotonic()):.1f} s)", flush=True)

    def addSuccess(self, test):
        self.passed += 1
        self.say("ok  ", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.say("FAIL", test)
        print(self.failures[-1][1], flush=True)

    def addError(self, test, err):
        super().addError(test, err)
        self.say("FAIL", test)
        print(self.errors[-1][1], flush=True)


def cases(suite):
    for part in suite:
        yield from cases(part) if isinstance(part, unittest.TestSuite) else [part]


def run(folder, words):
    if not pathlib.Path(network.PROGRAM).is_file():
        print(f"There is no program at {network.PROGRAM}: build it with deploy/up or tests/run.")
        print("0 passed, 1 failed")
        return 1
    found = unittest.defaultTestLoader.discover(str(folder), "*_cases.py")
    chosen = unittest.TestSuite(case for case in cases(found) if not words or any(word in case.id() for word in words))
    result = Result()
    chosen.run(result)
    failed = len(result.failures) + len(result.errors)
    if result.passed + failed == 0 and not os.environ.get("SOLIDAIRES_FAULTS"):  # there, one of two folders has it
        print(f"no case is named like {' '.join(words)}")
        failed = 1
    print(f"{result.passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], sys.argv[2:]))
