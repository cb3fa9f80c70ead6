"""Tells of wallets that are low, and has those topped up that the signer's policy lets its treasury top up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4, uuid5

from tradewind import core
from tradewind.domain.chain import LAMPORTS
from tradewind.domain.event import NAMESPACE
from tradewind.domain.events import Envelope, WalletToppedUp
from tradewind.errors import Refused, TradewindError
from tradewind.execution.executors.outcomes import Landed, Reverted
from tradewind.execution.executors.ports import Blockhash, Blockhashes, SignedAttempt
from tradewind.execution.signer_answers import TopUps
from tradewind.execution.solana.upkeep import Upkeep
from tradewind.observability import events as observe
from tradewind.streaming.event_stream import EventStream

_BLANK = bytes(64)
# A transfer and the compute budget take 450 units.
_UNITS = 1_000
# What the treasury keeps: the rent of its own account, and the fee with room.
_KEPT_LAMPORTS = 2_000_000
# Less is not worth the fee.
_LEAST_LAMPORTS = 1_000_000
# system_instruction::Transfer.
_TRANSFER = bytes([2, 0, 0, 0])
_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpLimits:
    """`to_lamports` is what a wallet that is low should have again; 0: nobody is topped up."""

    to_lamports: int
    every_s: float
    micro_lamports_per_unit: int


class WalletTopUps:
    """`run` it for as long as the service lives. `low`: what the wallets that are low hold, in lamports."""

    def __init__(
        self,
        upkeep: Upkeep,
        *,
        low: Callable[[], Mapping[str, int]],
        blockhashes: Blockhashes,
        stream: EventStream,
        run_id: UUID,
        limits: TopUpLimits,
    ) -> None:
        self._upkeep = upkeep
        self._cluster = upkeep.cluster
        self._signer = upkeep.signer
        self._low = low
        self._blockhashes = blockhashes
        self._stream = stream
        self._run_id = run_id
        self._limits = limits
        self._told: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Look again and again; what fails is tried again the next time."""
        while True:
            under_way = False
            try:
                under_way = await self.look()
            except TradewindError as error:
                observe.upkeep_held_up(wallet="treasury", code=error.code, message=str(error))
            await self._upkeep.clock.sleep(_PAUSE_S if under_way else self._limits.every_s)

    async def look(self) -> bool:
        """Carry on what is under way, and begin what has to be. Whether something is under way now."""
        low = self._low()
        for wallet in low.keys() - self._told:
            observe.wallet_low(wallet=wallet, lamports=low[wallet])
        self._told = frozenset(low)
        told = await self._signer.top_ups(self._cluster.chain_id)
        if told.treasury is None:
            return False
        under_way, left = False, told.left_lamports
        for one in told.wallets:
            try:
                if one.open is not None:
                    under_way |= await self._follow(told.treasury, one.wallet, one.open)
                elif one.wallet in low and self._limits.to_lamports:
                    given = await self._begin(told, one.wallet, low[one.wallet], left)
                    under_way, left = under_way or given > 0, left - given
            except TradewindError as error:
                # One wallet holds up no other.
                observe.upkeep_held_up(wallet=one.wallet, code=error.code, message=str(error))
        return under_way

    async def _follow(self, treasury: str, wallet: str, name: str) -> bool:
        halted = await self._upkeep.halted(treasury, wallet)
        return await self._upkeep.follow(name, treasury, halted=halted, record=self._record)

    async def _begin(self, told: TopUps, wallet: str, lamports: int, left: int) -> int:
        """How many lamports were signed for; 0: none."""
        treasury = told.treasury or ""
        if await self._upkeep.halted(treasury, wallet):
            return 0
        held = (await self._cluster.accounts([treasury, wallet])).by_address
        of_treasury, of_wallet = (0 if one is None else one.lamports for one in (held[treasury], held[wallet]))
        # What it holds by now: it may have been topped up since it was seen to be low.
        wanted = min(self._limits.to_lamports - max(lamports, of_wallet), left)
        if wanted < _LEAST_LAMPORTS:
            return 0
        if of_treasury < wanted + _KEPT_LAMPORTS:
            raise Refused("treasury_low", f"The treasury {treasury} holds {of_treasury} lamports; {wanted} are wanted.")
        blockhash = await self._blockhashes.latest()
        name = f"top-up-{uuid4()}"
        signed = await self._signer.sign_upkeep(
            "sign_top_up",
            name,
            wallet=treasury,
            chain_id=self._cluster.chain_id,
            unsigned_tx=self._transaction(treasury, wallet, wanted, blockhash),
            last_valid_block_height=blockhash.last_valid_block_height,
            evidence=await self._upkeep.evidence(await self._upkeep.finalized()),
        )
        observe.upkeep_signed(name=name, wallet=wallet, signature=signed.signature)
        await self._upkeep.send(treasury, signed)
        return wanted

    def _transaction(self, treasury: str, wallet: str, lamports: int, blockhash: Blockhash) -> bytes:
        try:
            unsigned = (
                core.TransactionBuilder()
                .set_fee_payer(treasury)
                .set_recent_blockhash(blockhash.hash)
                .set_compute_budget(unit_limit=_UNITS, micro_lamports_per_unit=self._limits.micro_lamports_per_unit)
                .add_instruction(core.solana_transfer(treasury, wallet, lamports))
                .build()
            )
        except core.CoreError as error:
            raise Refused(error.code, str(error)) from None
        return unsigned.to_wire([_BLANK for _ in unsigned.signers])

    async def _record(self, attempt: SignedAttempt, outcome: Landed | Reverted) -> None:
        wallet, lamports = _transferred(attempt.transaction)
        body = WalletToppedUp(
            chain_id=self._cluster.chain_id,
            treasury=attempt.wallet,
            wallet=wallet,
            signature=attempt.signature,
            block=self._upkeep.block(outcome.slot),
            lamports=lamports if isinstance(outcome, Landed) else 0,
            fee_lamports=outcome.fee_lamports,
        )
        event_id = uuid5(NAMESPACE, f"{body.type_name()}/{body.chain_id}/{body.signature}")
        at_ns = self._upkeep.clock.now_ns()
        await self._stream.publish(Envelope.about_system(body, event_id=event_id, run_id=self._run_id, at_ns=at_ns))
        observe.wallet_topped_up(
            wallet=body.wallet, signature=body.signature, lamports=body.lamports, fee_lamports=body.fee_lamports
        )


def _transferred(transaction: bytes) -> tuple[str, int]:
    """Whom, and with how many lamports: what the gate has signed has one transfer."""
    decoded = core.decode_solana_transaction(transaction)
    for one in decoded.instructions:
        if one.program == LAMPORTS and one.data[:4] == _TRANSFER:
            return one.accounts[1].key, int.from_bytes(one.data[4:12], "little")
    raise Refused("top_up_unreadable", "The transaction that tops a wallet up has no transfer.")
