"""What somebody asks of an instance's commander from another process: a file in the instance's folder."""

from typing import Literal

from pydantic import ValidationError

from tradewind.commander.instance_folder import InstanceFolder
from tradewind.commander.resolved import replace_file
from tradewind.domain.model import Model

Action = Literal["stop", "restart"]


class Wish(Model):
    """`by` is shown to whoever asks why it happened."""

    action: Action
    by: str
    asked_at_ns: int


def make_wish(folder: InstanceFolder, wish: Wish) -> None:
    """A later wish replaces one that was not taken yet."""
    replace_file(folder.wish, wish.model_dump_json().encode())


def take_wish(folder: InstanceFolder) -> Wish | None:
    """The wish, once; what cannot be read is thrown away."""
    try:
        content = folder.wish.read_bytes()
        folder.wish.unlink()
        return Wish.model_validate_json(content)
    except (OSError, ValidationError):
        return None
