"""Which intents a request is about: what its query asks for, within what its token may see."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic_core import PydanticCustomError

from tradewind.api.scopes import caller_of, check_strategy
from tradewind.domain.address import parse_evm_address
from tradewind.domain.status import IntentStatus
from tradewind.errors import InvalidInput, NotFound
from tradewind.state.archive import Selection
from tradewind.state.view import IntentView

IntentId = Annotated[UUID, Path(alias="id", description="The id of the intent.")]
StrategyId = Annotated[UUID | None, Query(alias="strategy", description="Only intents of the strategy of this id.")]
Wallet = Annotated[str | None, Query(description="Only intents of the wallet at this address.")]


def selection_of(
    request: Request, *, strategy_id: UUID | None, wallet: str | None, status: IntentStatus | None = None
) -> Selection:
    """What the query asks for; without a strategy, all that the token is for. Raises Forbidden for another one."""
    caller = caller_of(request)
    address = None if wallet is None else _address(wallet)
    if strategy_id is None:
        return Selection(strategies=caller.strategies, wallet=address, status=status)
    check_strategy(caller, strategy_id)
    return Selection(strategies=frozenset({strategy_id}), wallet=address, status=status)


def visible(request: Request, view: IntentView | None, intent_id: UUID) -> IntentView:
    """The view, if the token may see it. What it may not see is not told apart from what is not there."""
    if view is None or not caller_of(request).may_use(view.intent.strategy_id):
        raise NotFound("intent_not_found", f"There is no intent with the id {intent_id}.")
    return view


def _address(text: str) -> str:
    try:
        return parse_evm_address(text)
    except PydanticCustomError as error:
        raise InvalidInput.one("query.wallet", error.type, error.message(), what="query") from None
