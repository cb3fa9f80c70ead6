"""The Rust core. Import it through `tradewind.core`, the one door.

Integers are exact `int`s of any size that fits; addresses are "0x" text (given in any unambiguous case, returned
in EIP-55 case). Every refusal is a `CoreError` with a stable `code`. Quotes and routes release the GIL.
"""

from collections.abc import Sequence
from typing import Final, Literal, final

from _typeshed import ReadableBuffer

__all__ = [
    "Alternative",
    "Approve",
    "BookCrossing",
    "BookEvents",
    "BookLevel",
    "BookSweep",
    "ConsolidatedBook",
    "CoreError",
    "CrossedPair",
    "DecodedTransaction",
    "Eip1559Transaction",
    "OrderBook",
    "Permit",
    "PoolGraph",
    "PoolQuote",
    "Route",
    "RouterSwap",
    "SweepFill",
    "UniswapV3State",
    "aggregate_order_books",
    "build_profile",
    "decode_approve",
    "decode_transaction",
    "eip712_domain_separator",
    "encode_approve",
    "keccak256",
    "optimize_route",
    "permit_digest",
    "synthetic_levels",
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
class PoolQuote:
    """One pool's exact answer, and where the swap leaves the pool."""

    @property
    def pool(self) -> str: ...
    @property
    def token_in(self) -> str: ...
    @property
    def token_out(self) -> str: ...
    @property
    def fee_pips(self) -> int: ...
    @property
    def amount_in_raw(self) -> int:
        """Paid, the fee included."""
    @property
    def amount_out_raw(self) -> int: ...
    @property
    def fee_raw(self) -> int:
        """The part of `amount_in_raw` that is fee."""
    @property
    def sqrt_price_before_x96(self) -> int: ...
    @property
    def sqrt_price_after_x96(self) -> int: ...
    @property
    def tick_after(self) -> int: ...
    @property
    def liquidity_after(self) -> int: ...
    @property
    def ticks_crossed(self) -> int:
        """Initialised ticks that the swap crosses."""

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
    def state(self, pool: str) -> UniswapV3State:
        """The pool's whole state, from which an equal pool can be made. Code: `unknown_pool`."""
    def quote_exact_in(self, pool: str, token_in: str, amount_in_raw: int) -> PoolQuote:
        """What the pool gives for exactly `amount_in_raw`, to the unit what its contract would.

        Codes: `unknown_pool`, `token_not_in_pool`, `amount_zero`, `amount_too_large` (2**255 or more),
        `insufficient_liquidity` (never a partial fill; the message says how much the pool can take).
        """
    def quote_exact_out(self, pool: str, token_out: str, amount_out_raw: int) -> PoolQuote:
        """What the pool takes for exactly `amount_out_raw`. Codes: those of `quote_exact_in`."""
    def quote_many_exact_in(self, pool: str, token_in: str, amounts_in_raw: Sequence[int]) -> list[int]:
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

@final
class BookEvents:
    """What became of the events of one `apply_events`."""

    @property
    def applied_events(self) -> int: ...
    @property
    def applied_rows(self) -> int:
        """Rows of the applied events."""
    @property
    def ignored_events(self) -> int:
        """Events that the book already had, or has no use for."""
    @property
    def pending_events(self) -> int:
        """Events that wait for a snapshot."""

@final
class OrderBook:
    """One venue's order book. Safe to share between threads.

    A price is an integer of the venue's ticks, a size one of its lots; `tick` and `lot` say how many units of the
    instrument they are, and a unit is `10**-price_decimals` quote for one base, or `10**-size_decimals` base. Books
    of one instrument share its decimals, so that venues with different ticks merge exactly.

    `numbered` is how the venue numbers its events. `True` (as Binance's diff depth): each event covers the update ids
    from `first` to `last`; one that ends at or before the book's id is ignored, one that begins after the next id is
    a gap. From a gap on, events wait (at most 200,000 rows, the oldest make room) and the book refuses to answer
    until a snapshot. `False` (as Kraken): the connection keeps the order, and events before a snapshot are ignored.

    `depth`: the venue keeps only so many levels of a side up to date; the rest is dropped after each event.
    `taker_fee_ppm`: below 1,000,000.

    Code: `term_out_of_range`.
    """

    def __new__(
        cls,
        *,
        venue: str,
        instrument: str,
        price_decimals: int,
        size_decimals: int,
        tick: int = 1,
        lot: int = 1,
        taker_fee_ppm: int = 0,
        numbered: bool = True,
        depth: int | None = None,
    ) -> OrderBook: ...
    def apply_snapshot(
        self,
        *,
        sequence: int,
        bid_prices: ReadableBuffer,
        bid_sizes: ReadableBuffer,
        ask_prices: ReadableBuffer,
        ask_sizes: ReadableBuffer,
        time_ns: int,
    ) -> Literal["live", "older", "gap"]:
        """Replaces the book, then applies the events that waited for it.

        Columns are contiguous buffers (an `array`, a NumPy array) of signed 64-bit integers, prices in ticks and sizes
        in lots, in any order. `sequence` is the id of the last update in the snapshot (0 when the venue has no
        numbers); `time_ns` is the caller's time.

        "live": the book answers. "older": it was in sync and is not older than the snapshot; nothing changed. "gap":
        updates between the snapshot and the next waiting event are missing, so a newer snapshot is needed.

        Codes: `column_malformed`, `columns_unequal` (nothing changed); `price_out_of_range`, `size_out_of_range`,
        `too_many_levels` (1,000,000 a side): the book is out of sync.
        """
    def apply_events(
        self,
        *,
        last_sequences: ReadableBuffer,
        sides: ReadableBuffer,
        prices: ReadableBuffer,
        sizes: ReadableBuffer,
        time_ns: int,
        first_sequences: ReadableBuffer | None = None,
        row_counts: ReadableBuffer | None = None,
    ) -> BookEvents:
        """Applies many events in one call, in order, each by the sequence rule; the GIL is released meanwhile.

        One row an event: `last_sequences` and `first_sequences`, the update ids that it covers (zeros when the venue
        has none; without `first_sequences` each covers one id), and `row_counts`, how many of the next rows are its
        own (without: one each); signed 64-bit integers. One row a level: `sides` (unsigned bytes, 0 bid and 1 ask),
        `prices` (ticks) and `sizes` (lots, absolute; 0 takes the level out, also one that is not there).

        Codes: `column_malformed`, `columns_unequal` (nothing changed); `sequence_malformed`, `side_unknown`,
        `price_out_of_range`, `size_out_of_range`, `too_many_levels`: the book is out of sync, and the rest of the
        call is left out. The message counts rows and events from the first of the call.
        """
    def lose_sync(self, reason: str, *, keep_pending: bool = False) -> None:
        """The book refuses until the next snapshot; what waits is forgotten unless its stream is whole."""
    @property
    def venue(self) -> str: ...
    @property
    def instrument(self) -> str: ...
    @property
    def in_sync(self) -> bool: ...
    @property
    def out_of_sync(self) -> str | None:
        """Why it does not answer; None when it does."""
    @property
    def sequence(self) -> int:
        """The last update id in the book; how many events since the snapshot when the venue has no numbers."""
    @property
    def as_of_ns(self) -> int:
        """The `time_ns` of the newest update in it."""
    @property
    def pending_events(self) -> int: ...
    @property
    def dropped_events(self) -> int:
        """Events that waited for a snapshot and had to make room, ever."""
    def bids(self, most: int | None = None) -> list[tuple[int, int]]:
        """`(price in ticks, size in lots)`, the highest price first. Code: `book_out_of_sync`."""
    def asks(self, most: int | None = None) -> list[tuple[int, int]]:
        """`(price in ticks, size in lots)`, the lowest price first. Code: `book_out_of_sync`."""
    def kraken_checksum(self, *, price_step: int = 1, size_step: int = 1) -> int:
        """The CRC-32 of Kraken's book channel (WebSocket v2) over the ten best levels of each side.

        The steps are the tick and the lot in units of the pair's precision. Code: `book_out_of_sync`.
        """

@final
class BookLevel:
    """One price of a consolidated book."""

    @property
    def price_units(self) -> int: ...
    @property
    def size_units(self) -> int:
        """All venues together."""
    @property
    def venues(self) -> list[tuple[str, int]]:
        """Each venue's size there, in the order of the books."""

@final
class CrossedPair:
    """A bid that stands above an ask."""

    @property
    def ask_venue(self) -> str:
        """Where to buy."""
    @property
    def bid_venue(self) -> str:
        """Where to sell."""
    @property
    def ask_price_units(self) -> int: ...
    @property
    def bid_price_units(self) -> int: ...
    @property
    def size_units(self) -> int:
        """What both have."""
    @property
    def gain_ppm_units(self) -> int:
        """How far the bid is above the ask, in millionths of a price unit; after fees when those were asked for."""

@final
class BookCrossing:
    """The crossed part of a consolidated book."""

    @property
    def state(self) -> Literal["clear", "locked", "crossed"]:
        """The best bid below, equal to or above the best ask."""
    @property
    def after_fees(self) -> bool: ...
    @property
    def pairs(self) -> list[CrossedPair]:
        """Best against best, until they no longer cross."""
    @property
    def size_units(self) -> int: ...
    @property
    def gain_notional_units(self) -> int:
        """What all pairs bring, in price units times size units, rounded down."""

@final
class SweepFill:
    """One venue's share of a sweep."""

    @property
    def venue(self) -> str: ...
    @property
    def size_units(self) -> int: ...
    @property
    def notional_units(self) -> int:
        """Exact, without the fee."""
    @property
    def fee_units(self) -> int:
        """Rounded up to a notional unit."""

@final
class BookSweep:
    """What an amount costs (buy) or brings (sell). A notional unit is a price unit times a size unit."""

    @property
    def complete(self) -> bool:
        """Whether the whole amount is filled; what cannot be is never in the other numbers."""
    @property
    def size_units(self) -> int: ...
    @property
    def notional_units(self) -> int:
        """Exact, without fees."""
    @property
    def fee_units(self) -> int: ...
    @property
    def total_units(self) -> int:
        """Paid with the fees (buy), or got after them (sell)."""
    @property
    def average_price_units(self) -> int | None:
        """`total_units / size_units`, rounded up when buying and down when selling; None when nothing is filled."""
    @property
    def worst_price_units(self) -> int | None: ...
    @property
    def fills(self) -> list[SweepFill]:
        """In the order of the venues; only those that fill something."""

@final
class ConsolidatedBook:
    """Several venues' books as one, as they were when it was made. Prices, sizes in the instrument's units."""

    @property
    def venues(self) -> list[tuple[str, int, int]]:
        """`(venue, sequence, as_of_ns)` of each that is in it."""
    @property
    def excluded(self) -> list[tuple[str, Literal["out_of_sync", "stale"], int | None]]:
        """Each that is not, why, and its age in nanoseconds when it is stale."""
    def bids(self, most: int | None = None) -> list[BookLevel]:
        """The highest price first."""
    def asks(self, most: int | None = None) -> list[BookLevel]:
        """The lowest price first."""
    def columns(self, side: Literal["bid", "ask"]) -> list[bytes]:
        """Prices and sizes (unsigned 64-bit) and places in `venues` (unsigned 32-bit), best first, one row for each
        venue at each price; little-endian. Code: `side_unknown`."""
    def crossing(self, *, after_fees: bool) -> BookCrossing:
        """What is crossed or locked, by the stated prices or after the taker's fees on both sides."""
    def sweep(
        self,
        side: Literal["buy", "sell"],
        *,
        size_units: int | None = None,
        notional_units: int | None = None,
        best_after_fees: bool = True,
    ) -> BookSweep:
        """Takes an amount level by level: a size, or a notional with its fees.

        Buying for a notional takes the most that it pays for; selling for one takes the least that brings it. Only
        whole lots of a venue are taken. The best price after fees goes first, or before them with
        `best_after_fees=False`; fees are charged either way.

        Codes: `side_unknown`, `amount_ambiguous` (both or neither), `amount_zero`.
        """

def aggregate_order_books(
    books: Sequence[OrderBook], *, levels: int | None = None, now_ns: int | None = None, max_age_ns: int | None = None
) -> ConsolidatedBook:
    """Merges the books of one instrument, with each venue's depth at every level; the GIL is released.

    Books out of sync, and with `max_age_ns` those whose newest update is older at `now_ns`, are left out and named in
    `excluded`. `levels` limits the consolidated levels of each side. Equal prices keep the order of `books`.

    Codes: `book_count` (1 to 1,024), `venue_twice`, `units_mismatch`, `now_missing`.
    """

def synthetic_levels(
    side: Literal["bid", "ask"],
    samples: Sequence[tuple[int, int]],
    *,
    base_raw_per_lot: int,
    quote_raw_per_tick_lot: tuple[int, int],
) -> list[tuple[int, int]]:
    """A pool's curve as levels `(price in ticks, size in lots)`, best first, that promise no more than the pool gives.

    `samples` are `(cumulative in, cumulative out)` in raw units, each what the pool gives for that input alone, in
    ascending order; the pool's price must not get better with the amount, as no pool's does. "ask": the pool takes
    quote and gives base; "bid": it takes base and gives quote. `quote_raw_per_tick_lot` is what a lot costs at a price
    of one tick, as numerator and denominator. Prices are rounded against the taker, sizes down.

    Codes: `side_unknown`, `curve_malformed`, `term_out_of_range`.
    """
