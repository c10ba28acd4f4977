"""Counts what a run of ctest did, test by test: prints "PASSED FAILED".

Usage: count.py DIRECTORY EXIT_CODE - DIRECTORY holds ctest.junit and one XML file per GoogleTest program.
"""

import pathlib
import sys
import xml.etree.ElementTree as xml


def gtest_counts(directory):
    """program -> [passed, failed]; skipped and disabled tests count as neither."""
    counts = {}
    for file in directory.glob("*.xml"):
        try:
            cases = list(xml.parse(file).getroot().iter("testcase"))
        except xml.ParseError:
            continue  # the program died while it wrote: ctest tells
        program = counts.setdefault(file.stem, [0, 0])
        for case in cases:
            if case.get("status") == "run" and case.get("result") == "completed":
                program[case.find("failure") is not None] += 1
    return counts


def count(directory, code):
    by_program = gtest_counts(directory)
    passed = failed = 0
    for case in xml.parse(directory / "ctest.junit").getroot().iter("testcase"):
        good, bad = by_program.get(case.get("name"), [0, 0])
        if case.get("status") == "run":
            passed += good or (0 if bad else 1)
            failed += bad
        else:  # failed, killed or not found: at least one failure, also if each test had passed
            passed += good
            failed += max(bad, 1)
    if code != 0 and failed == 0:
        failed = 1
    return passed, failed


if __name__ == "__main__":
    print(*count(pathlib.Path(sys.argv[1]), int(sys.argv[2])))
