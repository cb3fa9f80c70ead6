"""The Rust core. Import it through `tradewind.core`, the one door.

Integers are exact `int`s of any size that fits; addresses are "0x" text (given in any unambiguous case, returned
in EIP-55 case). Every refusal is a `CoreError` with a stable `code`. Quotes and routes release the GIL.
"""

from collections.abc import Sequence
from typing import Final, Literal, final

__all__ = [
    "Alternative",
    "Approve",
    "BinMovement",
    "ConcentratedMovement",
    "CoreError",
    "DecodedTransaction",
    "Eip1559Transaction",
    "Fee",
    "Permit",
    "PoolGraph",
    "PoolQuote",
    "Route",
    "RouterSwap",
    "UniswapV3State",
    "build_profile",
    "decode_approve",
    "decode_transaction",
    "eip712_domain_separator",
    "encode_approve",
    "keccak256",
    "optimize_route",
    "permit_digest",
    "to_checksum_address",
]

build_profile: Final[Literal["debug", "release"]]
"""How the module was compiled; the time that a debug build takes means nothing."""

class CoreError(ValueError):
    """A refusal by the Rust core. Branch on `code`; the message is for the user and names the argument.

    Any argument: `integer_required`, `integer_out_of_range`, `address_malformed`, `address_checksum`.
    """

    code: str

@final
class UniswapV3State:
    """The whole state of a Uniswap V3 pool, as its contract gives it."""

    @property
    def pool(self) -> str: ...
    @property
    def token0(self) -> str: ...
    @property
    def token1(self) -> str: ...
    @property
    def fee_pips(self) -> int:
        """Hundredths of a basis point of the input."""
    @property
    def tick_spacing(self) -> int: ...
    @property
    def sqrt_price_x96(self) -> int:
        """`sqrt(token 1 per token 0) * 2**96`, in raw units."""
    @property
    def tick(self) -> int: ...
    @property
    def liquidity(self) -> int:
        """The active liquidity."""
    @property
    def ticks(self) -> list[tuple[int, int, int]]:
        """Every initialised tick in ascending order: `(tick, liquidity gross, liquidity net)`."""

@final
class Fee:
    """A part of a swap's price that is not the curve's."""

    @property
    def kind(self) -> Literal["liquidity", "protocol", "fund", "creator", "transfer"]:
        """Who gets it; `transfer` is what the token itself takes on each transfer (Token-2022)."""
    @property
    def token(self) -> str:
        """The token paid in (contained in `amount_in_raw`) or the one that comes out (taken off `amount_out_raw`)."""
    @property
    def amount_raw(self) -> int: ...

@final
class ConcentratedMovement:
    """Where a swap leaves a pool of concentrated liquidity."""

    @property
    def sqrt_price_before(self) -> int:
        """`sqrt(token 1 per token 0) * 2**fraction_bits`, in raw units."""
    @property
    def sqrt_price_after(self) -> int: ...
    @property
    def fraction_bits(self) -> int:
        """96 on EVM chains, 64 on Solana."""
    @property
    def tick_after(self) -> int: ...
    @property
    def liquidity_after(self) -> int: ...
    @property
    def ticks_crossed(self) -> int:
        """Initialised ticks that the swap crosses."""

@final
class BinMovement:
    """Where a swap leaves a pool of bins."""

    @property
    def active_before(self) -> int: ...
    @property
    def active_after(self) -> int: ...
    @property
    def bins_crossed(self) -> int: ...

@final
class PoolQuote:
    """One pool's exact answer, and where the swap leaves the pool."""

    @property
    def pool(self) -> str: ...
    @property
    def token_in(self) -> str: ...
    @property
    def token_out(self) -> str: ...
    @property
    def fee_ppm(self) -> int:
        """The fee's rate in parts per million of the input, rounded up; without transfer fees."""
    @property
    def amount_in_raw(self) -> int:
        """Paid, every fee included."""
    @property
    def amount_out_raw(self) -> int:
        """Got, every fee taken."""
    @property
    def fees(self) -> list[Fee]:
        """Each kind and token once, none of amount zero."""
    @property
    def spot_before(self) -> tuple[int, int]:
        """Units of output per unit of input before the swap, without fees: numerator and denominator."""
    @property
    def spot_after(self) -> tuple[int, int]: ...
    @property
    def price_impact_ppm(self) -> int:
        """How much worse the average price is than `spot_before`, both without fees, rounded up."""
    @property
    def movement(self) -> ConcentratedMovement | BinMovement | None:
        """How the pool moves, where its reserves do not tell."""

