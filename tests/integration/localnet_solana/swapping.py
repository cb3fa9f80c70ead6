"""Swap instructions on the real programs, account by account as their programs list them."""

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from tradewind import core
from tradewind.localnet.solana import SolanaLocalnet, SolanaNode
from tradewind.localnet.solana.description import DescribedPool
from tradewind.localnet.solana.token_accounts import TOKEN_2022_PROGRAM, associated_token_address

TOKEN = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
ATA = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
SYSTEM = Pubkey.default()
AMM_V4 = Pubkey.from_string("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8")
AMM_V4_AUTHORITY = Pubkey.from_string("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1")
PUMP_AMM = Pubkey.from_string("pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA")
PUMP = Pubkey.from_string("6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P")
PUMP_FEES = Pubkey.from_string("pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ")
WSOL = Pubkey.from_string("So11111111111111111111111111111111111111112")
SIGNER, WRITABLE = 2, 1


def associated(owner: Pubkey, mint: Pubkey) -> Pubkey:
    return Pubkey.find_program_address([bytes(owner), bytes(TOKEN), bytes(mint)], ATA)[0]


def derived(program: Pubkey, *seeds: bytes) -> Pubkey:
    return Pubkey.find_program_address(list(seeds), program)[0]


def pay(source: Pubkey, target: Pubkey, lamports: int) -> Instruction:
    return transfer(TransferParams(from_pubkey=source, to_pubkey=target, lamports=lamports))


def create_associated(payer: Pubkey, owner: Pubkey, mint: Pubkey, program: Pubkey = TOKEN) -> Instruction:
    account = associated_token_address(owner, mint, program)
    keys = [(payer, 3), (account, 1), (owner, 0), (mint, 0), (SYSTEM, 0), (program, 0)]
    return _call(ATA, b"\1", keys)


def token_call(data: bytes, keys: list[tuple[Pubkey, int]], program: Pubkey = TOKEN) -> Instruction:
    """An instruction of a token program."""
    return _call(program, data, keys)


def amm_v4_swap(pool: DescribedPool, user: Pubkey, mint_in: Pubkey, amount_in: int, least_out: int) -> Instruction:
    base, quote = Pubkey.from_string(pool.base_mint), Pubkey.from_string(pool.quote_mint)
    mint_out = quote if mint_in == base else base
    keys = [
        (TOKEN, 0),
        (Pubkey.from_string(pool.pool), WRITABLE),
        (AMM_V4_AUTHORITY, 0),
        (Pubkey.from_string(pool.base_vault), WRITABLE),
        (Pubkey.from_string(str(pool.quote_vault)), WRITABLE),
        (associated(user, mint_in), WRITABLE),
        (associated(user, mint_out), WRITABLE),
        (user, SIGNER),
    ]
    return _call(AMM_V4, b"\x10" + _numbers(amount_in, least_out), keys)


def pumpswap_sell(pool: DescribedPool, user: Pubkey, amount_in: int, least_out: int, node: SolanaNode) -> Instruction:
    """The first form, with its 24 accounts."""
    head = _pumpswap_head(pool, user, node)
    tail = _pumpswap_tail(pool, node)
    fees = [(derived(PUMP_FEES, b"fee_config", bytes(PUMP_AMM)), 0), (PUMP_FEES, 0)]
    return _call(PUMP_AMM, bytes.fromhex("33e685a4017f83ad") + _numbers(amount_in, least_out), [*head, *fees, *tail])


def pumpswap_buy_exact_in(
    pool: DescribedPool, user: Pubkey, quote_in: int, least_out: int, node: SolanaNode
) -> Instruction:
    """The first form, with its 26 accounts."""
    volume = [
        (derived(PUMP_AMM, b"global_volume_accumulator"), 0),
        (derived(PUMP_AMM, b"user_volume_accumulator", bytes(user)), WRITABLE),
        (derived(PUMP_FEES, b"fee_config", bytes(PUMP_AMM)), 0),
        (PUMP_FEES, 0),
    ]
    data = bytes.fromhex("c62e1552b4d9e870") + _numbers(quote_in, least_out) + b"\0"
    return _call(PUMP_AMM, data, [*_pumpswap_head(pool, user, node), *volume, *_pumpswap_tail(pool, node)])


