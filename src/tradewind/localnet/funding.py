"""Gives the accounts their money and fills the pools with liquidity, through the real position manager."""

from tradewind.localnet import addresses as at
from tradewind.localnet.abi import encode_call
from tradewind.localnet.addresses import ARB, USDC, WETH, Token
from tradewind.localnet.market import POOLS, Pool, Range
from tradewind.localnet.rpc import JsonRpc
from tradewind.localnet.transactions import Transaction, send_all, transaction

TRADER_ETH_WEI = 10 * 10**18
TRADER_TOKENS = {USDC: 50_000, WETH: 20, ARB: 10_000}
MARKET_MAKER_ETH_WEI = 10**24
# What the market maker keeps to move prices with, after its pools are filled.
MARKET_MAKER_TOKENS = {USDC: 30_000_000, WETH: 10_000, ARB: 75_000_000}

UNLIMITED = 2**256 - 1
TRANSFER_GAS = 200_000
POOL_CREATION_GAS = 6_000_000
MINT_GAS = 1_500_000
NO_DEADLINE = 2**64 - 1

_MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"


async def open_market(rpc: JsonRpc) -> None:
    """Fund the trader and the market maker, create the pools and fill them; the trader sends nothing."""
    await rpc.batch(
        [
            ("anvil_setBalance", [at.TRADER, hex(TRADER_ETH_WEI)]),
            ("anvil_setBalance", [at.MARKET_MAKER, hex(MARKET_MAKER_ETH_WEI)]),
        ]
    )
    await send_all(rpc, [*_fund_accounts(), *_approve_market_maker(), *_create_pools(), *_fill_pools()])


def _fund_accounts() -> list[Transaction]:
    trader = {token: amount * 10**token.decimals for token, amount in TRADER_TOKENS.items()}
    maker = {token: amount * 10**token.decimals for token, amount in MARKET_MAKER_TOKENS.items()}
    for pool in POOLS:
        for span in pool.ranges:
            for token, amount_raw in zip((pool.base, pool.quote), pool.deposit(span), strict=True):
                maker[token] += amount_raw
    wrap = encode_call("deposit()")
    total_weth = trader[WETH] + maker[WETH]
    give = encode_call("transfer(address,uint256)", at.TRADER, trader[WETH])
    return [
        transaction(at.MARKET_MAKER, WETH.address, wrap, gas=TRANSFER_GAS, value_wei=total_weth),
        transaction(at.MARKET_MAKER, WETH.address, give, gas=TRANSFER_GAS),
        *(
            mint_token(token, who, amounts[token])
            for who, amounts in ((at.TRADER, trader), (at.MARKET_MAKER, maker))
            for token in (USDC, ARB)
        ),
    ]


def mint_token(token: Token, who: str, amount_raw: int) -> Transaction:
    """The issuer's transaction that creates an amount of USDC or ARB."""
    data = encode_call("mint(address,uint256)", who, amount_raw)
    return transaction(at.TOKEN_ISSUER, token.address, data, gas=TRANSFER_GAS)


def _approve_market_maker() -> list[Transaction]:
    return [
        transaction(
            at.MARKET_MAKER,
            token.address,
            encode_call("approve(address,uint256)", spender, UNLIMITED),
            gas=TRANSFER_GAS,
        )
        for token in at.TOKENS.values()
        for spender in (at.POSITION_MANAGER, at.SWAP_ROUTER_02)
    ]


def _create_pools() -> list[Transaction]:
    create = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
    return [
        transaction(
            at.MARKET_MAKER,
            at.POSITION_MANAGER,
            encode_call(create, pool.base.address, pool.quote.address, pool.fee_pips, pool.sqrt_price_x96),
            gas=POOL_CREATION_GAS,
        )
        for pool in POOLS
    ]


def _fill_pools() -> list[Transaction]:
    return [_mint_position(pool, span) for pool in POOLS for span in pool.ranges]


def _mint_position(pool: Pool, span: Range) -> Transaction:
    tick_lower, tick_upper = pool.ticks(span)
    amount0, amount1 = pool.deposit(span)
    data = encode_call(
        _MINT,
        *(pool.base.address, pool.quote.address, pool.fee_pips, tick_lower, tick_upper),
        *(amount0, amount1, 0, 0, at.MARKET_MAKER, NO_DEADLINE),
    )
    return transaction(at.MARKET_MAKER, at.POSITION_MANAGER, data, gas=MINT_GAS)
