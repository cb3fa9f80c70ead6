"""What the routes of the signer's limits take and answer."""

from typing import Annotated

from pydantic import Field

from tradewind.api.dto import RawText, Shown
from tradewind.api.portfolio_dto import BudgetShown
from tradewind.domain.model import Model


class LimitRequest(Model):
    """A new value, in the unit that the limit is counted in (smallest units for amounts), as a decimal string."""

    value: Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,77})$")]


class RaiseShown(Shown):
    """A looser value that was asked for and is not in force yet. None: no limit at all."""

    value: RawText | None
    effective_at: str
    by: str


class LimitShown(Shown):
    """One limit: its value in force, the most that it can be raised to, and the raises that wait. None: no limit."""

    key: str
    value: RawText | None
    ceiling: RawText | None
    by: str
    since: str
    pending: tuple[RaiseShown, ...]


class LimitsShown(Shown):
    """Every limit of the signer, and how much of those of amounts is used."""

    limits: tuple[LimitShown, ...]
    budgets: tuple[BudgetShown, ...]


class LimitChanged(Shown):
    """What a change came to: in force already, or, for a raise, from `effective_at` on."""

    key: str
    value: RawText
    in_force: bool
    effective_at: str
