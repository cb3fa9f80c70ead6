"""One function per business event: the log line today, and whoever listens."""

from collections.abc import Callable
from uuid import UUID

from tradewind.observability.log import Level, write

Listener = Callable[[str, dict[str, object]], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have `listener` called with the name and fields of each business event, as it happens."""
    _listeners.append(listener)


def _tell(name: str, **fields: object) -> None:
    for listener in _listeners:
        listener(name, fields)


def service_started(*, url: str, open_intents: int) -> None:
    """The service has recovered and takes intents."""
    write("info", "service_started", url=url, open_intents=open_intents)
    _tell("service_started", url=url)


def service_stopped(*, open_intents: int) -> None:
    """The service stopped in good order."""
    write("info", "service_stopped", open_intents=open_intents)


def event_recorded(*, type_name: str, subject: str, seq: int) -> None:
    """An event is on disk."""
    write("info", "event_recorded", type=type_name, subject=subject, seq=seq)
    _tell("event_recorded", type=type_name, seq=seq)


def attempt_signed(*, intent_id: UUID, step: int, attempt: int, tx_hash: str, nonce: int) -> None:
    """The signer released the bytes of a transaction; they have not been sent yet."""
    write("info", "attempt_signed", intent=intent_id, step=step, attempt=attempt, tx_hash=tx_hash, nonce=nonce)
    _tell("attempt_signed", intent_id=intent_id)


def attempt_sent(*, intent_id: UUID, step: int, tx_hash: str, answer: str) -> None:
    """A transaction was handed to an endpoint, which answered."""
    write("info", "attempt_sent", intent=intent_id, step=step, tx_hash=tx_hash, answer=answer)
    _tell("attempt_sent", intent_id=intent_id)


def receipt_seen(*, intent_id: UUID, step: int, tx_hash: str, outcome: str, block: int) -> None:
    """The chain has included a transaction; the journal does not know yet."""
    write("info", "receipt_seen", intent=intent_id, step=step, tx_hash=tx_hash, outcome=outcome, block=block)
    _tell("receipt_seen", intent_id=intent_id)


def waiting(*, intent_id: UUID, what: str, code: str, message: str) -> None:
    """Progress is held up by something outside; it will be tried again."""
    write("warning", "waiting", intent=intent_id, what=what, code=code, message=message)
    _tell("waiting", intent_id=intent_id, code=code)


def handler_failed(*, subscription: str, seq: int, failure: BaseException, retry_in_s: float) -> None:
    """A consumer raised; the event will be handed to it again."""
    write("error", "handler_failed", subscription=subscription, seq=seq, retry_in_s=retry_in_s, failure=failure)
    _tell("handler_failed", subscription=subscription)


def pools_reloaded(*, chain_id: int, venue: str, pools: int, block: int, because: str) -> None:
    """The pool graph was read anew from the chain."""
    write("info", "pools_reloaded", chain_id=chain_id, venue=venue, pools=pools, block=block, because=because)


def endpoint_failed(*, url: str, code: str, message: str) -> None:
    """An RPC endpoint did not answer as it should; the next one is asked."""
    write("warning", "endpoint_failed", url=url, code=code, message=message)


def balances_not_read(*, chain_id: int, wallet: str, code: str, message: str) -> None:
    """A wallet could not be read for the accounts; it is tried again."""
    write("warning", "balances_not_read", chain_id=chain_id, wallet=wallet, code=code, message=message)
    _tell("balances_not_read", chain_id=chain_id, wallet=wallet)


def request_failed(*, request_id: str, path: str, failure: BaseException) -> None:
    """A request met an error that nobody expected."""
    write("error", "request_failed", request_id=request_id, path=path, failure=failure)
    _tell("request_failed", request_id=request_id)


def request_refused(
    *, request_id: str, method: str, path: str, status: int, code: str, token: str | None, left_out: int
) -> None:
    """A request was not allowed, or not possible; `left_out` others before it have no line of their own."""
    write(
        "warning",
        "request_refused",
        request_id=request_id,
        method=method,
        path=path,
        status=status,
        code=code,
        token=token,
        left_out=left_out,
    )
    _tell("request_refused", request_id=request_id, status=status, code=code, token=token, left_out=left_out)


def tokens_unreadable(*, code: str, message: str) -> None:
    """The list of tokens has changed and cannot be read: none of its tokens is taken."""
    write("error", "tokens_unreadable", code=code, message=message)


def kill_switch_engaged(*, kill_epoch: int, by: str, reason: str) -> None:
    """Nothing will be signed."""
    write("warning", "kill_switch_engaged", kill_epoch=kill_epoch, by=by, reason=reason)


def kill_switch_released(*, kill_epoch: int, by: str) -> None:
    """Signing is possible again."""
    write("warning", "kill_switch_released", kill_epoch=kill_epoch, by=by)


def record_lost(*, what: str, code: str, message: str) -> None:
    """Something took effect, but the journal could not be told."""
    write("error", "record_lost", what=what, code=code, message=message)
    _tell("record_lost", what=what)


def overdue(*, intent_id: UUID, what: str) -> None:
    """An intent is open long after its deadline: an operator has to look."""
    write("error", "overdue", intent=intent_id, waits_for=what)
    _tell("overdue", intent_id=intent_id)


def reorganisation_seen(*, chain_id: int, block: int, steps: int) -> None:
    """Blocks that held transactions of ours are no longer part of the chain; `steps` of them are to be looked at."""
    write("warning", "reorganisation_seen", chain_id=chain_id, block=block, steps=steps)
    _tell("reorganisation_seen", chain_id=chain_id)


def step_settled(*, intent_id: UUID, step: int, tx_hash: str, block: int) -> None:
    """The gate knows how a step ended, finally; the journal does not know yet."""
    write("info", "step_settled", intent=intent_id, step=step, tx_hash=tx_hash, block=block)
    _tell("step_settled", intent_id=intent_id)


def finality_held_up(*, chain_id: int, code: str, message: str) -> None:
    """The chain, or what is finalized on it, could not be followed; it will be tried again."""
    write("warning", "finality_held_up", chain_id=chain_id, code=code, message=message)


def nonce_sent_again(*, chain_id: int, wallet: str, nonce: int, owner: str, tx_hash: str, answer: str) -> None:
    """A transaction that the chain does not have (any more) was handed over again, so that later ones can follow."""
    write(
        "warning",
        "nonce_sent_again",
        chain_id=chain_id,
        wallet=wallet,
        nonce=nonce,
        owner=owner,
        tx_hash=tx_hash,
        answer=answer,
    )
    _tell("nonce_sent_again", nonce=nonce)


def later_attempt_signed(*, intent_id: UUID, step: int, attempt: int, tx_hash: str, noop: bool, why: str) -> None:
    """Another transaction with the nonce of a step was signed: the trade at a higher fee, or one that does nothing."""
    write(
        "warning",
        "later_attempt_signed",
        intent=intent_id,
        step=step,
        attempt=attempt,
        tx_hash=tx_hash,
        noop=noop,
        why=why,
    )
    _tell("later_attempt_signed", intent_id=intent_id)


def book_lost(*, venue: str, instrument: str, code: str, message: str) -> None:
    """An exchange's book cannot be relied on, or its snapshot not be had; it is synchronised anew."""
    write("warning", "book_lost", venue=venue, instrument=instrument, code=code, message=message)
    _tell("book_lost", venue=venue, code=code)


def pool_left_out(*, chain_id: int, pool: str, code: str, message: str) -> None:
    """A pool cannot be quoted and is left out of every route until it can."""
    write("warning", "pool_left_out", chain=chain_id, pool=pool, code=code, message=message)
    _tell("pool_left_out", pool=pool, code=code)


def plan_taken(*, plan_id: UUID, executor: str, recovered: bool) -> None:
    """An executor has a plan on record, and carries it out; `recovered` when a signature of it was there already."""
    write("info", "plan_taken", plan=plan_id, executor=executor, recovered=recovered)
    _tell("plan_taken", plan_id=plan_id, recovered=recovered)


def plan_routed(*, plan_id: UUID, executor: str, because: str) -> None:
    """The selector has chosen who sends it."""
    write("info", "plan_routed", plan=plan_id, executor=executor, because=because)


def plan_signed(*, plan_id: UUID, attempt: int, signature: str, wallet: str) -> None:
    """The gate recorded and signed a transaction of a plan; it has not been sent yet."""
    write("info", "plan_signed", plan=plan_id, attempt=attempt, signature=signature, wallet=wallet)
    _tell("plan_signed", plan_id=plan_id, attempt=attempt)


def plan_sent(*, plan_id: UUID, signature: str, lane: str, answer: str) -> None:
    """The bytes of a plan were handed to a lane, which answered."""
    write("info", "plan_sent", plan=plan_id, signature=signature, lane=lane, answer=answer)
    _tell("plan_sent", plan_id=plan_id, lane=lane)


def attempt_expired(*, plan_id: UUID, signature: str) -> None:
    """A signature was proven dead; the plan may be signed anew."""
    write("warning", "attempt_expired", plan=plan_id, signature=signature)
    _tell("attempt_expired", plan_id=plan_id)


def plan_ended(*, plan_id: UUID, status: str, code: str | None, latency_ms: int) -> None:
    """The result of a plan is on disk."""
    write("info", "plan_ended", plan=plan_id, status=status, code=code, latency_ms=latency_ms)
    _tell("plan_ended", plan_id=plan_id, status=status)


def plan_left(*, plan_id: UUID, wallet: str) -> None:
    """Another executor has signed the plan's step: it is left to that one."""
    write("info", "plan_left", plan=plan_id, wallet=wallet)
    _tell("plan_left", plan_id=plan_id)


def execution_waits(*, plan_id: UUID, code: str, message: str) -> None:
    """An execution is held up by something outside; it will be tried again."""
    write("warning", "execution_waits", plan=plan_id, code=code, message=message)
    _tell("execution_waits", plan_id=plan_id, code=code)


def not_signed(*, plan_id: UUID, code: str, message: str) -> None:
    """Nothing more will be signed for a plan, for this reason; what was signed is followed to its end."""
    write("warning", "not_signed", plan=plan_id, code=code, message=message)
    _tell("not_signed", plan_id=plan_id, code=code)


def execution_alarm(*, plan_id: UUID, code: str, message: str) -> None:
    """Something happened to an execution that an operator has to look at."""
    write("error", "execution_alarm", plan=plan_id, code=code, message=message)
    _tell("execution_alarm", plan_id=plan_id, code=code)


def hook_failed(*, plan_id: UUID, stage: str, failure: BaseException) -> None:
    """Somebody who watches the stages of an execution raised; the execution goes on."""
    write("error", "hook_failed", plan=plan_id, stage=stage, failure=failure)
    _tell("hook_failed", plan_id=plan_id, stage=stage)


def executor_started(*, executor: str, open_plans: int) -> None:
    """An executor has reconciled what it left behind, and takes plans."""
    write("info", "executor_started", executor=executor, open_plans=open_plans)
    _tell("executor_started", executor=executor)


def executor_stopped(*, executor: str, reason: str, open_plans: int) -> None:
    """An executor stopped; the open plans are taken up by its next start."""
    write("info", "executor_stopped", executor=executor, reason=reason, open_plans=open_plans)
    _tell("executor_stopped", executor=executor, reason=reason)


def bus_connection(*, url: str, state: str, detail: str = "") -> None:
    """The connection to the message bus changed: connected, disconnected, reconnected, closed."""
    write("info" if state in {"connected", "reconnected"} else "warning", "bus", url=url, state=state, detail=detail)
    _tell("bus", state=state)


def relay_waits(*, subject: str, code: str, message: str, retry_in_s: float) -> None:
    """The bus did not acknowledge an event; it is sent again."""
    write("warning", "relay_waits", subject=subject, code=code, message=message, retry_in_s=retry_in_s)
    _tell("relay_waits", subject=subject)


def part_failed(*, part: str, failure: BaseException) -> None:
    """A part of the commander that runs beside the engines failed by itself; it is begun anew."""
    write("error", "part_failed", part=part, failure=failure)
    _tell("part_failed", part=part)


def rules_taken(*, file: str, version: int) -> None:
    """The changed file of the market rules is what is decided by from now on."""
    write("warning", "rules_taken", file=file, version=version)


def rules_refused(*, file: str, message: str) -> None:
    """The changed file of the market rules has mistakes; the rules before it go on."""
    write("error", "rules_refused", file=file, message=message)


def message_refused(*, subject: str, code: str, message: str) -> None:
    """A message on the bus cannot be read, and will not be better the next time: it is not delivered again."""
    write("error", "message_refused", subject=subject, code=code, message=message)
    _tell("message_refused", subject=subject, code=code)


def consumer_waits(*, consumer: str, code: str, message: str, retry_in_s: float) -> None:
    """Messages cannot be fetched from the bus now; it is tried again."""
    write("warning", "consumer_waits", consumer=consumer, code=code, message=message, retry_in_s=retry_in_s)
    _tell("consumer_waits", consumer=consumer, code=code)


def feed_changed(*, feed: str, state: str, endpoint: str, detail: str) -> None:
    """A feed tells, or was lost; while it is lost, what it would have told is asked for by the clock."""
    level: Level = "warning" if state == "down" else "info"
    write(level, "feed_changed", feed=feed, state=state, endpoint=endpoint, detail=detail)
    _tell("feed_changed", feed=feed, state=state)


def bundle_told(*, bundle_id: str, region: str, kind: str, slot: int | None, reason: str | None, detail: str) -> None:
    """A region of the block engine said what became of a bundle of ours; what landed, the chain says."""
    level: Level = "warning" if kind in ("rejected", "dropped") else "info"
    write(level, "bundle_told", bundle=bundle_id, region=region, kind=kind, slot=slot, reason=reason, detail=detail)
    _tell("bundle_told", kind=kind, reason=reason)


def wallet_not_followed(*, wallet: str, most_accounts: int) -> None:
    """A wallet's accounts are more than a feed takes: it is read by the clock, and for each trade."""
    write("warning", "wallet_not_followed", wallet=wallet, most_accounts=most_accounts)
    _tell("wallet_not_followed", wallet=wallet)


def wallet_not_read(*, wallet: str, code: str, message: str) -> None:
    """A wallet's balances could not be read; what was known of it stands."""
    write("warning", "wallet_not_read", wallet=wallet, code=code, message=message)
    _tell("wallet_not_read", wallet=wallet, code=code)


def upkeep_signed(*, name: str, wallet: str, signature: str) -> None:
    """The signer released a transaction that keeps a wallet in order: it takes receipts back, or tops it up."""
    write("info", "upkeep_signed", upkeep=name, wallet=wallet, signature=signature)
    _tell("upkeep_signed", upkeep=name, wallet=wallet)


def upkeep_expired(*, name: str, signature: str) -> None:
    """Such a transaction is in no block and never can be; another one may take its place."""
    write("warning", "upkeep_expired", upkeep=name, signature=signature)
    _tell("upkeep_expired", upkeep=name)


def upkeep_held_up(*, wallet: str, code: str, message: str) -> None:
    """Receipts of a wallet could not be taken back, or it could not be topped up; it will be tried again."""
    write("warning", "upkeep_held_up", wallet=wallet, code=code, message=message)
    _tell("upkeep_held_up", wallet=wallet, code=code)


def receipts_reclaimed(*, wallet: str, signature: str, receipts: int, lamports_back: int, fee_lamports: int) -> None:
    """The rents of receipts are the wallet's again, in a final block."""
    write(
        "info",
        "receipts_reclaimed",
        wallet=wallet,
        signature=signature,
        receipts=receipts,
        lamports_back=lamports_back,
        fee_lamports=fee_lamports,
    )
    _tell("receipts_reclaimed", wallet=wallet, receipts=receipts)


def wallet_low(*, wallet: str, lamports: int) -> None:
    """A wallet holds less than a trade may take; it rests until it holds more."""
    write("warning", "wallet_low", wallet=wallet, lamports=lamports)
    _tell("wallet_low", wallet=wallet)


def wallet_topped_up(*, wallet: str, signature: str, lamports: int, fee_lamports: int) -> None:
    """The treasury's lamports are the wallet's, in a final block."""
    write("info", "wallet_topped_up", wallet=wallet, signature=signature, lamports=lamports, fee_lamports=fee_lamports)
    _tell("wallet_topped_up", wallet=wallet)