def pumpswap_create_pool(user: Pubkey, coin: Pubkey, coins_raw: int, lamports: int) -> tuple[Pubkey, Instruction]:
    """A pool of somebody's own, and `create_pool` with its 18 accounts. Shares in it are of Token-2022."""
    index = (1).to_bytes(2, "little")
    pool = derived(PUMP_AMM, b"pool", index, bytes(user), bytes(coin), bytes(WSOL))
    shares = derived(PUMP_AMM, b"pool_lp_mint", bytes(pool))
    keys = [
        (pool, WRITABLE),
        (derived(PUMP_AMM, b"global_config"), 0),
        (user, SIGNER | WRITABLE),
        (coin, 0),
        (WSOL, 0),
        (shares, WRITABLE),
        (associated(user, coin), WRITABLE),
        (associated(user, WSOL), WRITABLE),
        (associated_token_address(user, shares, TOKEN_2022_PROGRAM), WRITABLE),
        (associated(pool, coin), WRITABLE),
        (associated(pool, WSOL), WRITABLE),
        (SYSTEM, 0),
        (TOKEN_2022_PROGRAM, 0),
        (TOKEN, 0),
        (TOKEN, 0),
        (ATA, 0),
        (derived(PUMP_AMM, b"__event_authority"), 0),
        (PUMP_AMM, 0),
    ]
    # No creator of the coin, no mayhem, no cashback.
    data = bytes.fromhex("e992d18ecf6840bc") + index + _numbers(coins_raw, lamports) + bytes(32) + b"\0\0"
    return pool, _call(PUMP_AMM, data, keys)


def pump_curve_buy_exact_in(curve: DescribedPool, user: Pubkey, lamports: int, node: SolanaNode) -> Instruction:
    """`buy_exact_quote_in_v3`, with its 17 accounts."""
    mint, pool = Pubkey.from_string(curve.base_mint), Pubkey.from_string(curve.pool)
    settings = derived(PUMP, b"global")
    data = _data(node, settings)
    keys = [
        (settings, 0),
        (mint, 0),
        (WSOL, 0),
        (TOKEN, 0),
        (TOKEN, 0),
        (pool, WRITABLE),
        (associated(pool, mint), WRITABLE),
        (associated(pool, WSOL), WRITABLE),
        (user, SIGNER | WRITABLE),
        (associated(user, mint), WRITABLE),
        (associated(user, WSOL), WRITABLE),
        (derived(PUMP, b"user_volume_accumulator", bytes(user)), WRITABLE),
        (derived(PUMP_FEES, b"fee_config", bytes(PUMP)), 0),
        (Pubkey.from_bytes(data[741:773]), WRITABLE),
        (SYSTEM, 0),
        (derived(PUMP, b"__event_authority"), 0),
        (PUMP, 0),
    ]
    return _call(PUMP, bytes.fromhex("e1f7501ed5b38488") + _numbers(lamports, 1) + b"\0", keys)


