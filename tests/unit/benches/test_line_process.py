"""A process asked in JSON lines: its answers come back, and its failures do not pass for answers."""

import sys

import pytest

from benches.line_process import LineProcess, ProcessFailed

ECHO = "import sys, json\nfor line in sys.stdin: print(json.dumps({'got': json.loads(line)}), flush=True)"


def test_answers_come_back_in_order() -> None:
    with LineProcess([sys.executable, "-c", ECHO]) as process:
        assert [process.ask(number=n)["got"]["number"] for n in range(5)] == list(range(5))


def test_an_error_is_raised_with_what_it_says() -> None:
    said = "import sys, json\nsys.stdin.readline(); print(json.dumps({'error': 'no such pool'}), flush=True)"
    with LineProcess([sys.executable, "-c", said]) as process, pytest.raises(ProcessFailed, match="no such pool"):
        process.ask(op="quote")


def test_a_process_that_ends_is_noticed() -> None:
    with (
        LineProcess([sys.executable, "-c", "import sys; sys.stdin.readline()"]) as process,
        pytest.raises(ProcessFailed, match="ended without an answer"),
    ):
        process.ask(op="quote")


def test_a_process_that_has_ended_is_not_asked_in_vain() -> None:
    with LineProcess([sys.executable, "-c", ""]) as process:
        with pytest.raises(ProcessFailed):
            process.ask(op="quote")
        with pytest.raises(ProcessFailed):
            process.ask(op="quote" * 100_000)
