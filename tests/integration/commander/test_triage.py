"""Log triage against servers with Loki's and Telegram's API: sorted, without repetitions, safe while they are away."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.fake_clock import FakeClock
from tests.integration.commander.desk import Desk
from tests.integration.commander.receivers import CHAT, TOKEN, Receivers
from tradewind.commander.engine_line import EngineLine, Level
from tradewind.commander.instance_folder import InstanceFolder, InstanceName
from tradewind.commander.strategy_file.settings import Logs
from tradewind.commander.triage.allowance import Allowance
from tradewind.commander.triage.classification import Topic, classified
from tradewind.commander.triage.repetitions import Repetitions
from tradewind.commander.triage.spool import Spool
from tradewind.commander.triage.triage import Triage
from tradewind.commander.triage.triaging import Triaging
from tradewind.errors import Misconfigured
from tradewind.observability.clock import SystemClock

S = 1_000_000_000


def line(event: str, level: Level = "info", message: str = "", **fields: Any) -> EngineLine:
    return EngineLine(1, level, event, message, fields)


def desk_with(folder: Path, receivers: Receivers, **changes: Any) -> Desk:
    """An instance that tells both servers."""
    token = folder / "bot.token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    logs = {
        "loki": {"url": receivers.url},
        "telegram": {"token_file": "bot.token", "chat_id": CHAT, "api": receivers.url},
    }
    return Desk(folder, commander__logs=logs, **changes)


def triaged() -> dict[str, Any]:
    return {"triaging": Triaging(SystemClock())}


async def test_what_an_engine_says_reaches_loki_with_labels_and_a_crash_reaches_the_chat(tmp_path: Path) -> None:
    async with Receivers().served() as receivers:
        desk = desk_with(
            tmp_path, receivers, parameters__stand_in={"fault": "crash"}, commander__restart={"policy": "never"}
        )
        await desk.supervisor(**triaged()).run()
        by_event = {json.loads(text)["event"]: (labels, text) for labels, _, text in receivers.lines}
        assert {"about_to_fail", "text", "engine_crashed"} <= set(by_event)
        labels, text = by_event["about_to_fail"]
        assert labels == {
            "job": "tradewind-engine",
            "strategy": "arb",
            "instance": "main",
            "level": "error",
            "topic": "other",
        }
        assert "hunter2" not in text
        assert by_event["text"][0]["topic"] == "panic"
        said = "\n".join(message["text"] for message in receivers.messages)
        assert "engine_crashed: exit code 70: a defect; 0 in flight" in said
        assert "hunter2" not in said
        buttons = receivers.messages[0]["reply_markup"]["inline_keyboard"][0]
        assert [button["callback_data"] for button in buttons] == ["status arb/main", "halt arb/main"]


async def test_buttons_tell_the_status_and_halt_the_wallet_and_only_for_the_chat(tmp_path: Path) -> None:
    async with Receivers().served() as receivers:
        desk = desk_with(tmp_path, receivers)
        async with desk.running(**triaged()):
            receivers.press("status arb/main")
            await receivers.until(lambda: len(receivers.messages) == 1)
            assert receivers.messages[0]["text"].startswith("arb/main is running: ready. Configuration 1 is in force")
            receivers.press("halt arb/main", chat=666)
            await receivers.until(lambda: len(receivers.answers) == 2)
            assert (desk.halts, receivers.answers[1]) == ([], "This chat may not ask for that.")
            receivers.press("halt arb/main")
            await receivers.until(lambda: len(receivers.messages) == 2)
            [(wallet, reason)] = desk.halts
            assert (wallet in receivers.messages[1]["text"], reason) == (True, "asked for by a button of an alert")
            receivers.press("halt sniper/main")
            await receivers.until(lambda: len(receivers.answers) == 4)
            assert receivers.answers[3] == "sniper/main does not run here."


async def test_servers_that_are_away_cost_nothing_and_get_everything_in_order_when_they_are_back(
    tmp_path: Path,
) -> None:
    async with Receivers().served() as receivers:
        receivers.failing = 503
        desk = desk_with(tmp_path, receivers, parameters__stand_in={"fault": "unavailable"})
        supervisor = desk.supervisor(**triaged())
        run = asyncio.create_task(supervisor.run())
        await receivers.until(lambda: receivers.refused >= 2)
        receivers.failing = None
        await receivers.until(lambda: receivers.lines)
        supervisor.stop(by="the test")
        await run
        assert json.loads(receivers.lines[0][2])["event"] == "feed_lost"


async def test_what_was_not_sent_before_a_restart_of_the_commander_is_sent_after_it(tmp_path: Path) -> None:
    async with Receivers().served() as receivers:
        receivers.failing = 500
        desk = desk_with(tmp_path, receivers)
        async with desk.running(**triaged()):
            await receivers.until(lambda: receivers.refused >= 1)
        assert receivers.lines == []
        receivers.failing = None
        async with desk.running(**triaged()):
            await receivers.until(lambda: len(receivers.lines) >= 2)
        events = [json.loads(text)["event"] for _, _, text in receivers.lines]
        assert events[:2] == ["engine_ready", "engine_stopped"]


async def test_lines_that_a_server_refuses_for_good_do_not_hold_up_the_others(tmp_path: Path) -> None:
    async with Receivers().served() as receivers:
        receivers.failing = 400
        desk = desk_with(tmp_path, receivers)
        async with desk.running(**triaged()):
            await receivers.until(lambda: receivers.refused >= 1)
            receivers.failing = None
            desk.rewrite(commander__logs=json.loads(desk.file.read_text())["commander"]["logs"], blacklist=[])
            desk.rewrite(limits__max_trade_lamports=3)
            await receivers.until(lambda: any("config_in_force" in text for _, _, text in receivers.lines))


async def test_a_token_that_others_can_read_is_refused(tmp_path: Path) -> None:
    async with Receivers().served() as receivers:
        desk = desk_with(tmp_path, receivers)
        (tmp_path / "bot.token").chmod(0o644)
        with pytest.raises(Misconfigured, match="can be read by others") as raised:
            await desk.supervisor(**triaged()).run()
        assert raised.value.remedy == f"chmod 600 {tmp_path / 'bot.token'}"


def test_repetitions_are_counted_and_told_when_their_window_is_over() -> None:
    repetitions = Repetitions(window_ms=1_000)
    heard = [repetitions.hear(line("slow", message=f"took {n} ms"), now_ns=n) for n in range(1_000)]
    assert [len(passed) for passed in heard] == [1] + [0] * 999
    [told] = repetitions.over(now_ns=S)
    assert (told.message, told.fields) == ("took 999 ms", {"repeated": 999})
    assert len(repetitions.hear(line("slow", message="took 5 ms"), now_ns=S + 1)) == 1
    assert len(repetitions.hear(line("slow", "warning", message="took 5 ms"), now_ns=S + 1)) == 1


def test_repetitions_keep_a_bounded_number_of_kinds() -> None:
    repetitions = Repetitions(window_ms=1_000, most_kinds=10)
    passed = sum(len(repetitions.hear(line(f"kind_{letter}"), now_ns=0)) for letter in "abcdefghijklmnopqrstuvwxyz")
    assert passed == 26


def test_an_allowance_lets_a_burst_pass_and_then_so_many_a_second() -> None:
    allowance = Allowance(per_s=10, burst=20, now_ns=0)
    assert sum(allowance.take(now_ns=0) for _ in range(100)) == 20
    assert sum(allowance.take(now_ns=S) for _ in range(100)) == 10
    assert (allowance.refused(), allowance.refused()) == (170, 0)


def test_a_spool_is_bounded_survives_a_restart_and_drops_the_oldest(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    spool = Spool(path, most_bytes=100)
    for number in range(50):
        spool.put({"n": number})
    assert (spool.take(1), spool.dropped) == ([{"n": 39}], 39)
    spool.done(3)
    again = Spool(path, most_bytes=100)
    kept = [entry["n"] for entry in again.take(100)]
    assert kept[-7:] == [43, 44, 45, 46, 47, 48, 49]
    again.done(100)
    assert (len(again), path.stat().st_size) == (0, 0)


@pytest.mark.parametrize(
    ("said", "topic", "is_alert"),
    [
        (line("engine_ready"), Topic.LIFE, False),
        (line("engine_crashed", "error"), Topic.LIFE, True),
        (line("config_refused", "warning"), Topic.CONFIGURATION, True),
        (line("feed_lost", "warning"), Topic.FEED, False),
        (line("attempt_sent"), Topic.TRADE, False),
        (line("text", "warning", "thread 'main' panicked at src/x.rs"), Topic.PANIC, True),
        (line("text", "warning", "Compiling serde"), Topic.OTHER, False),
        (line("odd", "error"), Topic.OTHER, True),
    ],
)
def test_lines_are_classified_by_their_event(said: EngineLine, topic: Topic, is_alert: bool) -> None:
    found = classified(said)
    assert (found.topic, found.is_alert) == (topic, is_alert)


def test_a_flood_is_held_back_and_its_size_is_told(tmp_path: Path) -> None:
    clock = FakeClock()
    loki, telegram = (Spool(tmp_path / name, most_bytes=1 << 20) for name in ("loki", "telegram"))
    folder = InstanceFolder(tmp_path, InstanceName("arb"))
    triage = Triage(folder, Logs(lines_per_s=5, alerts_burst=2), clock, loki=loki, telegram=telegram)
    letters = "abcdefghijklmnopqrstuvwxyz"
    for letter in letters:
        triage.hear(line(f"note_{letter}"))
        triage.hear(line(f"odd_{letter}", "error"))
        triage.hear(line(f"quiet_{letter}", "debug"))
    # A burst of 10 notes, and every alert; of alerts the chat hears 2.
    assert (len(loki), len(telegram)) == (10 + 26, 2)
    asyncio.run(clock.advance(10))
    triage.hear(line("note_after"))
    triage.hear(line("odd_after", "error"))
    told = [json.loads(entry["line"]).get("suppressed_before", 0) for entry in loki.take(100)]
    assert sum(told) == 26 - 10
    assert telegram.take(100)[-1]["text"].endswith("(and 24 more before)")
