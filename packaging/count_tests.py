"""Adds up the tests of every suite and prints the count as the last line; fails when any failed or none ran."""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

# The worse an outcome, the later: a test that fails and whose end then fails too stands in a file twice.
PASSED, SKIPPED, FAILED = range(3)


def main(paths: list[str]) -> int:
    """Read JUnit files; the exit code is 0 only if at least one test ran and each passed in its last attempt.

    A later file is the later attempt. Tests that needed one are named.
    """
    outcomes: dict[str, int] = {}
    unsteady: list[str] = []
    for path in paths:
        root = ET.parse(Path(path)).getroot()  # noqa: S314 (written a moment ago by our own test runs)
        attempt: dict[str, int] = {}
        for case in root.iter("testcase"):
            name = f"{case.get('classname')}::{case.get('name')}"
            attempt[name] = max(attempt.get(name, PASSED), _outcome(case))
            # What nextest writes of a test whose later attempt passed.
            unsteady += [name] if _has(case, "flakyFailure", "flakyError") else []
        unsteady += [name for name, outcome in attempt.items() if outcomes.get(name) == FAILED and outcome == PASSED]
        outcomes |= attempt
    for name in unsteady:
        print(f"passed in a second attempt only: {name}")
    passed, skipped, failed = (list(outcomes.values()).count(outcome) for outcome in (PASSED, SKIPPED, FAILED))
    skips = f", {skipped} skipped" if skipped else ""
    print(f"tests: {passed} passed, {failed} failed{skips}")
    return 1 if failed or not passed else 0


def _outcome(case: ET.Element) -> int:
    return FAILED if _has(case, "failure", "error") else SKIPPED if _has(case, "skipped") else PASSED


def _has(case: ET.Element, *tags: str) -> bool:
    return any(case.find(tag) is not None for tag in tags)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
