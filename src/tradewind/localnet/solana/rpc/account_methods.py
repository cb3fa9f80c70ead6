"""Methods that read accounts: balances, data, programs' accounts, tokens."""

import base64
import binascii
from collections.abc import Callable
from functools import partial

from solders.account import Account
from solders.pubkey import Pubkey

from tradewind.domain.base58 import from_base58
from tradewind.localnet.solana.chain import Commitment
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.rpc.account_view import AccountView, ReadAccount, token_amount
from tradewind.localnet.solana.rpc.answers import Method, asked_slot, with_context
from tradewind.localnet.solana.rpc.errors import invalid_params
from tradewind.localnet.solana.rpc.params import Config, Params
from tradewind.localnet.solana.token_accounts import TOKEN_PROGRAMS, read_mint, read_token_account

MAX_MULTIPLE_ACCOUNTS = 100
MAX_FILTERS = 4
MAX_MEMCMP_BYTES = 128
MAX_DATA_BYTES = 10 * 1024 * 1024

Filter = Callable[[Account], bool]


def reader(node: SolanaNode, commitment: Commitment) -> ReadAccount:
    """Reads accounts at a commitment level."""
    return partial(node.account, commitment=commitment)


def get_balance(node: SolanaNode, params: Params) -> object:
    """Lamports of an account; 0 when it does not exist."""
    key, config = params.pubkey(0), params.config(1)
    commitment, slot = asked_slot(node, config)
    account = node.account(key, commitment)
    return with_context(slot.number, 0 if account is None else account.lamports)


def get_account_info(node: SolanaNode, params: Params) -> object:
    """One account; null when it does not exist."""
    key, config = params.pubkey(0), params.config(1)
    commitment, slot = asked_slot(node, config)
    view = AccountView.of(config, reader(node, commitment))
    account = node.account(key, commitment)
    return with_context(slot.number, None if account is None else view.show(account))


def get_multiple_accounts(node: SolanaNode, params: Params) -> object:
    """Several accounts in order, null for those that do not exist."""
    keys, config = params.pubkeys(0, "pubkeys", most=MAX_MULTIPLE_ACCOUNTS), params.config(1)
    commitment, slot = asked_slot(node, config)
    view = AccountView.of(config, reader(node, commitment), default="base64")
    accounts = [node.account(key, commitment) for key in keys]
    return with_context(slot.number, [None if account is None else view.show(account) for account in accounts])


def get_program_accounts(node: SolanaNode, params: Params) -> object:
    """The accounts that a program owns, filtered, sorted by address."""
    program, config = params.pubkey(0, "programId"), params.config(1)
    commitment, slot = asked_slot(node, config)
    view = AccountView.of(config, reader(node, commitment))
    filters = account_filters(config)
    found = node.program_accounts(program, commitment)
    shown = [
        {"pubkey": str(key), "account": view.show(account)}
        for key, account in sorted(found.items(), key=lambda item: bytes(item[0]))
        if all(passes(account) for passes in filters)
    ]
    return with_context(slot.number, shown) if config.flag("withContext") else shown


def get_token_accounts_by_owner(node: SolanaNode, params: Params) -> object:
    """The token accounts of a wallet, of one mint or of one token program."""
    owner, which, config = params.pubkey(0), _token_filter(params), params.config(2)
    commitment, slot = asked_slot(node, config)
    view = AccountView.of(config, reader(node, commitment))
    mint, programs = which
    shown = []
    for program in sorted(programs, key=bytes):
        for key, account in sorted(node.program_accounts(program, commitment).items(), key=lambda item: bytes(item[0])):
            held = read_token_account(account)
            if held is not None and held.owner == owner and mint in (None, held.mint):
                shown.append({"pubkey": str(key), "account": view.show(account)})
    return with_context(slot.number, shown)


def get_token_account_balance(node: SolanaNode, params: Params) -> object:
    """What a token account holds."""
    key, config = params.pubkey(0), params.config(1)
    commitment, slot = asked_slot(node, config)
    account = node.account(key, commitment)
    if account is None:
        raise invalid_params("Invalid param: could not find account")
    held = read_token_account(account)
    mint = None if held is None else read_mint(node.account(held.mint, commitment))
    if held is None or mint is None:
        raise invalid_params("Invalid param: not a Token account")
    return with_context(slot.number, token_amount(held.amount_raw, mint.decimals))


