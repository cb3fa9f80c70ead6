"""The routes of the kill switch. They need nothing but the switch: a halt must work when all else is broken."""

from fastapi import FastAPI, Request, Response

from tradewind.api.answer import answer, request_id
from tradewind.api.body import read_model
from tradewind.api.dto import HaltRequest, ResumeRequest, SwitchShown
from tradewind.api.limits import Limits
from tradewind.api.openapi import body_of
from tradewind.api.patience import answer_within
from tradewind.api.ports import Switch

_BY = "api"


def add_switch_routes(app: FastAPI, *, switch: Switch, limits: Limits) -> None:
    """Add them to `app`."""

    @app.post("/halt", response_model=SwitchShown, openapi_extra=body_of(HaltRequest))
    async def halt(request: Request) -> Response:
        """Stop signing. Once this answers, no signature can be made until a resume."""
        wish = await read_model(request, HaltRequest, what="halt")
        work = switch.halt(reason=wish.reason, by=_BY)
        kill_epoch = await answer_within(limits.answer_s, work, request_id=request_id(request), path="/halt")
        return answer(SwitchShown(halted=True, kill_epoch=kill_epoch, reason=wish.reason))

    @app.get("/halt", response_model=SwitchShown)
    async def show_switch(request: Request) -> Response:
        """Where the kill switch stands."""
        state = await answer_within(limits.answer_s, switch.state(), request_id=request_id(request), path="/halt")
        return answer(SwitchShown(halted=state.halted, kill_epoch=state.kill_epoch, reason=state.halt_reason))

    @app.post("/resume", response_model=SwitchShown, openapi_extra=body_of(ResumeRequest))
    async def resume(request: Request) -> Response:
        """Allow signing again. The kill epoch proves that whoever asks has looked at the state of the switch."""
        wish = await read_model(request, ResumeRequest, what="resume")
        work = switch.resume(kill_epoch=wish.kill_epoch, by=_BY)
        kill_epoch = await answer_within(limits.answer_s, work, request_id=request_id(request), path="/resume")
        return answer(SwitchShown(halted=False, kill_epoch=kill_epoch, reason=None))
