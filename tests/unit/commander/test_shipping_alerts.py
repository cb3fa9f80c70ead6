"""Alerts on their way to a chat: each is told, whatever was told with it and however long it is."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.fake_clock import FakeClock
from tradewind.commander.engine_line import EngineLine
from tradewind.commander.instance_folder import InstanceFolder, InstanceName
from tradewind.commander.strategy_file.settings import Logs
from tradewind.commander.triage.shipping import Shipping
from tradewind.commander.triage.spool import Spool
from tradewind.commander.triage.telegram import MOST_UNITS, cut, fitting
from tradewind.commander.triage.triage import Triage


def spool_of(folder: Path, texts: Sequence[str]) -> Spool:
    spool = Spool(folder / "spool", most_bytes=1 << 20)
    for text in texts:
        spool.put({"instance": "arb/main", "text": text})
    return spool


async def test_alerts_that_do_not_fit_into_one_message_are_told_in_several(tmp_path: Path) -> None:
    texts = [f"{number} " + "x" * 700 for number in range(9)] + ["wallet_halted"]
    sent: list[list[str]] = []

    async def send(alerts: Sequence[Any]) -> None:
        sent.append([alert["text"] for alert in alerts])

    spool = spool_of(tmp_path, texts)
    await Shipping(spool, send, FakeClock(), name="telegram", at_once=10, fitting=fitting).ship()
    assert list(itertools.chain(*sent)) == texts
    assert all(len("\n".join(together)) <= MOST_UNITS for together in sent)
    assert (len(sent), len(spool)) == (2, 0)


async def test_an_entry_that_cannot_be_sent_does_not_hold_up_the_others(tmp_path: Path) -> None:
    sent: list[str] = []

    async def send(alerts: Sequence[Any]) -> None:
        if alerts[0]["text"] == "odd":
            raise KeyError("labels")
        sent.append(alerts[0]["text"])

    await Shipping(spool_of(tmp_path, ["odd", "even"]), send, FakeClock(), name="loki", at_once=1).ship()
    assert sent == ["even"]


@given(texts=st.lists(st.text(max_size=6).map(lambda text: text * 300), min_size=1, max_size=12))
def test_what_is_sent_together_is_what_a_message_holds_and_all_of_it_is_sent(texts: list[str]) -> None:
    left = [{"text": text} for text in texts]
    while left:
        count = fitting(left)
        assert count >= 1
        message = "\n".join(cut(alert["text"], 1_000) for alert in left[:count])
        assert len(message.encode("utf-16-le")) // 2 <= 4_096
        left = left[count:]


@given(text=st.text(), most=st.integers(1, 20))
def test_a_text_is_cut_between_characters(text: str, most: int) -> None:
    made = cut(text, most)
    assert len(made.encode("utf-16-le")) // 2 <= most
    assert made == text or (made.endswith("…") and text.startswith(made[:-1]))


def test_a_broken_character_is_replaced_and_not_refused_by_the_server() -> None:
    assert cut("a\ud800b", 9).encode() == b"a?b"


def test_a_halt_is_told_when_so_many_alerts_came_before_that_others_are_not(tmp_path: Path) -> None:
    telegram = Spool(tmp_path / "spool", most_bytes=1 << 20)
    folder = InstanceFolder(tmp_path, InstanceName("arb"))
    triage = Triage(folder, Logs(alerts_burst=2), FakeClock(), loki=None, telegram=telegram)
    for event in ("odd", "odder", "oddest", "wallet_halted", "wallet_not_halted"):
        triage.hear(EngineLine(1, "error", event, ""))
    assert [entry["text"].split()[2] for entry in telegram.take(9)] == [
        "odd:",
        "odder:",
        "wallet_halted:",
        "wallet_not_halted:",
    ]
