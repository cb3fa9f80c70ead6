"""Asks the commander of an instance for something, and waits until it is done."""

import getpass
import time
from collections.abc import Callable

from tradewind.commander.instance_folder import InstanceFolder
from tradewind.commander.instance_state import InstanceState, current_state
from tradewind.commander.wish import Action, Wish, make_wish
from tradewind.errors import Unavailable

_LOOK_EVERY_S = 0.05


def wish_for(folder: InstanceFolder, action: Action) -> None:
    """Leave the wish in the instance's folder."""
    make_wish(folder, Wish(action=action, by=_me(), asked_at_ns=time.time_ns()))


def wait_until(
    folder: InstanceFolder, holds: Callable[[InstanceState | None], bool], *, what: str, within_s: float
) -> InstanceState | None:
    """The state for which it holds; raises Unavailable `commander_silent` when there is none in time."""
    give_up = time.monotonic() + within_s
    while not holds(state := current_state(folder)):
        if time.monotonic() > give_up:
            raise Unavailable(
                "commander_silent",
                f"{folder.name} has not {what} within {within_s:.0f} s.",
                remedy=f"It may still: tradewind status {folder.name}; and its words: tradewind logs {folder.name}",
            )
        time.sleep(_LOOK_EVERY_S)
    return state


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
