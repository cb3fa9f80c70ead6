"""Reading the events of some types, all of them, page after page."""

from contextlib import closing
from pathlib import Path

from tests import builders
from tradewind.domain.events import PlanCreated
from tradewind.streaming.journal import Journal
from tradewind.streaming.journal_file import connect_reader
from tradewind.streaming.typed_rows import read_typed


async def test_reads_every_event_of_the_types_in_order_and_no_other(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    for _ in range(3):
        # More than a page of rows, of which one in eight is of the type.
        await journal.append([builders.envelope(body) for _ in range(120) for body in builders.lifecycle()])
    expected = [row.seq for row in journal.read(types=["PlanCreated"], limit=10_000)]
    assert len(expected) == 360
    with closing(connect_reader(tmp_path / "journal.db")) as log:
        found = list(read_typed(log, ["PlanCreated", "IntentRejected"]))
    assert [row.seq for row in found] == expected
    assert all(isinstance(row.envelope.body, PlanCreated) for row in found)
    journal.close()
