"""The other side of `LineProcess` in Python: JSON lines in, JSON lines out."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any


def serve(operations: Mapping[str, Callable[..., dict[str, Any]]]) -> None:
    """Answers each request with the operation that it names, until the input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = operations[request.pop("op")](**request)
        except Exception as error:  # noqa: BLE001 - the asker decides what an error means
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