def pump_create(user: Pubkey, mint: Pubkey, node: SolanaNode) -> Instruction:
    """`create` of a coin with an SPL mint, with its 14 accounts; the mint signs."""
    metadata = Pubkey.from_string("metaqbxxUerdq28cj1RbAWkYQm3ybzjb6a8bt518x1s")
    curve = derived(PUMP, b"bonding-curve", bytes(mint))
    texts = b"".join(len(text).to_bytes(4, "little") + text for text in (b"Breeze", b"BREEZE", b"ipfs://breeze"))
    keys = [
        (mint, SIGNER | WRITABLE),
        (derived(PUMP, b"mint-authority"), 0),
        (curve, WRITABLE),
        (associated(curve, mint), WRITABLE),
        (derived(PUMP, b"global"), 0),
        (metadata, 0),
        (derived(metadata, b"metadata", bytes(metadata), bytes(mint)), WRITABLE),
        (user, SIGNER | WRITABLE),
        (SYSTEM, 0),
        (TOKEN, 0),
        (ATA, 0),
        (Pubkey.from_string("SysvarRent111111111111111111111111111111111"), 0),
        (derived(PUMP, b"__event_authority"), 0),
        (PUMP, 0),
    ]
    return _call(PUMP, bytes.fromhex("181ec828051c0777") + texts + bytes(user), keys)


def graph_of(chain: SolanaLocalnet) -> core.PoolGraph:
    """Every pool of the market, decoded from the bytes of its accounts, as they are now."""
    node = chain.node
    accounts = [
        (str(key), str(account.owner), account.data)
        for key in chain.market.table_addresses
        if (account := node.account(key)) is not None and not account.executable
    ]
    graph = core.PoolGraph()
    for pool in chain.description.pools:
        clock = {"slot": node.slot, "epoch": node.epoch, "unix_timestamp": node.unix_timestamp_s}
        graph.add(core.pool_from_accounts(pool.pool, accounts, **clock))
    return graph


def _pumpswap_head(pool: DescribedPool, user: Pubkey, node: SolanaNode) -> list[tuple[Pubkey, int]]:
    base, quote = Pubkey.from_string(pool.base_mint), Pubkey.from_string(pool.quote_mint)
    config = derived(PUMP_AMM, b"global_config")
    recipient = Pubkey.from_bytes(_data(node, config)[57:89])
    creator = Pubkey.from_bytes(_data(node, Pubkey.from_string(pool.pool))[211:243])
    creator_vault = derived(PUMP_AMM, b"creator_vault", bytes(creator))
    return [
        (Pubkey.from_string(pool.pool), WRITABLE),
        (user, SIGNER | WRITABLE),
        (config, 0),
        (base, 0),
        (quote, 0),
        (associated(user, base), WRITABLE),
        (associated(user, quote), WRITABLE),
        (Pubkey.from_string(pool.base_vault), WRITABLE),
        (Pubkey.from_string(str(pool.quote_vault)), WRITABLE),
        (recipient, 0),
        (associated(recipient, quote), WRITABLE),
        (TOKEN, 0),
        (TOKEN, 0),
        (SYSTEM, 0),
        (ATA, 0),
        (derived(PUMP_AMM, b"__event_authority"), 0),
        (PUMP_AMM, 0),
        (associated(creator_vault, quote), WRITABLE),
        (creator_vault, 0),
    ]


def _pumpswap_tail(pool: DescribedPool, node: SolanaNode) -> list[tuple[Pubkey, int]]:
    recipient = Pubkey.from_bytes(_data(node, derived(PUMP_AMM, b"global_config"))[643:675])
    quote = Pubkey.from_string(pool.quote_mint)
    coin = Pubkey.from_string(pool.base_mint)
    has_creator = any(_data(node, Pubkey.from_string(pool.pool))[211:243])
    beside = [(derived(PUMP_AMM, b"pool-v2", bytes(coin)), 0)] if has_creator else []
    return [*beside, (recipient, 0), (associated(recipient, quote), WRITABLE)]


def _data(node: SolanaNode, key: Pubkey) -> bytes:
    account = node.account(key)
    assert account is not None
    return bytes(account.data)


def _numbers(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(8, "little") for number in numbers)


def _call(program: Pubkey, data: bytes, keys: list[tuple[Pubkey, int]]) -> Instruction:
    return Instruction(
        program, data, [AccountMeta(key, bool(role & SIGNER), bool(role & WRITABLE)) for key, role in keys]
    )