@final
class Alternative:
    """The best path of a number of hops that was not chosen."""

    @property
    def hops(self) -> int: ...
    @property
    def amount_raw(self) -> int:
        """Got (exact in) or paid (exact out), without the cost."""
    @property
    def cost_raw(self) -> int: ...
    @property
    def pools(self) -> list[str]:
        """In trade order."""

@final
class Route:
    """The best path, with every pool's answer."""

    @property
    def token_in(self) -> str: ...
    @property
    def token_out(self) -> str: ...
    @property
    def exact(self) -> Literal["in", "out"]: ...
    @property
    def amount_in_raw(self) -> int: ...
    @property
    def amount_out_raw(self) -> int: ...
    @property
    def cost_raw(self) -> int:
        """`hop_cost_raw` times the hops, in `token_out` (exact in) or `token_in` (exact out); not in the amounts."""
    @property
    def spot_amount_raw(self) -> int:
        """At the prices before the trade and without fees: what `amount_in_raw` would give, rounded down (exact
        in), or what `amount_out_raw` would take, rounded up (exact out)."""
    @property
    def fee_ppm(self) -> int:
        """The pools' fees together, in parts per million of the input, rounded up."""
    @property
    def hops(self) -> list[PoolQuote]:
        """In trade order."""
    @property
    def alternatives(self) -> list[Alternative]:
        """Best first, after the cost of the hops."""

@final
class PoolGraph:
    """The pools known to this process, and the tokens they connect. Safe to share between threads."""

    def __init__(self) -> None: ...
    def add(self, pools: str) -> list[str]:
        """Adds pools in their JSON form (docs/pool-formats.md): one pool, a list of pools, or a file with `pools`.

        Gives their addresses in the order of the text. A pool replaces the one at its address. All are read and
        checked before the first is added.

        Codes: `json_malformed`, `json_shape`, `venue_unknown`, `pool_field_invalid`, and what the family refuses.
        """
    def dump(self, pools: Sequence[str] | None = None) -> str:
        """The pools (all of them, by address, when none are named) in the form that `add` reads.

        Code: `unknown_pool`.
        """
    def venue(self, pool: str) -> str:
        """The pool's family, as in its JSON form. Code: `unknown_pool`."""
    def tokens(self, pool: str) -> list[str]:
        """The pool's tokens, in its contract's order. Code: `unknown_pool`."""
    def apply_sync(self, pool: str, *, reserve0_raw: int, reserve1_raw: int) -> None:
        """Sets the reserves of a Uniswap V2 pair to those of a `Sync` log.

        Codes: `unknown_pool`, `change_mismatch` (another family), `state_invalid`.
        """
    def apply_account(self, pool: str, *, account: str, owner: str, data: bytes) -> None:
        """Takes the new bytes of one of a Solana pool's accounts.

        Codes: `unknown_pool`, `change_mismatch`, `account_malformed`, `unsupported_feature`.
        """
    def apply_clock(self, pool: str, *, slot: int, epoch: int, unix_timestamp: int) -> None:
        """Moves the chain's clock on, for a pool that reads it. Codes: `unknown_pool`, `change_mismatch`."""
    def upsert_uniswap_v3(
        self,
        *,
        pool: str,
        token0: str,
        token1: str,
        fee_pips: int,
        tick_spacing: int,
        sqrt_price_x96: int,
        tick: int,
        liquidity: int,
        ticks: Sequence[tuple[int, int, int]],
    ) -> None:
        """Adds a pool, or replaces the one at its address, with its whole state at one block.

        `ticks` holds every initialised tick in ascending order as `(tick, liquidity gross, liquidity net)`, the
        first two words of the contract's `ticks(int24)`. The gross tells a tick whose net is zero, which is
        still a stop where the contract rounds, from one that is gone.

        Codes: `tokens_unordered`, `fee_out_of_range`, `tick_spacing_out_of_range`, `price_out_of_bounds`,
        `tick_price_mismatch`, `tick_malformed`, `liquidity_inconsistent`.
        """
    def apply_swap(self, pool: str, *, sqrt_price_x96: int, liquidity: int, tick: int) -> None:
        """Moves the pool to where a `Swap` log says it stands. Logs must come in the chain's order.

        Codes: `unknown_pool`, `price_out_of_bounds`, `tick_price_mismatch`, `liquidity_inconsistent` (a `Mint` or
        `Burn` was missed). The pool is then as it was.
        """
    def apply_liquidity(self, pool: str, *, tick_lower: int, tick_upper: int, liquidity_delta: int) -> None:
        """Adds (`Mint`, positive) or takes (`Burn`, negative) liquidity of a range, also from the active liquidity
        when the range holds the current tick.

        Codes: `unknown_pool`, `tick_malformed`, `liquidity_delta_out_of_range`. The pool is then as it was.
        """
    def remove(self, pool: str) -> bool:
        """Takes the pool out; `False` when there was none."""
    def pools(self) -> list[str]:
        """Every pool's address, in ascending order."""
    def __len__(self) -> int: ...
    def __contains__(self, pool: str) -> bool: ...
    def uniswap_v3_state(self, pool: str) -> UniswapV3State:
        """The whole state of a Uniswap V3 pool. Codes: `unknown_pool`, `venue_mismatch`."""
    def quote_exact_in(
        self, pool: str, token_in: str, amount_in_raw: int, *, token_out: str | None = None
    ) -> PoolQuote:
        """What the pool gives for exactly `amount_in_raw`, to the unit what its contract or program would.

        `token_out` must be named in a pool of more than two tokens.

        Codes: `unknown_pool`, `token_not_in_pool`, `token_needed`, `amount_zero`, `amount_too_large`,
        `insufficient_liquidity` (never a partial fill; the message says how much the pool can take), `swap_refused`,
        `swaps_disabled`.
        """
    def quote_exact_out(
        self, pool: str, token_out: str, amount_out_raw: int, *, token_in: str | None = None
    ) -> PoolQuote:
        """What the pool takes for exactly `amount_out_raw`. Codes: those of `quote_exact_in`."""
    def quote_many_exact_in(
        self, pool: str, token_in: str, amounts_in_raw: Sequence[int], *, token_out: str | None = None
    ) -> list[int]:
        """The outputs of many exact inputs, each against the same state. Codes: those of `quote_exact_in`."""

