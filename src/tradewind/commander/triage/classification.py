"""What a line is about, and whether somebody is to be told at once."""

from dataclasses import dataclass
from enum import StrEnum

from tradewind.commander.engine_line import EngineLine


class Topic(StrEnum):
    """A label of few values, fit for an index."""

    LIFE = "life"
    CONFIGURATION = "configuration"
    FEED = "feed"
    TRADE = "trade"
    SIGNER = "signer"
    PANIC = "panic"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Class:
    """`is_alert`: a person is to be told at once."""

    topic: Topic
    is_alert: bool


_PREFIXES = {
    "engine_": Topic.LIFE,
    "commander_": Topic.LIFE,
    "wallet_": Topic.LIFE,
    "config_": Topic.CONFIGURATION,
    "rules_": Topic.CONFIGURATION,
    "feed_": Topic.FEED,
    "pool_": Topic.FEED,
    "pools_": Topic.FEED,
    "in_flight": Topic.TRADE,
    "planned": Topic.TRADE,
    "held": Topic.TRADE,
    "released": Topic.TRADE,
    "discarded": Topic.TRADE,
    "sent": Topic.TRADE,
    "timed": Topic.TRADE,
    "executed": Topic.TRADE,
    "result_": Topic.TRADE,
    "opportunity_": Topic.TRADE,
    "plan_": Topic.TRADE,
    "attempt_": Topic.TRADE,
    "trade_": Topic.TRADE,
    "gate_": Topic.SIGNER,
    "signer_": Topic.SIGNER,
}
_ALERTS = frozenset({"engine_crashed", "wallet_halted", "config_refused"})


def classified(line: EngineLine) -> Class:
    """By its event; free text is a panic when it says so."""
    if line.event == "text" and "panicked at" in line.message:
        return Class(Topic.PANIC, is_alert=True)
    topic = next((topic for prefix, topic in _PREFIXES.items() if line.event.startswith(prefix)), Topic.OTHER)
    return Class(topic, is_alert=line.level == "error" or line.event in _ALERTS)
