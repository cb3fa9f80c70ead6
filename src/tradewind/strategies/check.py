"""Looks at a user's file and its parameters: `python -m tradewind.strategies.check FILE`, parameters on standard input.

A process of its own, since a file runs when it is read. Standard output is one JSON object, `{"mistakes": [...]}`.
"""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from tradewind.strategies.loading import Unloadable, load_strategy, made
from tradewind.strategies.parameters import Mistake, MistakenParameters, read_parameters
from tradewind.strategies.private_pipes import private_pipes


def mistakes_in(file: Path, parameters: dict[str, Any]) -> list[Mistake]:
    """Of the file, or of the parameters for it."""
    try:
        kind = load_strategy(file)
        made(kind)
        read_parameters(kind.parameters_type(), parameters)
    except Unloadable as error:
        return [error.mistake]
    except MistakenParameters as error:
        return error.mistakes
    return []


def main(file: Path) -> None:
    """Write the answer."""
    questions, answers = private_pipes()
    found = mistakes_in(file, json.loads(questions.read()))
    answers.write(json.dumps({"mistakes": [dataclasses.asdict(mistake) for mistake in found]}).encode())
    answers.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