def optimize_route(
    graph: PoolGraph,
    *,
    token_in: str,
    token_out: str,
    amount_raw: int,
    exact: Literal["in", "out"],
    max_hops: int = 3,
    hop_cost_raw: int = 0,
    allowed_pools: Sequence[str] | None = None,
    excluded_tokens: Sequence[str] | None = None,
) -> Route:
    """The simple path of at most `max_hops` (1 to 4) pools with the best amount after `hop_cost_raw` per hop.

    The most output for an exact input, the least input for an exact output. The search is the label-setting one of
    Dijkstra's algorithm with amounts as labels, because spot prices hold for infinitely small amounts only; it is
    exact over all simple paths (no token, hence no pool, twice), also where cycles gain.

    `hop_cost_raw` is what executing one hop costs, in `token_out` (exact in) or `token_in` (exact out).
    `allowed_pools` and `excluded_tokens` may name what the graph does not know; it means nothing then. Equal
    amounts are decided by the pools' addresses and by fewer hops, never by the order in which pools were added.

    Codes: `same_token`, `amount_zero`, `amount_too_large`, `max_hops_out_of_range`, `exact_unknown`, `unknown_token`,
    `token_excluded`, `no_route` (not connected), `insufficient_liquidity` (connected, but no path fills the amount),
    `amount_too_small` (every path gives nothing).
    """

def keccak256(data: bytes) -> bytes:
    """The 32 bytes of keccak256."""

def to_checksum_address(address: str) -> str:
    """The EIP-55 text of an address given all lower, all upper or in its right case.

    Codes: address_malformed, address_checksum.
    """

def eip712_domain_separator(*, name: str, version: str, chain_id: int, verifying_contract: str) -> bytes:
    """The EIP-712 domain separator of a token; equals what its DOMAIN_SEPARATOR() answers."""

def permit_digest(
    *,
    name: str,
    version: str,
    chain_id: int,
    token: str,
    owner: str,
    spender: str,
    value_raw: int,
    nonce: int,
    deadline_s: int,
) -> bytes:
    """The digest that the owner signs for an EIP-2612 permit."""

