"""The routes of the kill switch. They need nothing but the switch: a halt must work when all else is broken."""

from collections.abc import Collection

from fastapi import FastAPI, Request, Response

from tradewind.api.answer import answer, request_id
from tradewind.api.body import read_model
from tradewind.api.dto import HaltAnswer, HaltRequest, HaltShown, ResumeRequest, SwitchShown
from tradewind.api.labels import moment
from tradewind.api.limits import Limits
from tradewind.api.openapi import body_of
from tradewind.api.patience import answer_within
from tradewind.api.ports import Halt, Switch
from tradewind.api.scopes import caller_of
from tradewind.domain.strategy import Strategy
from tradewind.errors import InvalidInput
from tradewind.observability.clock import NS_PER_MS


def add_switch_routes(app: FastAPI, *, switch: Switch, strategies: Collection[Strategy], limits: Limits) -> None:
    """Add them to `app`."""

    @app.post("/halt", response_model=HaltAnswer, openapi_extra=body_of(HaltRequest))
    async def halt(request: Request) -> Response:
        """Stop signing. Once this answers, no signature can be made in its scope until a resume.

        Without wallet and strategy it stops everything.
        """
        wish = await read_model(request, HaltRequest, what="halt")
        _check_known(wish, strategies)
        strategy_id = None if wish.strategy_id is None else str(wish.strategy_id)
        by = caller_of(request).name
        work = switch.halt(reason=wish.reason, by=by, wallet=wish.wallet, strategy_id=strategy_id)
        kill_epoch = await answer_within(limits.answer_s, work, request_id=request_id(request), path="/halt")
        return answer(
            HaltAnswer(
                halted=True, kill_epoch=kill_epoch, wallet=wish.wallet, strategy_id=strategy_id, reason=wish.reason
            )
        )

    @app.get("/halt", response_model=SwitchShown)
    async def show_switch(request: Request) -> Response:
        """Where the kill switch stands, and every halt in force."""
        state = await answer_within(limits.answer_s, switch.state(), request_id=request_id(request), path="/halt")
        return answer(
            SwitchShown(
                halted=state.halted,
                kill_epoch=state.kill_epoch,
                reason=state.halt_reason,
                halts=tuple(map(_shown, state.halts)),
            )
        )

    @app.post("/resume", response_model=HaltAnswer, openapi_extra=body_of(ResumeRequest))
    async def resume(request: Request) -> Response:
        """End one halt; others stay in force. Its epoch proves that whoever asks has looked at the switch."""
        wish = await read_model(request, ResumeRequest, what="resume")
        work = switch.resume(kill_epoch=wish.kill_epoch, by=caller_of(request).name)
        kill_epoch = await answer_within(limits.answer_s, work, request_id=request_id(request), path="/resume")
        return answer(HaltAnswer(halted=False, kill_epoch=kill_epoch))


def _check_known(wish: HaltRequest, strategies: Collection[Strategy]) -> None:
    """A halt of what does not exist would look like one and stop nothing."""
    if wish.wallet is not None and wish.wallet not in {strategy.wallet for strategy in strategies}:
        message = "is the wallet of no strategy, so nothing would be stopped. Leave it out to stop everything."
        raise InvalidInput.one("wallet", "wallet_unknown", message, what="halt")
    if wish.strategy_id is not None and wish.strategy_id not in {strategy.id for strategy in strategies}:
        message = "is no configured strategy, so nothing would be stopped. Leave it out to stop everything."
        raise InvalidInput.one("strategy_id", "strategy_unknown", message, what="halt")


def _shown(halt: Halt) -> HaltShown:
    return HaltShown(
        kill_epoch=halt.kill_epoch,
        wallet=halt.wallet,
        strategy_id=halt.strategy_id,
        reason=halt.reason,
        by=halt.by,
        at=moment(halt.at_ms * NS_PER_MS),
    )
