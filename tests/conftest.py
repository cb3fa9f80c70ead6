"""What holds for every test: a property is judged by its answers, never by how long one example took, and everything
runs under the limits of a fresh interpreter."""

import sys

from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

# Of a fresh interpreter. A library that only tests use raises it so far that deep text would end the process.
_RECURSION_LIMIT = sys.getrecursionlimit()


def pytest_runtest_setup() -> None:
    sys.setrecursionlimit(_RECURSION_LIMIT)
