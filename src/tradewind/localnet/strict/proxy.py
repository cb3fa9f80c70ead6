"""The strict endpoint itself: HTTP in front of anvil, Arbitrum's rules, and misbehaviour on demand."""

import json
from asyncio import Event, gather
from collections import Counter
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, Self

from aiohttp import web

from tradewind.localnet.anvil import HOST
from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.strict.behaviour import (
    Behaviour,
    Exchange,
    Honest,
    Lie,
    Misbehaviour,
    Proceed,
    Shape,
    Transport,
    misbehaviour,
)
from tradewind.localnet.strict.json_rpc import Answer, Body, Call, Refusal, envelope, read_body
from tradewind.localnet.strict.node import StrictNode
from tradewind.localnet.strict.rules import Rules
from tradewind.localnet.strict.upstream import Upstream, UpstreamGone

_SHUTDOWN_S = 0.5


class StrictRpc:
    """`async with StrictRpc(chain.rpc_url) as strict:` serves at `strict.url` until the end.

    `port` 0 takes a free one. `asked` counts the requests by method, those that were misbehaved to included. `rules`
    may be changed while it runs. It lives in the event loop that started it: ask it from another thread, or with
    `await`, never with a call that blocks this loop.
    """

    def __init__(self, upstream_url: str, *, port: int = 0, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.asked: Counter[str] = Counter()
        self.url = ""
        self._port = port
        self._upstream = Upstream(upstream_url)
        self._node = StrictNode(self._upstream, self.rules)
        self._in_force: list[Misbehaviour] = []
        self._stopping = Event()
        self._runner: web.AppRunner

    async def __aenter__(self) -> Self:
        try:
            self._node.sequencer.chain_id = int(await self._upstream.result("eth_chainId"), 16)
            await self._listen()
        except UpstreamGone as failure:
            await self._upstream.close()
            raise LocalnetError("chain_unreachable", f"{self._upstream.url} does not answer: {failure}.") from failure
        except BaseException:
            await self._upstream.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping.set()
        await self._runner.cleanup()
        await self._upstream.close()

    async def _listen(self) -> None:
        app = web.Application(client_max_size=self.rules.max_body_bytes)
        app.router.add_post("/{tail:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=_SHUTDOWN_S, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, self._port).start()
        except OSError as failure:
            await self._runner.cleanup()
            raise LocalnetError(
                "port_in_use",
                f"Port {self._port} on {HOST} cannot be opened: {failure.strerror}.",
                remedy="Stop the program that has it, or choose another port (0 takes a free one).",
            ) from failure
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    # Misbehaving

    def misbehave(
        self,
        behaviour: Behaviour,
        *,
        methods: Collection[str] | None = None,
        times: int | None = None,
        every: int = 1,
        probability: float = 1.0,
        seed: int = 0,
    ) -> Misbehaviour:
        """Misbehave from the next request on, as well as in the ways that are already in force.

        Only for `methods` (default: all that it is about), at most `times` times, at every nth opportunity, or by
        chance, which `seed` makes repeatable. The answer counts how often it `struck`, and can `stop()` it.
        """
        rule = misbehaviour(behaviour, methods=methods, times=times, every=every, probability=probability, seed=seed)
        self._in_force.append(rule)
        return rule

    def behave(self) -> None:
        """Stop every misbehaviour."""
        self._in_force.clear()

    # Serving

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        try:
            body = read_body(content)
        except Refusal as refusal:
            return _json(json.dumps(envelope(None, refusal.answer)).encode())
        methods = [call.method for call in body.calls]
        self.asked.update(methods)
        striking = [rule.behaviour for rule in self._in_force if _disturbs(rule) and rule.strikes(methods)]
        carry_out = _Once(partial(self._carry_out, body, [item for item in striking if isinstance(item, Shape)]))
        exchange = Exchange(request, carry_out, self._stopping)

        async def plainly() -> web.StreamResponse:
            try:
                return _json(await carry_out())
            except UpstreamGone:
                return web.Response(status=502, text="502 Bad Gateway")

        proceed: Proceed = plainly
        for behaviour in striking:
            if isinstance(behaviour, Transport):
                proceed = partial(behaviour.transmit, exchange, proceed)
        return await proceed()

    async def _carry_out(self, body: Body, shapes: Sequence[Shape]) -> bytes:
        answers = iter(await self._answers(body.calls))
        payload: list[Any] = []
        for item in body.items:
            number, answer = (item.id, next(answers)) if isinstance(item, Call) else item
            if not (isinstance(item, Call) and item.is_notification):
                payload.append(envelope(number, answer))
        if not payload:
            return b""
        answered: Any = payload if body.is_batch else payload[0]
        for shape in shapes:
            answered = shape.reshape(answered)
        return json.dumps(answered).encode()

    async def _answers(self, calls: Sequence[Call]) -> list[Answer]:
        lies = [
            [
                rule.behaviour
                for rule in self._in_force
                if isinstance(rule.behaviour, Lie) and rule.strikes([call.method])
            ]
            for call in calls
        ]
        if not any(lies):
            return await self._node.answer(calls)
        return await gather(*(self._lied(call, told) for call, told in zip(calls, lies, strict=True)))

    async def _lied(self, call: Call, lies: Sequence[Behaviour]) -> Answer:
        honest: Honest = self._alone
        for lie in lies:
            if isinstance(lie, Lie):
                honest = partial(lie.answer, honest=honest)
        return await honest(call)

    async def _alone(self, call: Call) -> Answer:
        (answer,) = await self._node.answer([call])
        return answer


class _Once:
    """Carries a request out at the first call, and remembers the bytes of its answer."""

    def __init__(self, carry_out: Any) -> None:
        self._carry_out = carry_out
        self._content: bytes | None = None

    async def __call__(self) -> bytes:
        if self._content is None:
            self._content = await self._carry_out()
        return self._content


def _disturbs(rule: Misbehaviour) -> bool:
    return isinstance(rule.behaviour, (Transport, Shape))


def _json(content: bytes) -> web.Response:
    return web.Response(body=content, content_type="application/json")
