"""What people copy from a terminal of 100 columns stays in one piece, and nothing is lost where it is narrow."""

import io
from uuid import uuid4

import pytest
from rich.console import Console, RenderableType
from rich.text import Text

from tests.unit.api.doubles import DAY_KEY
from tradewind.api.limit_dto import LimitShown, LimitsShown, RaiseShown
from tradewind.cli.limits import shown as limits_shown
from tradewind.cli.output import Hanging, table


def lines_of(renderable: RenderableType, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(renderable)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_details_stand_behind_their_head_where_there_is_room_and_below_it_where_there_is_not() -> None:
    line = Hanging(Text("head  "), Text("details of it"))
    assert lines_of(line, 19) == ["head  details of it"]
    assert lines_of(line, 18) == ["head", "    details of it"]


def test_an_unbroken_column_keeps_to_one_line_and_the_others_give_way() -> None:
    intent_id = str(uuid4())
    rows = [(intent_id, "acquire 1.5 WETH with USDC and more words than fit beside it")]
    first, second, *_ = lines_of(table(("intent", "wants"), rows, unbroken=("intent",)), 60)
    assert first.split() == ["intent", "wants"]
    assert second.startswith(f"{intent_id}  acquire")


@pytest.mark.parametrize("width", [60, 100, 200])
def test_the_name_of_a_limit_is_never_broken_and_what_waits_is_said(width: int) -> None:
    waits = RaiseShown(value="300000000000", effective_at="2026-11-21T16:30:00Z", by="owner")
    limit = LimitShown(
        key="chain.42161.max_slippage_bps", value="50", ceiling="100", by="owner", since="then", pending=()
    )
    raised = LimitShown(
        key=DAY_KEY, value="200000000000", ceiling="200000000000", by="signer.toml", since="then", pending=(waits,)
    )
    printed = lines_of(limits_shown(LimitsShown(limits=(limit, raised), budgets=())), max(width, len(DAY_KEY)))
    assert any(line.startswith(DAY_KEY) for line in printed)
    said = " ".join(" ".join(printed).split())
    assert "50, ceiling 100, set by owner at then" in said
    assert "200000000000, 300000000000 from 2026-11-21T16:30:00Z (by owner)" in said