def get_token_supply(node: SolanaNode, params: Params) -> object:
    """How much of a token there is."""
    key, config = params.pubkey(0), params.config(1)
    commitment, slot = asked_slot(node, config)
    account = node.account(key, commitment)
    if account is None:
        raise invalid_params("Invalid param: could not find account")
    if (mint := read_mint(account)) is None:
        raise invalid_params("Invalid param: not a Token mint")
    return with_context(slot.number, token_amount(mint.supply_raw, mint.decimals))


def get_minimum_balance(node: SolanaNode, params: Params) -> object:
    """What an account of this many bytes must hold to stay."""
    data_bytes, config = params.number(0, "dataLength"), params.config(1)
    config.commitment()
    if data_bytes > MAX_DATA_BYTES:
        raise invalid_params(f"Invalid param: an account holds at most {MAX_DATA_BYTES} bytes.")
    return node.rent_exempt_lamports(data_bytes)


def account_filters(config: Config) -> list[Filter]:
    """The filters of a request: `dataSize`, `memcmp`, `tokenAccountState`."""
    items = config.items("filters")
    if len(items) > MAX_FILTERS:
        raise invalid_params(f"Too many filters provided; max {MAX_FILTERS}")
    return [_filter(item) for item in items]


def _filter(item: object) -> Filter:
    if item == "tokenAccountState":
        return lambda account: read_token_account(account) is not None
    if isinstance(item, dict) and len(item) == 1:
        config = Config(item)
        if (size := config.number("dataSize")) is not None:
            return lambda account: len(account.data) == size
        memcmp = config.inner("memcmp")
        if config.has("memcmp") and (offset := memcmp.number("offset")) is not None:
            wanted = _memcmp_bytes(memcmp)
            return lambda account: account.data[offset : offset + len(wanted)] == wanted
    raise invalid_params("Invalid params: a filter is `dataSize`, `memcmp` (`offset`, `bytes`) or `tokenAccountState`.")


def _memcmp_bytes(memcmp: Config) -> bytes:
    text, encoding = memcmp.text("bytes"), memcmp.text("encoding") or "base58"
    if text is None:
        raise invalid_params("Invalid params: `memcmp` needs `bytes`.")
    if encoding not in ("base58", "base64"):
        raise invalid_params("Invalid params: `memcmp` is encoded in `base58` or `base64`.")
    too_long = invalid_params(f"Invalid param: encoded binary data should be less than {MAX_MEMCMP_BYTES + 1} bytes")
    if len(text) > 2 * MAX_MEMCMP_BYTES:
        raise too_long
    try:
        wanted = from_base58(text) if encoding == "base58" else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise invalid_params(f"Invalid param: {encoding} decode error: {error}") from error
    if len(wanted) > MAX_MEMCMP_BYTES:
        raise too_long
    return wanted


def _token_filter(params: Params) -> tuple[Pubkey | None, set[Pubkey]]:
    if not params.is_object(1):
        raise invalid_params("Invalid params: an object with `mint` or `programId` is wanted second.")
    which = Config(params.object(1))
    mint, program = which.pubkey("mint"), which.pubkey("programId")
    if (mint is None) == (program is None):
        raise invalid_params("Invalid params: either `mint` or `programId` is wanted.")
    if program is not None and program not in TOKEN_PROGRAMS:
        raise invalid_params("Invalid param: unrecognized Token program id")
    return mint, set(TOKEN_PROGRAMS) if program is None else {program}


METHODS: dict[str, Method] = {
    "getBalance": get_balance,
    "getAccountInfo": get_account_info,
    "getMultipleAccounts": get_multiple_accounts,
    "getProgramAccounts": get_program_accounts,
    "getTokenAccountsByOwner": get_token_accounts_by_owner,
    "getTokenAccountBalance": get_token_account_balance,
    "getTokenSupply": get_token_supply,
    "getMinimumBalanceForRentExemption": get_minimum_balance,
}
