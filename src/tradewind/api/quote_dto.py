"""What the API says of an intent that has not been sent: what it would do, and what would speak against it."""

from typing import Literal

from pydantic import Field

from tradewind.api.dto import Amount, HopShown, LegShown, Shown, SliceShown
from tradewind.domain.receipt import Priority


class Rejection(Shown):
    """Why an intent would end without a trade: the code and message that it would end with. `field` if one is wrong."""

    code: str
    message: str
    field: str | None = None


class ConsideredShown(Shown):
    """A route that was weighed. `amount`: what it takes (acquiring) or gives (disposing); `cost`: its gas, in that."""

    route: str
    amount: Amount
    cost: Amount
    chosen: bool


class SlicingShown(Shown):
    """A number of slices that was weighed: all of its trades and its gas, in the token that is paid or received."""

    slices: int
    interval_ms: int
    trade: Amount
    gas: Amount
    price_impact_percent: str


class VerdictShown(Shown):
    """What the signer would say to a transaction: passed or refused by a rule; unknown when it does not answer."""

    verdict: Literal["passed", "refused", "unknown"]
    rule: str | None
    message: str | None


class TransactionQuoted(Shown):
    """One transaction of the first slice as it would be signed: unsigned, EIP-1559, with its type byte, as 0x-hex.

    `permit_is_blank`: it carries a token permit, which nobody has signed.
    """

    step: int
    kind: str
    unsigned_tx: str = Field(pattern="^0x[0-9a-f]*$")
    permit_is_blank: bool
    policy: VerdictShown


class RouteQuoted(Shown):
    """The route of the first slice: quoted exactly at `quoted_at_block`; `worst_*` would be written into it.

    `legs` and `reached_percent` as in a plan.
    """

    venue: str
    route: str
    hops: tuple[HopShown, ...]
    legs: tuple[LegShown, ...]
    reached_percent: str | None
    quoted_pay: Amount
    quoted_get: Amount
    worst_pay: Amount
    worst_get: Amount
    price: str | None
    price_impact_percent: str
    fee_percent: str
    gas_limit: int
    expected_network_fee: Amount
    worst_network_fee: Amount
    deadline: str
    quoted_at_block: int
    considered: tuple[ConsideredShown, ...]
    transactions: tuple[TransactionQuoted, ...]


class FundsShown(Shown):
    """What the wallet holds against what the first slice may take at worst."""

    token: Amount
    needed: Amount
    native: Amount
    native_needed: Amount
    enough: bool


class QuoteShown(Shown):
    """What an intent would do if it were sent now. Nothing was recorded, reserved or signed for it.

    `would_be` accepted: the service would take it on and the signer would sign its first slice, as far as can be told
    now. `rejections` has every reason why not; `code` and `message` are those of the first.
    """

    would_be: Literal["accepted", "rejected"]
    code: str | None
    message: str | None
    rejections: tuple[Rejection, ...]
    wants: str
    wallet: str | None
    priority: Priority
    amount: Amount | None
    slices: tuple[SliceShown, ...]
    slices_because: str | None
    slicing_considered: tuple[SlicingShown, ...]
    route: RouteQuoted | None
    funds: FundsShown | None
