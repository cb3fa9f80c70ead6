"""The Rust core. Import it through `tradewind.core`, the one door.

Integers are exact `int`s of any size that fits; addresses are "0x" text (given in any unambiguous case, returned
in EIP-55 case). Every refusal is a `CoreError` with a stable `code`. Quotes and routes release the GIL.
"""

from asyncio import Future
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, final

from _typeshed import ReadableBuffer

__all__ = [
    "JITO_TIP_ACCOUNTS",
    "RECEIPT_LAMPORTS",
    "AccountFeed",
    "Alternative",
    "Approve",
    "AuctionOrder",
    "AuctionPool",
    "Authorization",
    "BaseToken",
    "BinMovement",
    "BlockhashCache",
    "BookCrossing",
    "BookEvents",
    "BookLevel",
    "BookSweep",
    "Bound",
    "BundleNews",
    "BundleStatus",
    "CircuitBreaker",
    "ConcentratedMovement",
    "Confirmation",
    "ConfirmationWatch",
    "ConsolidatedBook",
    "CoreError",
    "CowAuction",
    "CrossedPair",
    "Cycle",
    "CycleHop",
    "CycleIndex",
    "DecodedEip1559",
    "DecodedSwap",
    "DecodedTransaction",
    "Eip1559Transaction",
    "EndpointStanding",
    "Fee",
    "FeedStanding",
    "FlashLoanInstructions",
    "GraphUpdate",
    "InflightStatus",
    "JitoLane",
    "KaminoReserve",
    "LeaderStanding",
    "Leg",
    "OrderBook",
    "Permit",
    "PlannedSize",
    "PoolGraph",
    "PoolQuote",
    "PriorityFee",
    "PriorityFees",
    "RPCConnectionPool",
    "RateLimiter",
    "Rebroadcast",
    "RebroadcastEnd",
    "RecentBlockhash",
    "RefusedPool",
    "Route",
    "RouterAction",
    "RouterCall",
    "RouterStep",
    "RouterSwap",
    "RpcLane",
    "SendAnswer",
    "SendOutcome",
    "Single",
    "SlotFeed",
    "SolanaAccount",
    "SolanaInstruction",
    "SolanaSwap",
    "SolanaTransaction",
    "SplitRoute",
    "SwapAccounts",
    "SwapInstructions",
    "SwapLeg",
    "SweepFill",
    "TipFloor",
    "TipPolicy",
    "TipStream",
    "TpuLane",
    "TransactionBatch",
    "TransactionBuilder",
    "TransactionFault",
    "TransactionTemplate",
    "UniswapV3State",
    "UnsignedTransaction",
    "VenueOptions",
    "WalletManager",
    "WalletRequirement",
    "WalletReservation",
    "WalletState",
    "WalletStats",
    "address_with_seed",
    "aggregate_order_books",
    "build_profile",
    "close_token_account",
    "create_account_with_seed",
    "create_token_account",
    "decode_approve",
    "decode_eip1559",
    "decode_router_call",
    "decode_solana_transaction",
    "decode_solana_transactions",
    "decode_transaction",
    "decode_transactions",
    "eip712_domain_separator",
    "encode_approve",
    "jito_tip",
    "keccak256",
    "optimize_route",
    "optimize_split",
    "permit_digest",
    "pool_from_accounts",
    "read_cow_auction",
    "receipt_address",
    "receipt_instruction",
    "reclaim_receipt",
    "recover_senders",
    "request_heap_frame",
    "set_compute_unit_limit",
    "set_compute_unit_price",
    "set_loaded_accounts_data_size_limit",
    "solana_transfer",
    "swap_instruction",
    "sync_native",
    "synthetic_levels",
    "to_checksum_address",
    "token_account_address",
    "transfer_with_seed",
    "wrap_in_flash_loan",
    "wrap_sol",
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
        """Of all hops, in `token_out` (exact in) or `token_in` (exact out); not contained in the amounts."""
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
class GraphUpdate:
    """What came of an account's bytes, or of a new clock."""

    @property
    def applied(self) -> list[str]:
        """The pools that took it."""
    @property
    def refused(self) -> list[tuple[str, CoreError]]:
        """The pools that could not, as they were, with the reason: read them anew, or take them out."""

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
    def accounts(self, pool: str) -> list[str]:
        """The Solana accounts whose bytes the pool's state is read from; none on other chains. Code: `unknown_pool`."""
    def tokens(self, pool: str) -> list[str]:
        """The pool's tokens, in its contract's order. Code: `unknown_pool`."""
    def apply_sync(self, pool: str, *, reserve0_raw: int, reserve1_raw: int) -> None:
        """Sets the reserves of a Uniswap V2 pair to those of a `Sync` log.

        Codes: `unknown_pool`, `change_mismatch` (another family), `state_invalid`.
        """
    def apply_account(self, account: str, owner: str, data: bytes) -> GraphUpdate:
        """Gives new bytes of a Solana account to every pool that reads it; to none, when none does.

        `owner` is the program that owns the account. Codes of what is refused: `account_malformed`,
        `unsupported_feature`, and what the family refuses; each such pool is then as it was.
        """
    def apply_clock(self, *, slot: int, epoch: int, unix_timestamp: int) -> GraphUpdate:
        """Tells every pool that reads its chain's clock what it shows now; the others are not in the answer."""
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

def pool_from_accounts(
    pool: str,
    accounts: Sequence[tuple[str, str, bytes]],
    *,
    slot: int,
    epoch: int,
    unix_timestamp: int,
) -> str:
    """A Solana pool, decoded from the bytes of its accounts, in the JSON form that `PoolGraph.add` reads.

    `accounts` holds `(address, owner, data)` of the pool and of all that its family needs (docs/pool-formats). The
    program that owns the pool's account says which family it is. The clock is the chain's, as read with them.

    Codes: `account_missing` (and what it is for; the error's attribute `account` has its address), `account_malformed`,
    `unsupported_feature`, `state_invalid`.
    """

def optimize_route(
    graph: PoolGraph,
    *,
    token_in: str,
    token_out: str,
    amount_raw: int,
    exact: Literal["in", "out"],
    max_hops: int = 3,
    hop_cost_raw: int = 0,
    venue_costs_raw: Mapping[str, int] | None = None,
    pool_costs_raw: Mapping[str, int] | None = None,
    allowed_pools: Sequence[str] | None = None,
    allowed_venues: Sequence[str] | None = None,
    excluded_tokens: Sequence[str] | None = None,
) -> Route:
    """The simple path of at most `max_hops` (1 to 4) pools with the best amount after the costs of its hops.

    The most output for an exact input, the least input for an exact output. The search is the label-setting one of
    Dijkstra's algorithm with amounts as labels, because spot prices hold for infinitely small amounts only; it is
    exact over all simple paths (no token, hence no pool, twice), also where cycles gain.

    A hop costs `hop_cost_raw` to execute, and beyond it what `pool_costs_raw` says of its pool, or else
    `venue_costs_raw` of its family: all in raw units of `token_out` (exact in) or `token_in` (exact out).
    `allowed_pools`, `pool_costs_raw` and `excluded_tokens` may name what the graph does not know; it means nothing
    then. Equal amounts are decided by the pools' addresses and by fewer hops, never by the order in which pools were
    added.

    Codes: `same_token`, `amount_zero`, `amount_too_large`, `max_hops_out_of_range`, `exact_unknown`, `unknown_token`,
    `unknown_venue`, `token_excluded`, `no_route` (not connected), `insufficient_liquidity` (connected, but no path
    fills the amount), `amount_too_small` (every path gives nothing).
    """

@final
class Leg:
    """One path of a split, and its share of the amount."""

    @property
    def amount_in_raw(self) -> int: ...
    @property
    def amount_out_raw(self) -> int: ...
    @property
    def hops(self) -> list[PoolQuote]:
        """In trade order. A pool that an earlier leg passes too is quoted as that one leaves it."""

@final
class Single:
    """The best single path, in short."""

    @property
    def amount_raw(self) -> int:
        """Got (exact in) or paid (exact out), without the cost."""
    @property
    def cost_raw(self) -> int: ...

@final
class Bound:
    """A limit, and how close the route comes."""

    @property
    def bound_raw(self) -> int:
        """No routing gives more (exact in) or takes less (exact out)."""
    @property
    def share_ppm(self) -> int:
        """Output of bound (exact in) or bound of input (exact out), in parts per million, rounded down."""
    @property
    def proven(self) -> bool:
        """Whether the limit is a proof: not where a stable pool of three or more tokens is among the pools."""

@final
class SplitRoute:
    """Paths that are executed one after the other, and how far they are from what no route can pass."""

    @property
    def token_in(self) -> str: ...
    @property
    def token_out(self) -> str: ...
    @property
    def exact(self) -> Literal["in", "out"]: ...
    @property
    def amount_in_raw(self) -> int:
        """Paid by all legs; exactly what was asked for an exact input."""
    @property
    def amount_out_raw(self) -> int:
        """Got by all legs; exactly what was asked for an exact output."""
    @property
    def cost_raw(self) -> int:
        """Of all hops and of each leg beyond the first; not contained in the amounts."""
    @property
    def legs(self) -> list[Leg]:
        """In the order of execution."""
    @property
    def single(self) -> Single | None:
        """The best single path; None when none fills the amount."""
    @property
    def within_hops(self) -> Bound:
        """Against all routings through the pools that a path of at most `max_hops` can pass: any number of paths and
        hops, arbitrage included, at no cost."""
    @property
    def uncapped(self) -> Bound | None:
        """The same over all allowed pools, when it was asked for."""

def optimize_split(
    graph: PoolGraph,
    *,
    token_in: str,
    token_out: str,
    amount_raw: int,
    exact: Literal["in", "out"],
    max_hops: int = 3,
    max_paths: int = 4,
    hop_cost_raw: int = 0,
    path_cost_raw: int = 0,
    venue_costs_raw: Mapping[str, int] | None = None,
    pool_costs_raw: Mapping[str, int] | None = None,
    allowed_pools: Sequence[str] | None = None,
    allowed_venues: Sequence[str] | None = None,
    excluded_tokens: Sequence[str] | None = None,
    uncapped_bound: bool = False,
) -> SplitRoute:
    """Up to `max_paths` (1 to 16) paths of at most `max_hops` (1 to 4) pools that share the amount.

    Never worse than `optimize_route` after all costs. The shares come from a convex problem in real numbers and
    are then moved in integers by exact quotes; its dual proves `within_hops`. `path_cost_raw` is what each leg
    beyond the first costs, in the unit of the hops' costs; the rest is as `optimize_route` takes it.
    `uncapped_bound` also proves the limit over all allowed pools, which takes longer in a large graph.

    Codes: those of `optimize_route`, and `max_paths_out_of_range`.
    """

@final
class BaseToken:
    """A token in which gain is counted, and what a cycle costs in its raw units.

    `hop_cost_raw`: what one hop costs to execute. `cycle_cost_raw`: what a cycle costs besides, whatever its length.
    """

    def __new__(cls, token: str, *, hop_cost_raw: int = 0, cycle_cost_raw: int = 0) -> BaseToken: ...
    @property
    def token(self) -> str: ...
    @property
    def hop_cost_raw(self) -> int: ...
    @property
    def cycle_cost_raw(self) -> int: ...

@final
class CycleHop:
    """One pool of a cycle, with the amounts at the best input."""

    @property
    def pool(self) -> str: ...
    @property
    def token_in(self) -> str: ...
    @property
    def token_out(self) -> str: ...
    @property
    def amount_in_raw(self) -> int: ...
    @property
    def amount_out_raw(self) -> int: ...

@final
class Cycle:
    """A cycle that gains, at the input that gains most. Amounts are raw units of the base."""

    @property
    def base(self) -> str:
        """The token where it begins and ends."""
    @property
    def amount_in_raw(self) -> int: ...
    @property
    def amount_out_raw(self) -> int: ...
    @property
    def cost_raw(self) -> int:
        """Of its hops, and of the cycle."""
    @property
    def profit_raw(self) -> int:
        """`amount_out_raw - amount_in_raw - cost_raw`; never zero."""
    @property
    def hops(self) -> list[CycleHop]:
        """In trade order."""

@final
class CycleIndex:
    """The cycles of a graph, kept so that a changed pool is looked at alone. Safe to share between threads.

    Every cycle of tokens of 2 to `max_hops` (at most 4) hops through a base token; no token twice, save the base at
    the ends. One that passes several base tokens is answered once, from the first of them. A base is a `BaseToken` or
    `(token, hop_cost_raw, cycle_cost_raw)`. A pool that left the graph has no cycles any more; after pools were added,
    build it anew.

    Codes: `cycle_hops_out_of_range`, `unknown_token` (a base that no pool trades), `base_malformed`.
    """

    def __new__(
        cls, graph: PoolGraph, bases: Sequence[BaseToken | tuple[str, int, int]], max_hops: int = 3
    ) -> CycleIndex: ...
    def scan(self, graph: PoolGraph) -> list[Cycle]:
        """Every cycle that gains after its cost, the greatest profit first within each base token.

        Parallel pools give a cycle for every choice among them that gains. Each is at its best input but for rounding:
        no input gains more than its profit, one unit of its base, and what one unit of each further token on its way
        is worth at the end. What a scan finds is kept: the next one takes the new state of every pool that has changed,
        and quotes only cycles that pass one of those.
        """
    def update(self, graph: PoolGraph, pool: str) -> list[Cycle]:
        """Takes the new state of a pool, and answers for the cycles through it alone: that part of `scan`.

        A pool that is not in the graph has none.
        """
    def promising(self) -> int:
        """How many cycles of tokens may gain by their rates alone: what a scan decides without a quote."""
    def __len__(self) -> int:
        """How many cycles of tokens there are; each stands for every choice among parallel pools."""

@final
class AuctionPool:
    """A pool, as the auction lists it."""

    @property
    def id(self) -> str:
        """Its name in the file."""
    @property
    def pool(self) -> str:
        """Its address."""
    @property
    def venue(self) -> str: ...
    @property
    def cost_raw(self) -> int:
        """What a swap through it costs to execute, in raw units of `cost_token`."""
    @property
    def cost_token(self) -> str:
        """The native token, wrapped."""

@final
class RefusedPool:
    """A pool that is listed and cannot be quoted exactly."""

    @property
    def id(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def reason(self) -> str:
        """Why, with the field."""

@final
class AuctionOrder:
    """What a trader asks for."""

    @property
    def number(self) -> str:
        """Its number in the file."""
    @property
    def sell_token(self) -> str: ...
    @property
    def buy_token(self) -> str: ...
    @property
    def sell_amount_raw(self) -> int:
        """A sell order pays exactly this; a buy order at most this."""
    @property
    def buy_amount_raw(self) -> int:
        """A sell order gets at least this; a buy order exactly this."""
    @property
    def exact(self) -> Literal["in", "out"]:
        """`in` for a sell order, `out` for a buy order."""
    @property
    def partially_fillable(self) -> bool: ...

@final
class CowAuction:
    """Pools and orders of one auction of CoW Protocol."""

    @property
    def pools_json(self) -> str:
        """The pools in the form that `PoolGraph.add` reads."""
    @property
    def pools(self) -> list[AuctionPool]:
        """In the order of their ids."""
    @property
    def refused(self) -> list[RefusedPool]: ...
    @property
    def orders(self) -> list[AuctionOrder]:
        """In the order of their numbers."""

def read_cow_auction(text: str) -> CowAuction:
    """Reads an instance file of an auction of CoW Protocol: JSON with `tokens`, `amms` and `orders`.

    A pool that its family refuses, whose kind or a field of which is not known, or whose fee is finer than its
    contract can keep it, is in `refused`; all else that is wrong refuses the file.

    Codes: `auction_not_json`, `auction_malformed`. Source: cowprotocol/solver-template-py, `data/real_auctions`.
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
class SwapLeg:
    """One path of a swap, with the part of the amount that goes over it and the limit of that part.

    `path` and `fees_pips` are in trade order, 1 to 4 hops. In a swap with `exact="in"`, `amount_in_raw` is spent and
    `amount_out_raw` is the minimum; with `exact="out"`, `amount_out_raw` is received and `amount_in_raw` is the
    maximum.

    Codes: path_malformed, address_malformed, address_checksum, integer_out_of_range.
    """

    def __new__(
        cls, *, path: Sequence[str], fees_pips: Sequence[int], amount_in_raw: int, amount_out_raw: int
    ) -> SwapLeg: ...
    @property
    def path(self) -> list[str]: ...
    @property
    def fees_pips(self) -> list[int]: ...
    @property
    def amount_in_raw(self) -> int: ...
    @property
    def amount_out_raw(self) -> int: ...

@final
class RouterSwap:
    """One swap by SwapRouter02: `multicall(deadline, [permit?, leg, ...])`, without a price limit.

    `legs`, 1 to 8, trade the same two tokens over different paths, in the order of execution; all of them fill, or
    none. The amounts of the swap are the sums of theirs. `deadline_s` is the last second (Unix time) in which it may
    execute.

    Codes: exact_unknown, legs_malformed, amount_zero, recipient_reserved, address_malformed, address_checksum,
    integer_out_of_range.
    """

    def __new__(
        cls,
        *,
        exact: Literal["in", "out"],
        legs: Sequence[SwapLeg],
        recipient: str,
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
    def legs(self) -> list[SwapLeg]: ...
    @property
    def token_in(self) -> str: ...
    @property
    def token_out(self) -> str: ...
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
class DecodedEip1559:
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

def decode_eip1559(raw: bytes) -> DecodedEip1559:
    """Reads what `Eip1559Transaction` writes, signed or not: `decode_transaction` reads every type.

    Codes: transaction_type_unsupported (names the type), transaction_malformed.
    """

# ---- transactions of others ----

_Amount = int | Literal["contract_balance", "message_value", "already_paid"]
_Router = Literal["uniswap_v2_router02", "swap_router", "swap_router02", "universal_router"]

@final
class Authorization:
    """One EIP-7702 authorization. A tuple that does not verify is skipped by the chain, not refused here."""

    @property
    def chain_id(self) -> int:
        """0 for every chain."""
    @property
    def address(self) -> str: ...
    @property
    def nonce(self) -> int: ...
    @property
    def signature(self) -> tuple[int, int, int]:
        """`(y_parity, r, s)`."""
    def recover_authority(self) -> str:
        """The account that gives the permission. Code: signature_invalid."""

@final
class DecodedTransaction:
    """A transaction of any Ethereum type, signed or not: a handle on its bytes.

    Each property reads its field where it stands; equal bytes are equal transactions. What a type does not
    have is None (prices) or empty (lists).
    """

    @property
    def raw(self) -> bytes: ...
    @property
    def kind(self) -> Literal["legacy", "eip2930", "eip1559", "eip4844", "eip7702"]: ...
    @property
    def chain_id(self) -> int | None:
        """None for a legacy transaction from before EIP-155, which is valid on every chain."""
    @property
    def nonce(self) -> int: ...
    @property
    def gas_limit(self) -> int: ...
    @property
    def gas_price_wei(self) -> int | None:
        """Legacy and EIP-2930."""
    @property
    def max_fee_per_gas_wei(self) -> int | None:
        """EIP-1559 and later, tip included."""
    @property
    def max_priority_fee_per_gas_wei(self) -> int | None:
        """EIP-1559 and later."""
    @property
    def max_fee_per_blob_gas_wei(self) -> int | None:
        """EIP-4844."""
    @property
    def to(self) -> str | None:
        """None creates a contract."""
    @property
    def value_wei(self) -> int: ...
    @property
    def data(self) -> bytes: ...
    @property
    def access_list(self) -> list[tuple[str, list[bytes]]]:
        """`(contract, storage slots of 32 bytes)`."""
    @property
    def blob_versioned_hashes(self) -> list[bytes]: ...
    @property
    def authorizations(self) -> list[Authorization]: ...
    @property
    def sidecar(self) -> tuple[int, int, int] | None:
        """`(version, blobs, proofs)` of the network form of EIP-4844; its KZG proofs are not verified."""
    @property
    def signature(self) -> tuple[int, int, int] | None:
        """`(y_parity, r, s)`; None when it is not signed."""
    @property
    def hash(self) -> bytes | None:
        """The transaction hash, without the sidecar; None when it is not signed."""
    @property
    def signing_hash(self) -> bytes:
        """What its sender signs."""
    def recover_sender(self) -> str:
        """The account that signed it, by libsecp256k1 (about 50 us, without the GIL).

        Codes: transaction_unsigned, signature_invalid.
        """
    def router_call(self, routers: Mapping[str, _Router] | None = None) -> RouterCall | None:
        """The router call in its data; None when it calls no function of a router that is known here.

        Without `routers` the selector decides, whatever the address. With `routers` (address: kind) a call to
        any other address is None, and the function must be one of that router.

        Codes: calldata_malformed, calldata_unbounded, selector_not_of_router, router_unknown.
        """

def decode_transaction(raw: bytes) -> DecodedTransaction:
    """Reads one transaction of any Ethereum type (0 to 4), signed or not, in canonical form.

    `raw` is `rlp(fields)` for type 0 and `type || rlp(fields)` for the others; type 3 also in its network form with
    blobs. Checked: minimal RLP with nothing behind it, field sizes, nonce (EIP-2681), y_parity, r and s with low s
    (EIP-2), shapes of EIP-2930, 4844, 7594 and 7702. Not judged: balances, fees, what a chain would include.

    Codes: transaction_type_unsupported (names the type, Arbitrum's own among them), transaction_malformed (names
    the field), signature_invalid, bytes_required.
    """

@final
class TransactionBatch(Sequence[DecodedTransaction | CoreError]):
    """Answers in the order of the batch: a transaction, or the refusal (not raised) in its place."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> DecodedTransaction | CoreError: ...  # type: ignore[override]
    def __iter__(self) -> Iterator[DecodedTransaction | CoreError]: ...
    @property
    def refused(self) -> int:
        """How many were refused."""
    def recover_senders(self) -> list[str | CoreError]:
        """As `recover_senders`, without reading the bytes again."""
    def router_calls(self, routers: Mapping[str, _Router] | None = None) -> list[RouterCall | CoreError | None]:
        """`DecodedTransaction.router_call` of each."""

def decode_transactions(raws: Sequence[bytes]) -> TransactionBatch:
    """`decode_transaction` of each, without the GIL: tens of nanoseconds a transaction.

    Objects are made when an item is asked for. The batch keeps the `bytes`, not copies of them.
    Code: bytes_required (names the item).
    """

def recover_senders(raws: Sequence[bytes]) -> list[str | CoreError]:
    """The sender of each transaction, without the GIL; a `CoreError` (not raised) where there is none."""

@final
class DecodedSwap:
    """One swap along one path that a router call asks for. Amounts in raw units."""

    @property
    def router(self) -> _Router: ...
    @property
    def venue(self) -> Literal["uniswap_v2", "uniswap_v3"]: ...
    @property
    def exact(self) -> Literal["in", "out"]: ...
    @property
    def path(self) -> list[str]:
        """Tokens in trade order, two at least; the wrapped token where native currency is traded."""
    @property
    def fees_pips(self) -> list[int]:
        """The fee of each pool in hundredths of a basis point, in trade order; empty for V2."""
    @property
    def amount_raw(self) -> _Amount:
        """The exact amount: of the first token ("in") or the last ("out").

        `contract_balance`: all that the router holds; `message_value`: the native currency sent along, where only
        the calldata is known; `already_paid`: what was sent to the first pair before.
        """
    @property
    def limit_raw(self) -> _Amount:
        """Least output ("in") or most input ("out")."""
    @property
    def recipient(self) -> str:
        """An address, `msg_sender` or `address_this` (the router)."""
    @property
    def deadline_s(self) -> int | None:
        """Last second (Unix time) in which it may execute; None when nothing in the call says so."""
    @property
    def sqrt_price_limit_x96(self) -> int | None: ...
    @property
    def fee_on_transfer(self) -> bool: ...
    @property
    def native_in(self) -> bool: ...
    @property
    def native_out(self) -> bool: ...
    @property
    def payer_is_user(self) -> bool | None:
        """Universal Router: the caller pays the input; otherwise the router, from what it holds."""
    @property
    def min_hop_prices_x36(self) -> list[int]:
        """Universal Router 2.1.1: the least price of each hop, scaled by 10**36; empty when not given."""

@final
class RouterAction:
    """A payment or permit around the swaps."""

    @property
    def kind(
        self,
    ) -> Literal[
        "self_permit",
        "permit2_permit",
        "permit2_transfer",
        "wrap",
        "unwrap",
        "sweep",
        "transfer",
        "pay_portion",
        "refund",
        "pull",
        "balance_check",
    ]: ...
    @property
    def token(self) -> str | None:
        """None for native currency."""
    @property
    def recipient(self) -> str | None:
        """Who gets it, is allowed it, or is looked at."""
    @property
    def amount_raw(self) -> _Amount | None:
        """For a sweep, an unwrap and a balance check the least that must be there."""
    @property
    def share_bips(self) -> int | None:
        """The share of a fee or portion, in basis points."""

@final
class RouterStep:
    """One step in order of execution: exactly one of `swap`, `action` and `not_decoded` is not None."""

    @property
    def function(self) -> str:
        """The function or command that asks for it."""
    @property
    def depth(self) -> int:
        """How many multicalls or sub-plans are around it."""
    @property
    def allow_revert(self) -> bool:
        """The call goes on when this step reverts."""
    @property
    def swap(self) -> DecodedSwap | None: ...
    @property
    def action(self) -> RouterAction | None: ...
    @property
    def not_decoded(self) -> str | None:
        """The name or selector of what is not read, such as `V4_SWAP (0x10)`."""

@final
class RouterCall:
    """A call of one of Uniswap's routers (or a fork of it), with all multicalls laid out in one row.

    Sources: UniswapV2Router02 (v2-periphery), SwapRouter (v3-periphery 1.4.4), SwapRouter02 (swap-router-contracts
    1.3.1), UniversalRouter (universal-router 1.2 to 2.1).
    """

    @property
    def function(self) -> str: ...
    @property
    def router(self) -> _Router | None:
        """The one router that has all functions called; None when several have them."""
    @property
    def deadline_s(self) -> int | None: ...
    @property
    def steps(self) -> list[RouterStep]: ...
    @property
    def swaps(self) -> list[DecodedSwap]:
        """Those of the steps."""

def decode_router_call(
    data: bytes, *, value_wei: int | None = None, router: _Router | None = None
) -> RouterCall | None:
    """Reads calldata alone; None when it is no known function of a router.

    `value_wei` is the native currency sent along; `router` is the contract called, when it is known.
    Codes: as `DecodedTransaction.router_call`.
    """

_SolanaVenue = Literal[
    "raydium_amm_v4",
    "raydium_cpmm",
    "raydium_clmm",
    "orca_whirlpool",
    "meteora_dlmm",
    "pump_swap",
    "pump_curve",
]

@final
class SolanaAccount:
    """One account. `writable` is what the message asks for; the runtime takes it back for programs."""

    @property
    def key(self) -> str:
        """Base 58, or `TABLE[index]` behind a lookup table that was not given."""
    @property
    def resolved(self) -> bool: ...
    @property
    def signer(self) -> bool: ...
    @property
    def writable(self) -> bool: ...

@final
class SolanaSwap:
    """One swap through one pool, or two for a two-hop swap. Amounts in raw units, keys as in `SolanaAccount`."""

    @property
    def venue(self) -> _SolanaVenue: ...
    @property
    def function(self) -> str: ...
    @property
    def exact(self) -> Literal["in", "out"]: ...
    @property
    def amount_raw(self) -> int: ...
    @property
    def limit_raw(self) -> int:
        """Least output ("in") or most input ("out")."""
    @property
    def sqrt_price_limits_x64(self) -> list[int]:
        """sqrt(price) * 2**64 for each pool, 0 for no limit; empty on venues without such limits."""
    @property
    def pools(self) -> list[str]: ...
    @property
    def directions(self) -> list[Literal["a_to_b", "b_to_a", "buy", "sell"]]:
        """One for each pool; empty where only the mints of the user's token accounts tell (Raydium, DLMM)."""
    @property
    def user(self) -> str: ...
    @property
    def mint_in(self) -> str | None: ...
    @property
    def mint_out(self) -> str | None: ...
    @property
    def mints(self) -> list[str]:
        """The pool's mints in its order, where the accounts have them."""
    @property
    def account_in(self) -> str | None:
        """The user's token account that is spent from; None for native SOL."""
    @property
    def account_out(self) -> str | None: ...

@final
class SolanaInstruction:
    """One instruction, decoded or made, with its accounts in the order that the program reads them."""

    def __new__(cls, program: str, accounts: Sequence[tuple[str, bool, bool]], data: bytes) -> SolanaInstruction:
        """For accounts of (address, signer, writable). Codes: key_malformed, bytes_required."""
    @property
    def program(self) -> str: ...
    @property
    def accounts(self) -> list[SolanaAccount]: ...
    @property
    def data(self) -> bytes: ...
    @property
    def kind(
        self,
    ) -> Literal[
        "swap",
        "compute_unit_limit",
        "compute_unit_price",
        "heap_frame",
        "loaded_accounts_data_size_limit",
        "jito_tip",
        "transfer",
        "not_read",
        "malformed",
    ]: ...
    @property
    def venue(self) -> _SolanaVenue | None:
        """The venue of the program, also when the instruction is no swap that is read here."""
    @property
    def swap(self) -> SolanaSwap | None: ...
    @property
    def value(self) -> int | None:
        """Compute units, micro-lamports per unit, bytes or lamports, as `kind` says."""
    @property
    def transfer_from(self) -> str | None: ...
    @property
    def transfer_to(self) -> str | None: ...
    @property
    def refusal(self) -> CoreError | None:
        """Why its program would refuse it (`malformed`). Code: instruction_malformed."""

@final
class SolanaTransaction:
    """A Solana transaction. Its signatures are counted, not verified."""

    @property
    def raw(self) -> bytes: ...
    @property
    def version(self) -> Literal["legacy", "v0"]: ...
    @property
    def signatures(self) -> list[bytes]: ...
    @property
    def message(self) -> bytes:
        """What the signatures are made over."""
    @property
    def required_signatures(self) -> int: ...
    @property
    def readonly_signed(self) -> int: ...
    @property
    def readonly_unsigned(self) -> int: ...
    @property
    def recent_blockhash(self) -> str: ...
    @property
    def accounts(self) -> list[SolanaAccount]:
        """Its own, then the writable and then the read-only ones behind lookup tables."""
    @property
    def instructions(self) -> list[SolanaInstruction]: ...
    @property
    def lookups(self) -> list[tuple[str, bytes, bytes]]:
        """`(table, places of writable accounts, places of read-only accounts)`, a place in a byte."""
    @property
    def size_bytes(self) -> int: ...
    @property
    def within_size_limit(self) -> bool: ...

def decode_solana_transaction(
    raw: bytes, *, lookup_tables: Mapping[str, Sequence[str]] | None = None, size_limit_bytes: int = 1232
) -> SolanaTransaction:
    """Reads one signed Solana transaction (legacy or version 0).

    With `lookup_tables` (table: its addresses in order) every account is resolved, and a missing table or place is
    an error; with None those accounts are `TABLE[index]`. The size is reported, not enforced.

    Codes: transaction_version_unsupported (names the version), transaction_malformed, lookup_table_missing,
    lookup_index_outside, key_malformed, bytes_required. Source: solana-message and solana-transaction 3.0.
    """

def decode_solana_transactions(
    raws: Sequence[bytes], *, lookup_tables: Mapping[str, Sequence[str]] | None = None, size_limit_bytes: int = 1232
) -> list[SolanaTransaction | CoreError]:
    """`decode_solana_transaction` of each; a refusal stands (not raised) in the place of its transaction."""

@final
class TransactionBuilder:
    """Makes Solana transactions from instructions; every method but the last two returns the builder again.

    Accounts stand in the order of `solana-message` 3.0: the payer, signers that are written, signers that are read,
    others that are written, others that are read; each class in the order of its bytes, every account once.
    """

    def __new__(cls) -> TransactionBuilder: ...
    def add_instruction(self, instruction: SolanaInstruction) -> TransactionBuilder:
        """Behind those that are there. Code: key_malformed (an account behind a table that was not given)."""
    def add_instructions(self, instructions: Sequence[SolanaInstruction]) -> TransactionBuilder:
        """In their order; all of them or, when one is refused, none."""
    def set_compute_budget(self, *, unit_limit: int, micro_lamports_per_unit: int) -> TransactionBuilder:
        """Always the first two instructions, whatever the order of calls; a second call replaces the first."""
    def set_fee_payer(self, fee_payer: str) -> TransactionBuilder: ...
    def set_recent_blockhash(self, recent_blockhash: str) -> TransactionBuilder:
        """In base 58, as the RPC gives it."""
    def add_lookup_table(self, address: str, addresses: Sequence[str]) -> TransactionBuilder:
        """Offers a table, which is read only if that makes the transaction smaller: it costs 32 + 2 + n bytes and saves
        32 n. The same table again is its newer state. Every choice among up to ten tables with two usable accounts or
        more is counted; beyond ten, the one that saves most is added while one saves.

        Codes: lookup_table_too_long, key_malformed.
        """
    def keep_static(self, account: str) -> TransactionBuilder:
        """Never reads it through a table; signers, programs that are called and Jito's tip accounts never are."""
    def message_format(self, message_format: Literal["smallest", "v0", "legacy"]) -> TransactionBuilder:
        """ "smallest" unless set: version 0 when a table pays, legacy otherwise (two bytes fewer).

        Code: message_format_unknown.
        """
    def size_limit(self, size_limit_bytes: int) -> TransactionBuilder:
        """Most bytes on the wire; 1,232 unless set."""
    def account_limit(self, account_limit: int) -> TransactionBuilder:
        """Most accounts that it may lock; 64 unless set, as on mainnet, and never more than 256."""
    def planned_size(self) -> PlannedSize:
        """What it will weigh. Needs no blockhash, and reports a size above the limit instead of refusing it.

        Codes: fee_payer_missing, instructions_missing, compute_budget_twice, program_is_fee_payer, too_many_accounts,
        too_many_signers, instruction_too_long.
        """
    def build(self) -> UnsignedTransaction:
        """Codes: those of `planned_size`, blockhash_missing, transaction_too_large (by how much, what would help)."""

@final
class PlannedSize:
    """What a transaction will weigh, known before its blockhash and its signatures."""

    @property
    def size_bytes(self) -> int:
        """On the wire, all signatures included."""
    @property
    def size_limit_bytes(self) -> int: ...
    @property
    def fits(self) -> bool: ...
    @property
    def required_signatures(self) -> int: ...
    @property
    def account_count(self) -> int: ...
    @property
    def lookup_tables(self) -> list[str]:
        """Those that pay, in the order in which they were offered."""

@final
class UnsignedTransaction:
    """A transaction that waits for its signatures."""

    @property
    def message(self) -> bytes:
        """What each of `signers` signs with ed25519."""
    @property
    def version(self) -> Literal["legacy", "v0"]: ...
    @property
    def signers(self) -> list[str]:
        """In the order of the signatures; the fee payer first."""
    @property
    def lookup_tables(self) -> list[str]:
        """Those that it reads."""
    @property
    def recent_blockhash(self) -> str: ...
    @property
    def size_bytes(self) -> int:
        """On the wire, all signatures included."""
    def to_wire(self, signatures: Sequence[bytes]) -> bytes:
        """The bytes that are sent: one signature of 64 bytes for each of `signers`; they are not verified.

        Codes: signature_count, signature_malformed, bytes_required.
        """

@final
class TransactionTemplate:
    """A transaction that is compiled once; later only its blockhash and named amounts are written.

    A point is (instruction, offset, width): a little-endian amount in the data of an instruction, counted as they were
    added to the builder; or a part of the compute budget. Codes: those of `TransactionBuilder.build` except
    blockhash_missing, patch_point_outside, patch_points_overlap, patch_place_malformed.
    """

    def __new__(
        cls,
        builder: TransactionBuilder,
        points: Mapping[str, tuple[int, int, Literal["u32", "u64"]] | Literal["unit_limit", "unit_price"]],
    ) -> TransactionTemplate: ...
    def instantiate(self, recent_blockhash: str, amounts: Mapping[str, int]) -> UnsignedTransaction:
        """Amounts that are not given have the value they were compiled with.

        Codes: patch_point_unknown, patch_value_too_large, key_malformed, integer_required, integer_out_of_range.
        """
    @property
    def names(self) -> list[str]: ...
    @property
    def size_bytes(self) -> int:
        """On the wire, all signatures included."""

JITO_TIP_ACCOUNTS: Final[tuple[str, ...]]
"""The eight accounts that take tips to Jito's block engine; never read through a lookup table."""

RECEIPT_LAMPORTS: Final[int]
"""The rent of an account without data, which a receipt holds until it is reclaimed."""

def set_compute_unit_limit(units: int) -> SolanaInstruction: ...
def set_compute_unit_price(micro_lamports_per_unit: int) -> SolanaInstruction: ...
def set_loaded_accounts_data_size_limit(limit_bytes: int) -> SolanaInstruction: ...
def request_heap_frame(heap_bytes: int) -> SolanaInstruction:
    """Bytes of heap for each program, a multiple of 1,024."""

def solana_transfer(source: str, to: str, lamports: int) -> SolanaInstruction:
    """Lamports from a wallet that signs."""

def jito_tip(source: str, tip_account: str, tip_lamports: int) -> SolanaInstruction:
    """A transfer to one of `JITO_TIP_ACCOUNTS`. Codes: tip_account_unknown, tip_too_small (below 1,000 lamports)."""

def address_with_seed(base: str, seed: str, owner: str) -> str:
    """sha256 of base, seed and owner. Codes: seed_too_long (above 32 bytes), seed_owner_illegal."""

def create_account_with_seed(
    *, payer: str, base: str, seed: str, lamports: int, space_bytes: int, owner: str
) -> SolanaInstruction:
    """Makes the account at `address_with_seed`, and fails on chain when it is there. Codes: those of the address."""

def transfer_with_seed(*, base: str, seed: str, owner: str, to: str, lamports: int) -> SolanaInstruction:
    """Moves lamports of the account at `address_with_seed`; the base signs. Codes: those of the address."""

def token_account_address(owner: str, mint: str, token_program: str = ...) -> str:
    """The associated token account, of the SPL Token program unless Token-2022 is named.

    Codes: token_program_unknown, key_malformed.
    """

def create_token_account(*, payer: str, owner: str, mint: str, token_program: str = ...) -> SolanaInstruction:
    """Makes `token_account_address` unless it is there; the payer signs and pays its rent."""

def sync_native(account: str, token_program: str = ...) -> SolanaInstruction:
    """Counts the lamports above the rent of a wrapped SOL account as its balance."""

def wrap_sol(owner: str, lamports: int, token_program: str = ...) -> list[SolanaInstruction]:
    """Puts lamports into the wallet's wrapped SOL account, which must be there: a transfer and `sync_native`."""

def close_token_account(*, account: str, destination: str, owner: str, token_program: str = ...) -> SolanaInstruction:
    """Closes an account that holds no tokens, or only wrapped SOL, which it unwraps; the owner signs."""

def receipt_address(payer: str, seed: str) -> str:
    """Where the receipt of a step stands, for a seed of 32 lower-case hexadecimal digits.

    Code: receipt_seed_malformed.
    """

def receipt_instruction(payer: str, seed: str, lamports: int | None = None) -> SolanaInstruction:
    """Makes the receipt of a step, which a second copy cannot: it fails whole. `RECEIPT_LAMPORTS` unless given.

    Code: receipt_seed_malformed.
    """

def reclaim_receipt(payer: str, seed: str, to: str, lamports: int | None = None) -> SolanaInstruction:
    """Takes the lamports of a receipt back, which frees its address: only when no signed attempt of the step can land.

    Code: receipt_seed_malformed.
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

def quote_batch(
    graph: PoolGraph,
    pool: str,
    *,
    token_in: str,
    token_out: str,
    amounts: bytes,
    exact: str = "in",
) -> bytes:
    """Quotes of one pool, amounts as flat words of 32 bytes, little end first; the GIL is released.

    One word in, one word out: the output of an exact input, the input of an exact output, in raw units. A word whose
    bits are all ones stands where the pool refuses (`PoolGraph.quote_exact_in` says why); no amount is as large.

    Codes: `words_malformed`, `unknown_pool`, `exact_unknown`, and those of a token that is not the pool's.
    """

@final
class RouteBatch:
    """Questions of `(token_in, token_out, amount_raw)` that are asked again and again, read once.

    Codes: those of the values; what a graph refuses is told by `best_paths`.
    """

    def __new__(
        cls,
        requests: Sequence[tuple[str, str, int]],
        *,
        exact: str = "in",
        max_hops: int | None = None,
    ) -> RouteBatch: ...
    def best_paths(self, graph: PoolGraph) -> bytes:
        """The amount that `optimize_route` finds for each question, as flat words of 32 bytes, little end first.

        The output of an exact input, the input of an exact output, in raw units; a word whose bits are all ones where
        there is no route. Questions with the same goal share the work on it; the GIL is released.
        """
    def __len__(self) -> int: ...

@final
class UncappedOptimum:
    """The optimum over all pools at once, arbitrage included: a limit to routes, and no route itself."""

    @property
    def bound_raw(self) -> int:
        """No routing gives more (exact input) or takes less (exact output)."""
    @property
    def reached_raw(self) -> int | None:
        """What the flows give or take, in integers that the pools themselves quote; None when none were found."""
    @property
    def share_ppm(self) -> int:
        """How near `reached_raw` is to `bound_raw`, in parts per million, rounded down."""
    @property
    def flows(self) -> list[tuple[str, str, str, int, int]]:
        """`(pool, token in, token out, amount in, amount out)`."""

def solve_uncapped(
    graph: PoolGraph, requests: Sequence[tuple[str, str, int]], *, exact: str = "in"
) -> list[UncappedOptimum]:
    """The optimum of routing without any cap for each `(token_in, token_out, amount_raw)`; the GIL is released.

    The pools are prepared once for all requests. Codes: those of `optimize_route`, of the first request refused.
    """

@final
class CycleUpdates:
    """What a batch of updates brought, in the order of the batch."""

    @property
    def cycles(self) -> list[list[Cycle]]:
        """The answer of `CycleIndex.update` after each."""
    @property
    def apply_ns(self) -> list[int]:
        """How long the graph took for each, by a monotonic clock."""
    @property
    def update_ns(self) -> list[int]:
        """How long the index took for each."""

def apply_syncs(graph: PoolGraph, index: CycleIndex, *, pools: Sequence[str], reserves: bytes) -> CycleUpdates:
    """Many `Sync` logs in one call: `PoolGraph.apply_sync` and then `CycleIndex.update`, one after the other.

    `reserves` are two words of 32 bytes a pool, little end first. Those before one that is refused stay applied.

    Codes: `words_malformed`, `integer_out_of_range`, and those of `PoolGraph.apply_sync`. The GIL is released.
    """

@final
class TransactionFault:
    """Why the chain, or a simulation of it, refuses a transaction."""

    @property
    def name(self) -> str:
        """The chain's name in snake case: `instruction_error`, `blockhash_not_found`, `already_processed`, ..."""
    @property
    def instruction(self) -> int | None:
        """Which instruction failed, counted from 0."""
    @property
    def instruction_error(self) -> str | None:
        """Its error in snake case: `custom`, `insufficient_funds`, ..."""
    @property
    def custom(self) -> int | None:
        """The program's own error number."""
    @property
    def detail(self) -> str:
        """As the node told it: JSON text."""
    @property
    def logs(self) -> list[str]:
        """What the programs logged, when the node told it."""

_SendKind = Literal["accepted", "already_known", "refused", "rate_limited", "unreachable", "unknown"]

@final
class SendAnswer:
    """What one endpoint answered to one transaction."""

    @property
    def endpoint(self) -> str:
        """Scheme, host and port: never the path, which may hold a key."""
    @property
    def kind(self) -> _SendKind: ...
    @property
    def code(self) -> str | None: ...
    @property
    def detail(self) -> str: ...
    @property
    def elapsed_us(self) -> int: ...

@final
class SendOutcome:
    """What became of handing a transaction over. Never that it landed: only `ConfirmationWatch` knows that.

    `accepted`: at least one endpoint took it (over QUIC: the bytes are on their way). `already_known`: the node has
    it, in a block or not. `refused`: nobody took it; `code` says why. `rate_limited`: nobody took it, ask again after
    `retry_after_ms`. `unreachable`: no byte left. `unknown`: it may have been taken; treat it as sent.
    """

    @property
    def lane(self) -> str: ...
    @property
    def kind(self) -> _SendKind: ...
    @property
    def reference(self) -> str | None:
        """The signature, or the bundle's id; None where nothing was taken."""
    @property
    def endpoint(self) -> str | None:
        """Who said so first."""
    @property
    def code(self) -> str | None:
        """Of a refusal: `blockhash_not_found`, `program_error`, `insufficient_funds`, `simulation_failed`,
        `node_behind`, `invalid_parameters`, `signature_invalid`, `min_context_slot_not_reached`, `version_unsupported`,
        `precompile_failed`, `method_unknown`, `rpc_error`. Of `unreachable`: `not_connected`, `circuit_open`,
        `wrong_chain`, `no_leader`, `pool_closed`. Of `unknown`: `timed_out`, `connection_lost`, `answer_unreadable`."""
    @property
    def detail(self) -> str: ...
    @property
    def fault(self) -> TransactionFault | None:
        """Of a refusal after a simulation."""
    @property
    def retry_after_ms(self) -> int | None: ...
    @property
    def answers(self) -> list[SendAnswer]:
        """Of each endpoint that had answered when the outcome was decided."""

@final
class EndpointStanding:
    """How an endpoint of a pool does."""

    @property
    def endpoint(self) -> str: ...
    @property
    def state(self) -> Literal["unproven", "ready", "open", "half_open", "limited", "wrong_chain"]:
        """`unproven`: has not shown the pinned genesis hash yet; `limited`: rests after a 429."""
    @property
    def latency_us(self) -> int | None:
        """Smoothed over the last 8 answers."""
    @property
    def slot(self) -> int | None:
        """The newest that it told."""
    @property
    def slots_behind(self) -> int | None:
        """Of the newest that any endpoint told."""
    @property
    def answered(self) -> int: ...
    @property
    def failed(self) -> int:
        """Times it did not answer, or not readably. Refusals are answers."""
    @property
    def rate_limited(self) -> int: ...

@final
class RPCConnectionPool:
    """JSON-RPC over kept connections to several endpoints of one cluster, which the genesis hash pins.

    Refusals to construct: `endpoint_malformed`, `endpoint_twice`, `no_endpoints`, `genesis_hash_malformed`,
    `quorum_impossible`, `limit_malformed`.
    Refusals of questions: `rpc_error` (attributes `rpc_code: int` and `rpc_data: str`, JSON text),
    `no_endpoint_answered`, `no_quorum` (who said what), `params_malformed`, `pool_closed`.
    """

    def __new__(
        cls,
        endpoints: Sequence[str],
        *,
        genesis_hash: str,
        quorum: int | None = None,
        request_timeout_ms: int = 2_000,
        max_response_bytes: int = 16_777_216,
        requests_per_second: int = 50,
        burst: int = 50,
        failures_to_open: int = 5,
        open_ms: int = 60_000,
        max_slots_behind: int = 8,
        headers: Sequence[tuple[str, str]] = (),
    ) -> RPCConnectionPool: ...
    def warm_up(self) -> Future[list[EndpointStanding]]:
        """Opens a connection to each, proves the genesis hash, and measures latency and slot."""
    def call(self, method: str, params_json: str = "[]") -> Future[str]:
        """The `result` of the best endpoint that answers, as JSON text."""
    def agree(self, method: str, params_json: str = "[]", *, quorum: int | None = None) -> Future[str]:
        """The `result` that `quorum` endpoints gave, `context` aside. Default: as constructed, else more than half."""
    def agreed(self, method: str, params_json: str = "[]") -> Future[tuple[str, list[str]]]:
        """The same as `agree`, with the endpoints that said so: as many as the pool's quorum."""
    def height(self, commitment: Literal["processed", "confirmed", "finalized"]) -> Future[tuple[int, list[str]]]:
        """The highest block height that a quorum has reached, and the endpoints that tell it or a higher one: what
        fewer tell moves it neither up nor down. Refusals: those of questions, and `commitment_malformed`."""
    def standing(self) -> list[EndpointStanding]:
        """Best first."""
    def close(self) -> None:
        """No question is asked any more; those that wait are refused with `pool_closed`."""

@final
class RpcLane:
    """`sendTransaction` to all endpoints of a pool at once."""

    def __new__(
        cls,
        pool: RPCConnectionPool,
        *,
        preflight: bool = False,
        preflight_commitment: Literal["processed", "confirmed", "finalized"] = "processed",
        max_transaction_bytes: int = 1_232,
    ) -> RpcLane: ...
    @property
    def name(self) -> Literal["rpc"]: ...
    def send(
        self, transaction: bytes, *, preflight: bool | None = None, min_context_slot: int | None = None
    ) -> Future[SendOutcome]:
        """The first acceptance; the others go on. Refuses bytes that are no signed transaction:
        `transaction_malformed`, `transaction_too_large`."""
    def rebroadcast(
        self, transaction: bytes, *, last_valid_block_height: int, every_ms: int = 1_000, most: int = 300
    ) -> Rebroadcast:
        """Sends the same bytes every `every_ms` until told to stop, until `most` sends, or until the processed
        height of a quorum is above `last_valid_block_height`. Dropping the answer stops it too."""

@final
class Rebroadcast:
    """A transaction that is being sent again and again."""

    def stop(self) -> None: ...
    def finished(self) -> Future[RebroadcastEnd]:
        """May be awaited more than once. Cancelling the wait does not stop the sending."""

@final
class RebroadcastEnd:
    """How it ended."""

    @property
    def reason(self) -> Literal["stopped", "height_passed", "most_sends"]:
        """`height_passed` is no proof that it did not land: ask `ConfirmationWatch`."""
    @property
    def sends(self) -> int: ...
    @property
    def accepted(self) -> int: ...
    @property
    def last(self) -> SendOutcome | None: ...

@final
class JitoLane:
    """Jito's block engine over JSON-RPC or gRPC, in several regions at once. "Accepted" is not "landed"."""

    def __new__(
        cls,
        regions: Sequence[str],
        *,
        uuid: str | None = None,
        requests_per_second: int = 1,
        burst: int = 1,
        request_timeout_ms: int = 2_000,
        failures_to_open: int = 5,
        open_ms: int = 60_000,
        max_transaction_bytes: int = 1_232,
        tip_floor_url: str | None = None,
    ) -> JitoLane:
        """`regions` are base addresses (`https://ny.mainnet.block-engine.jito.wtf`), without `/api/v1`; those that
        begin with `grpc://` or `grpcs://` are spoken to over gRPC (`searcher.SearcherService`)."""
    @property
    def name(self) -> Literal["jito"]: ...
    def send(self, transaction: bytes) -> Future[SendOutcome]:
        """As a bundle of one (`sendTransaction?bundleOnly=true`); the reference is the bundle's id, or the signature
        where the region names none."""
    def send_bundle(self, transactions: Sequence[bytes]) -> Future[SendOutcome]:
        """1 to 5 transactions; the reference is the bundle's id. Refuses `bundle_malformed`."""
    def bundle_statuses(self, bundle_ids: Sequence[str]) -> Future[list[BundleStatus | None]]:
        """Of landed bundles, in the order asked; None where not landed, or not known. At most 5."""
    def inflight_statuses(self, bundle_ids: Sequence[str]) -> Future[list[InflightStatus | None]]:
        """Of the last 5 minutes, in the order asked. At most 5."""
    def tip_accounts(self) -> Future[list[str]]: ...
    def bundle_news(self) -> Future[list[BundleNews]]:
        """What the regions over gRPC said of bundles since the last time, whoever sent them; waits for the first. At
        most 1,000 wait to be read. A hint: what landed, the chain says. Refused with `no_news_endpoint` without such a
        region."""
    def tip_floor(self) -> Future[TipFloor]:
        """Asks `tip_floor_url`; refused with `tip_floor_unset` when there is none."""

@final
class BundleStatus:
    @property
    def bundle_id(self) -> str: ...
    @property
    def transactions(self) -> list[str]:
        """Signatures, in order."""
    @property
    def slot(self) -> int: ...
    @property
    def confirmation_status(self) -> str | None: ...
    @property
    def fault(self) -> TransactionFault | None: ...

@final
class InflightStatus:
    @property
    def bundle_id(self) -> str: ...
    @property
    def status(self) -> Literal["invalid", "pending", "failed", "landed"]: ...
    @property
    def landed_slot(self) -> int | None: ...

@final
class BundleNews:
    """What a region said of a bundle; or (`following`, `interrupted`) that its news begin, or have ended for now."""

    @property
    def region(self) -> str: ...
    @property
    def kind(
        self,
    ) -> Literal["accepted", "processed", "finalized", "rejected", "dropped", "following", "interrupted"]: ...
    @property
    def bundle_id(self) -> str | None:
        """None where it is about the region."""
    @property
    def slot(self) -> int | None:
        """Of `accepted` and `processed`."""
    @property
    def reason(self) -> str | None:
        """Why it was rejected or dropped: `simulation_failure`, `blockhash_expired`, ..."""
    @property
    def detail(self) -> str: ...

@final
class TipFloor:
    """Tips that landed lately, in lamports: the given percentiles and the moving mean of the median."""

    def __new__(
        cls, *, p25_lamports: int, p50_lamports: int, p75_lamports: int, p95_lamports: int, p99_lamports: int
    ) -> TipFloor: ...
    @staticmethod
    def parse(json: str) -> TipFloor:
        """From the text of the `tip_floor` page or a message of the `tip_stream`, whose numbers are SOL. Digits below a
        lamport are rounded up. Refused with `tip_floor_malformed`."""
    @property
    def p25_lamports(self) -> int: ...
    @property
    def p50_lamports(self) -> int: ...
    @property
    def p75_lamports(self) -> int: ...
    @property
    def p95_lamports(self) -> int: ...
    @property
    def p99_lamports(self) -> int: ...

@final
class TipPolicy:
    """How much tip a trade pays. Refused with `tip_policy_malformed`."""

    def __new__(
        cls,
        *,
        share_ppm: int = 500_000,
        floor_lamports: int = 1_000,
        cap_lamports: int = 10_000_000,
        retry_step_ppm: int = 250_000,
        percentile: Literal[25, 50, 75, 95, 99] | None = 75,
    ) -> TipPolicy:
        """`share_ppm`: most of the profit that a tip may be, in millionths. `retry_step_ppm`: what each attempt
        adds."""
    def tip_lamports(self, *, profit_lamports: int, attempt: int = 0, tip_floor: TipFloor | None = None) -> int | None:
        """The percentile (or the floor) raised by the steps of `attempt`, at least the floor, at most the cap and the
        share of the profit. None: the share of the profit is below the floor, so no tip is worth it."""
    @staticmethod
    def tip_account(random: int) -> str:
        """One of Jito's eight, by a random number of the caller's."""

@final
class TpuLane:
    """Straight to the leaders over QUIC. There is no reply: `accepted` says that a leader's connection took the
    bytes."""

    def __new__(
        cls,
        pool: RPCConnectionPool,
        *,
        identity_seed: bytes | None = None,
        fanout_slots: int = 4,
        slots_ahead: int = 8,
        slot_every_ms: int = 400,
        nodes_every_ms: int = 30_000,
        connect_timeout_ms: int = 2_000,
        send_timeout_ms: int = 500,
        max_connections: int = 32,
        max_transaction_bytes: int = 1_232,
    ) -> TpuLane:
        """`identity_seed`: 32 bytes of a network identity (for stake), never a wallet; default: a fresh one."""
    @property
    def name(self) -> Literal["tpu"]: ...
    @property
    def identity(self) -> str: ...
    def start(self, slots: SlotFeed | None = None) -> Future[list[LeaderStanding]]:
        """Learns leaders and addresses, and shakes hands with those to come; goes on doing so until closed: at each
        slot that the feed tells, else every `slot_every_ms`."""
    def observe_slot(self, slot: int) -> None:
        """A newer slot from a faster source than the pool."""
    def send(self, transaction: bytes) -> Future[SendOutcome]:
        """To the leaders of the current and the next `fanout_slots - 1` slots, on connections that are already open."""
    def leaders(self) -> list[LeaderStanding]: ...
    def close(self) -> None: ...

@final
class LeaderStanding:
    @property
    def leader(self) -> str: ...
    @property
    def address(self) -> str | None:
        """Where it takes QUIC; None when its node does not say."""
    @property
    def state(self) -> Literal["connected", "connecting", "resting", "no_address"]: ...
    @property
    def next_slot(self) -> int: ...
    @property
    def handshakes(self) -> int:
        """How many were made with it since the start."""
    @property
    def sent(self) -> int: ...
    @property
    def failed(self) -> int: ...

@final
class RecentBlockhash:
    @property
    def blockhash(self) -> str: ...
    @property
    def last_valid_block_height(self) -> int: ...
    @property
    def slot(self) -> int:
        """Of the answer."""
    @property
    def blocks_left(self) -> int:
        """Blocks until it expires, at least: since the answer they are counted down as fast as slots can be."""

@final
class FeedStanding:
    """How a feed does: `down` until it tells again, and why."""

    @property
    def state(self) -> Literal["connecting", "live", "down"]: ...
    @property
    def endpoint(self) -> str:
        """Scheme, host and port."""
    @property
    def detail(self) -> str: ...

@final
class SlotFeed:
    """The newest slot that a node has begun (`slotSubscribe`). Addresses are tried in turn; a lost connection is begun
    anew after `backoff_ms`, doubled each time up to `max_backoff_ms`."""

    def __new__(
        cls,
        websocket_urls: Sequence[str],
        *,
        ping_every_ms: int = 10_000,
        max_silence_ms: int = 5_000,
        backoff_ms: int = 250,
        max_backoff_ms: int = 30_000,
    ) -> SlotFeed: ...
    @property
    def slot(self) -> int | None:
        """None before the first was told."""
    def standing(self) -> FeedStanding: ...
    def next_standing(self) -> Future[FeedStanding]:
        """The newest one that was not seen yet. Refused with `feed_closed`."""
    def close(self) -> None: ...

@final
class AccountFeed:
    """Which accounts were written (`accountSubscribe`). What they hold is to be asked for."""

    def __new__(
        cls,
        websocket_urls: Sequence[str],
        accounts: Sequence[str],
        *,
        commitment: Literal["processed", "confirmed", "finalized"] = "confirmed",
        ping_every_ms: int = 10_000,
        backoff_ms: int = 250,
        max_backoff_ms: int = 30_000,
    ) -> AccountFeed:
        """At most 1,000 accounts."""
    def changes(self) -> Future[list[tuple[str, int]]]:
        """Accounts that were written since the last time, each with its newest slot; waits for the first. What was
        written while the feed was not live is not told."""
    def standing(self) -> FeedStanding: ...
    def next_standing(self) -> Future[FeedStanding]: ...
    def close(self) -> None: ...

@final
class TipStream:
    """Jito's percentiles of landed tips as they are told (`/api/v1/bundles/tip_stream`)."""

    def __new__(
        cls,
        url: str,
        *,
        ping_every_ms: int = 10_000,
        max_silence_ms: int = 60_000,
        backoff_ms: int = 250,
        max_backoff_ms: int = 30_000,
    ) -> TipStream: ...
    def floor(self) -> TipFloor | None:
        """None when nothing was told for `max_silence_ms`: ask the page."""
    def standing(self) -> FeedStanding: ...
    def next_standing(self) -> Future[FeedStanding]: ...
    def close(self) -> None: ...

@final
class BlockhashCache:
    """A blockhash that is always at hand, refreshed in the background."""

    def __new__(
        cls,
        pool: RPCConnectionPool,
        *,
        commitment: Literal["processed", "confirmed", "finalized"] = "confirmed",
        every_ms: int = 400,
        min_blocks_left: int = 100,
        max_silence_ms: int = 10_000,
    ) -> BlockhashCache: ...
    def start(self, slots: SlotFeed | None = None) -> Future[RecentBlockhash]:
        """The first one; goes on refreshing until closed: at each slot that the feed tells, else every `every_ms`."""
    def current(self) -> RecentBlockhash:
        """Refused with `blockhash_unknown` (not started, or nobody answered yet) or `blockhash_stale` (fewer blocks
        left than `min_blocks_left`, or no refresh for `max_silence_ms`)."""
    def close(self) -> None: ...

@final
class PriorityFee:
    @property
    def micro_lamports_per_compute_unit(self) -> int: ...
    @property
    def fee_lamports(self) -> int:
        """What the limit of compute units costs at that price, rounded up as the chain does."""
    @property
    def congestion(self) -> Literal["low", "medium", "high"]: ...
    @property
    def capped(self) -> bool:
        """Whether the share of the profit or the cap made it lower than congestion asks for."""

@final
class PriorityFees:
    """What the accounts that a transaction writes have cost lately. Refused with `priority_fees_malformed`."""

    def __new__(
        cls,
        pool: RPCConnectionPool,
        *,
        floor_micro_lamports: int = 1_000,
        cap_micro_lamports: int = 5_000_000,
        profit_share_ppm: int = 100_000,
        medium_micro_lamports: int = 10_000,
        high_micro_lamports: int = 100_000,
    ) -> PriorityFees:
        """`medium_…` and `high_…`: medians from which congestion counts as such."""
    def quote(
        self, writable_accounts: Sequence[str], *, compute_units: int, profit_lamports: int | None = None
    ) -> Future[PriorityFee]:
        """At low congestion the median is paid, at medium the 75th, at high the 90th percentile of the last 150
        slots."""

@final
class Confirmation:
    """What is known of a sent transaction."""

    @property
    def kind(self) -> Literal["landed", "reverted", "expired", "pending"]:
        """`expired`: it can never land, by the evidence below. `pending`: nothing is decided, whatever the clock
        says."""
    @property
    def signature(self) -> str: ...
    @property
    def slot(self) -> int | None: ...
    @property
    def level(self) -> Literal["processed", "confirmed", "finalized"] | None: ...
    @property
    def fee_lamports(self) -> int | None:
        """When an endpoint had the transaction itself already."""
    @property
    def compute_units(self) -> int | None: ...
    @property
    def fault(self) -> TransactionFault | None: ...
    @property
    def evidence(self) -> list[tuple[str, int | None, bool | None]]:
        """Of an expiry or of a pending one: endpoint, its finalized block height, and whether it knows the
        signature."""

@final
class ConfirmationWatch:
    """Follows signatures: a websocket subscription where there is one, and asking `getSignatureStatuses` always."""

    def __new__(
        cls,
        pool: RPCConnectionPool,
        *,
        websocket_urls: Sequence[str] = (),
        quorum: int | None = None,
        poll_ms: int = 500,
    ) -> ConfirmationWatch: ...
    def wait(
        self,
        signature: str,
        *,
        last_valid_block_height: int,
        commitment: Literal["processed", "confirmed", "finalized"] = "confirmed",
        timeout_ms: int = 90_000,
    ) -> Future[Confirmation]:
        """Ends with `pending` after `timeout_ms`; may be asked again. Refused with `signature_malformed`."""
    def check(
        self,
        signature: str,
        *,
        last_valid_block_height: int,
        commitment: Literal["processed", "confirmed", "finalized"] = "confirmed",
    ) -> Future[Confirmation]:
        """The same, from one round of questions."""

@final
class CircuitBreaker:
    """Closed, open after failures in a row, half open after a rest. Clockless: times are the caller's, in
    milliseconds."""

    def __new__(cls, *, failures_to_open: int = 5, open_ms: int = 60_000) -> CircuitBreaker: ...
    def state(self, now_ms: int) -> Literal["closed", "open", "half_open"]: ...
    def allow(self, now_ms: int) -> bool:
        """Whether to try now. Half open lets one through until it is judged."""
    def succeeded(self) -> None: ...
    def failed(self, now_ms: int) -> None:
        """For what the other side did not answer; an error of the program or of the request is a success here."""

@final
class RateLimiter:
    """A bucket of tokens. Clockless: times are the caller's, in milliseconds."""

    def __new__(cls, *, requests_per_second: int, burst: int) -> RateLimiter: ...
    def take(self, now_ms: int) -> int:
        """0: go (a token is taken). Else: milliseconds until one is there; nothing is taken."""
    def rest(self, now_ms: int, for_ms: int) -> None:
        """The other side said 429: nothing for so long. A shorter rest never ends a longer one."""

@final
class WalletRequirement:
    """What a trade takes from a wallet."""

    def __new__(cls, *, lamports: int = 0, tokens: Mapping[str, int] | None = None) -> WalletRequirement:
        """`tokens`: raw amounts by mint."""
    @property
    def lamports(self) -> int: ...
    @property
    def tokens(self) -> dict[str, int]: ...

@final
class WalletReservation:
    """Part of a wallet that nobody else can spend until `settle` or `release`."""

    @property
    def id(self) -> int: ...
    @property
    def wallet(self) -> str: ...
    @property
    def requirement(self) -> WalletRequirement: ...

@final
class WalletStats:
    @property
    def total(self) -> int: ...
    @property
    def healthy(self) -> int: ...
    @property
    def low_balance(self) -> int: ...
    @property
    def high_in_flight(self) -> int: ...
    @property
    def errored(self) -> int: ...

@final
class WalletState:
    @property
    def wallet(self) -> str: ...
    @property
    def lamports(self) -> int | None:
        """None until it was observed; such a wallet is not given out."""
    @property
    def reserved_lamports(self) -> int: ...
    @property
    def tokens(self) -> dict[str, int]: ...
    @property
    def reserved_tokens(self) -> dict[str, int]: ...
    @property
    def in_flight(self) -> int: ...
    @property
    def errors(self) -> int:
        """In a row."""
    @property
    def slot(self) -> int:
        """Of the newest balance of lamports."""
    @property
    def faults(self) -> list[Literal["errored", "high_in_flight", "low_balance", "unobserved"]]:
        """Empty: healthy."""

@final
class WalletManager:
    """Which wallet trades next, and how much of it is still free. Holds no key; safe to share between threads."""

    def __new__(
        cls,
        wallets: Sequence[str],
        *,
        max_errors: int = 5,
        max_in_flight: int = 3,
        low_balance_lamports: int = 100_000_000,
        max_reservations: int = 4_096,
    ) -> WalletManager:
        """Refused: `wallet_malformed`, `wallet_twice`, `no_wallets`, `limit_malformed`."""
    def observe_lamports(self, wallet: str, lamports: int, slot: int) -> bool:
        """False: older than what is known, and ignored. Refused: `wallet_unknown`."""
    def observe_tokens(self, wallet: str, mint: str, amount_raw: int, slot: int) -> bool: ...
    def reserve(self, requirement: WalletRequirement, *, wallet: str | None = None) -> WalletReservation:
        """The next healthy wallet in turn that has it free. Refused: `no_healthy_wallet`, `wallets_exhausted`
        (healthy, but none has that much free), `too_many_reservations`, `wallet_unknown`."""
    def settle(self, reservation: WalletReservation, *, slot: int, succeeded: bool) -> None:
        """The transaction landed in `slot`, or reverted there. The reserved stays taken until balances of that slot
        or a later one are observed. Refused: `reservation_unknown` (settled or released before)."""
    def release(self, reservation: WalletReservation, *, failed: bool = False) -> None:
        """Nothing was spent, and nothing can be any more. `failed` counts an error."""
    def clear_errors(self, wallet: str) -> None: ...
    def stats(self) -> WalletStats: ...
    def states(self) -> list[WalletState]: ...
    def low_wallets(self) -> list[WalletState]: ...

class SwapAccounts:
    """The addresses that a pool's swap instructions name and that its price does not depend on."""

    def __new__(cls, graph: PoolGraph, pool: str, accounts: Sequence[tuple[str, str, bytes]]) -> SwapAccounts:
        """From the `(address, owner, data)` that the pool was decoded from. They hardly ever change.

        Codes: `unknown_pool`, `venue_unsupported`, `account_missing`, `account_malformed`.
        """
    @property
    def pool(self) -> str: ...
    @property
    def venue(self) -> str: ...

@final
class VenueOptions:
    """Which form of a venue's instructions is sent, where its program takes several."""

    def __new__(
        cls,
        *,
        raydium_amm_v4: Literal["v1", "v2"] | None = None,
        pumpswap: Literal["v1", "v2"] | None = None,
        pump_curve: Literal["v1", "v2", "v3"] | None = None,
        spare_arrays: int | None = None,
        most_arrays: int | None = None,
        fee_recipient: int | None = None,
        track_volume: bool = False,
    ) -> VenueOptions:
        """Unless given: AMM v4 in its second form (8 accounts), both pump programs in their first.

        `spare_arrays` (1): tick or bin arrays beyond those that the quote passes; `most_arrays` (8): all of them in one
        instruction; `fee_recipient` (0): which of pump's listed recipients, counted around. Code: `form_unknown`.
        """

@final
class SwapInstructions:
    """One swap, ready to stand in a transaction."""

    @property
    def instructions(self) -> list[SolanaInstruction]:
        """In the order in which they must stand."""
    @property
    def must_exist(self) -> list[str]:
        """Accounts that must exist before, or the program refuses."""
    @property
    def may_create(self) -> list[tuple[str, int]]:
        """Accounts that the program makes where they are missing, with the lamports that the trader pays for each."""
    @property
    def rent_lamports(self) -> int:
        """The lamports of `may_create` together."""
    @property
    def moves_native_sol(self) -> bool:
        """SOL moves as lamports of the trader (pump curve): nothing is to be wrapped."""
    @property
    def compute_units(self) -> int:
        """To set aside: measured, and rounded up; no bound of the program."""
    @property
    def quoted_in_raw(self) -> int: ...
    @property
    def quoted_out_raw(self) -> int: ...

def swap_instruction(
    graph: PoolGraph,
    pool: str,
    accounts: SwapAccounts,
    *,
    trader: str,
    source: tuple[str, str, str],
    destination: tuple[str, str, str],
    exact: Literal["in", "out"],
    amount_raw: int,
    limit_raw: int,
    options: VenueOptions | None = None,
) -> SwapInstructions:
    """The instructions of one swap through a Solana pool of the graph.

    `source` and `destination` are (mint, token account, token program); SOL on a pump curve is named as wrapped SOL,
    and its token account need not exist. `amount_raw` is exactly paid ("in") or received ("out"), `limit_raw` at least
    received or at most paid; it is not compared with the quote. What the pool would refuse now is refused with its own
    code.

    Codes: those of a quote; `swap_accounts_mismatch`, `venue_unsupported`, `exact_out_unsupported` (selling on pump),
    `limit_zero` (pump's exact-in buys), `token_program_mismatch`, `form_unsupported`, `too_many_arrays`,
    `address_underivable`, `key_malformed`, `exact_malformed`.
    """

@final
class KaminoReserve:
    """An account of Kamino's lending program that lends one token."""

    def __new__(cls, address: str, owner: str, data: bytes) -> KaminoReserve:
        """Codes: `account_malformed`, `address_underivable`."""
    @property
    def address(self) -> str: ...
    @property
    def liquidity_mint(self) -> str: ...
    @property
    def token_program(self) -> str: ...
    @property
    def available_raw(self) -> int: ...
    def fee_raw(self, amount_raw: int) -> int:
        """What a flash loan costs on top, in raw units of the token.

        Codes: `amount_zero`, `flash_loan_disabled`, `reserve_obsolete`, `flash_loan_too_small`, `reserve_insufficient`.
        """

@final
class FlashLoanInstructions:
    """A transaction's instructions around which a loan stands."""

    @property
    def instructions(self) -> list[SolanaInstruction]:
        """Compute budget, loan, the rest, and the repayment: the whole transaction."""
    @property
    def borrow_index(self) -> int:
        """The place of the loan, counted from 0; nothing may be put in front of it any more."""
    @property
    def fee_raw(self) -> int: ...
    @property
    def size_bytes(self) -> int: ...

def wrap_in_flash_loan(
    instructions: Sequence[SolanaInstruction],
    reserve: KaminoReserve,
    *,
    borrower: str,
    token_account: str,
    amount_raw: int,
    fee_payer: str,
    lookup_tables: Sequence[tuple[str, Sequence[str]]] = (),
    size_limit_bytes: int | None = None,
) -> FlashLoanInstructions:
    """Puts a flash loan of Kamino around the instructions of a whole transaction, compute budget included.

    Codes: those of `KaminoReserve.fee_raw`; `flash_loan_twice`, `compute_budget_behind`, `flash_loan_place_too_far`,
    `transaction_too_large` and the others of `TransactionBuilder.build`.
    """