@final
class Permit:
    """A signed EIP-2612 permit for the token that a swap spends. `r` and `s` are 32 bytes, `v` is 27 or 28.

    Codes: recovery_value, bytes_length, integer_out_of_range.
    """

    def __new__(cls, *, value_raw: int, deadline_s: int, v: int, r: bytes, s: bytes) -> Permit: ...
    @property
    def value_raw(self) -> int: ...
    @property
    def deadline_s(self) -> int: ...
    @property
    def v(self) -> int: ...
    @property
    def r(self) -> bytes: ...
    @property
    def s(self) -> bytes: ...

@final
class RouterSwap:
    """One swap by SwapRouter02: `multicall(deadline, [permit?, swap])`, without a price limit.

    `path` and `fees_pips` are in trade order, 1 to 4 hops. `exact="in"`: `amount_in_raw` is spent and
    `amount_out_raw` is the minimum; `exact="out"`: `amount_out_raw` is received and `amount_in_raw` is the maximum.
    `deadline_s` is the last second (Unix time) in which it may execute.

    Codes: exact_unknown, path_malformed, amount_zero, recipient_reserved, address_malformed, address_checksum,
    integer_out_of_range.
    """

    def __new__(
        cls,
        *,
        exact: Literal["in", "out"],
        path: Sequence[str],
        fees_pips: Sequence[int],
        recipient: str,
        amount_in_raw: int,
        amount_out_raw: int,
        deadline_s: int,
        permit: Permit | None = None,
    ) -> RouterSwap: ...
    @staticmethod
    def decode(data: bytes) -> RouterSwap:
        """Reads exactly what `encode` writes; anything else is refused. Code: calldata_not_recognised."""

    def encode(self) -> bytes:
        """The calldata for SwapRouter02."""

    @property
    def exact(self) -> Literal["in", "out"]: ...
    @property
    def path(self) -> list[str]: ...
    @property
    def fees_pips(self) -> list[int]: ...
    @property
    def recipient(self) -> str: ...
    @property
    def amount_in_raw(self) -> int: ...
    @property
    def amount_out_raw(self) -> int: ...
    @property
    def deadline_s(self) -> int: ...
    @property
    def permit(self) -> Permit | None: ...

@final
class Approve:
    """An ERC-20 approval, as `decode_approve` read it."""

    @property
    def spender(self) -> str: ...
    @property
    def amount_raw(self) -> int: ...

def encode_approve(spender: str, amount_raw: int) -> bytes:
    """Calldata of `approve(address,uint256)`."""

def decode_approve(data: bytes) -> Approve:
    """Reads exactly what `encode_approve` writes. Code: calldata_not_recognised."""

@final
class Eip1559Transaction:
    """A type 2 transaction that calls a contract and has no access list."""

    def __new__(
        cls,
        *,
        chain_id: int,
        nonce: int,
        max_priority_fee_per_gas_wei: int,
        max_fee_per_gas_wei: int,
        gas_limit: int,
        to: str,
        value_wei: int,
        data: bytes,
    ) -> Eip1559Transaction: ...
    def encode_unsigned(self) -> bytes:
        """`0x02 || rlp(9 fields)`: what is hashed and signed."""

    def signing_hash(self) -> bytes:
        """keccak256 of `encode_unsigned()`."""

    @property
    def chain_id(self) -> int: ...
    @property
    def nonce(self) -> int: ...
    @property
    def max_priority_fee_per_gas_wei(self) -> int: ...
    @property
    def max_fee_per_gas_wei(self) -> int: ...
    @property
    def gas_limit(self) -> int: ...
    @property
    def to(self) -> str: ...
    @property
    def value_wei(self) -> int: ...
    @property
    def data(self) -> bytes: ...

@final
class DecodedTransaction:
    """A type 2 transaction read from its bytes; `signature` and `hash` are None when it is unsigned."""

    kind: Final = "eip1559"
    @property
    def transaction(self) -> Eip1559Transaction: ...
    @property
    def access_list_len(self) -> int: ...
    @property
    def signature(self) -> tuple[int, int, int] | None:
        """`(y_parity, r, s)`."""

    @property
    def hash(self) -> bytes | None: ...

def decode_transaction(raw: bytes) -> DecodedTransaction:
    """Reads a signed or unsigned type 2 transaction in canonical RLP.

    Codes: transaction_type_unsupported (names the type), transaction_malformed.
    """
