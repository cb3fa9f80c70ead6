"""Output that nobody reads, or that somebody reads late: whoever writes never waits, and what arrives is whole."""

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from tradewind.cli.unhurried import UnhurriedFile, unhurried

LINE = "a line of the output " * 5 + "\n"


@contextmanager
def pipe() -> Iterator[tuple[int, TextIO]]:
    """The number of its reading end, and its writing end."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as target:
        yield reading, target


def test_whoever_writes_is_not_held_up_by_a_pipe_that_nobody_reads_and_what_is_left_out_is_counted() -> None:
    with pipe() as (reading, target):
        file = UnhurriedFile(target, most_bytes=100_000)
        for number in range(10_000):
            file.write(f"{number} {LINE}")
        assert (file.is_behind, file.left_out > 5_000) == (True, True)
        arrived: list[bytes] = []

        def read() -> None:
            while chunk := os.read(reading, 65_536):
                arrived.append(chunk)

        reader = threading.Thread(target=read)
        reader.start()
        file.finish(within_s=30)
        target.close()
        reader.join(30)
        os.close(reading)
    lines = b"".join(arrived).decode().splitlines(keepends=True)
    assert len(lines) + file.left_out == 10_000
    assert all(line.partition(" ")[2] == LINE for line in lines)
    numbers = [int(line.partition(" ")[0]) for line in lines]
    assert numbers == sorted(numbers)


def test_a_reader_that_is_gone_costs_what_it_would_have_read_and_raises_nothing() -> None:
    with pipe() as (reading, target):
        os.close(reading)
        file = UnhurriedFile(target)
        for _ in range(3):
            file.write(LINE)
        file.finish(within_s=30)
        assert (file.left_out, file.is_behind) == (3, False)


def test_all_is_written_at_the_end_where_somebody_reads() -> None:
    target = io.StringIO()
    with unhurried(target) as file:
        for number in range(100):
            file.write(f"{number}\n")
    assert target.getvalue() == "".join(f"{number}\n" for number in range(100))


def test_a_pipe_that_does_not_wait_for_room_gets_all_of_it() -> None:
    with pipe() as (reading, target):
        os.set_blocking(target.fileno(), False)
        file = UnhurriedFile(target)
        for _ in range(5_000):
            file.write(LINE)
        wanted, arrived = len(LINE) * 5_000, 0
        while arrived < wanted:
            arrived += len(os.read(reading, 65_536))
        file.finish(within_s=30)
        os.close(reading)
    assert (arrived, file.left_out) == (wanted, 0)
