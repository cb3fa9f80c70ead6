"""Swap instructions and flash loans, byte for byte as the venues' own packages build them."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tradewind import core

FIXTURES = Path(__file__).parents[1] / "fixtures" / "solana"
TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
TRADER = "AyZz8kpXG3MKMkaXFS3yiEHbzKf98NwwrAaoLGnoYy27"
AMM_V4 = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"
CLMM = "CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK"
DLMM = "LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo"
PUMPSWAP = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA"
PUMP_FEES = "pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ"
KAMINO = "KLend2g3cP87fffoy8q1mQqGKjrxjC8boSyAYavgmjD"
PUMPSWAP_CONFIG = "ADyA8hdefvWN2dbGGWFotbzWxrAvLW83WG6QCVXvJKqw"
PUMPSWAP_FEES = "5PHirr8joyTMp9JMm6nW7hNDVyEYdkzDqazxPD7RaTjx"
FEE_CONFIG_BYTES = 4_073
NOW = 1_777_221_891
CLMM_FEE_PPM = 400

Account = tuple[str, str, bytes]
Case = dict[str, Any]


def cases(name: str, venue: str) -> list[Any]:
    read = json.loads((FIXTURES / "instructions" / f"{name}.json").read_text())["cases"]
    chosen = [case for case in read if case["venue"] == venue]
    assert chosen
    return [pytest.param(case, id=f"{place}-{case.get('exact', 'loan')}") for place, case in enumerate(chosen)]


def mint(address: str, program: str = TOKEN, decimals: int = 6) -> Account:
    return address, program, bytes(36) + (10**15).to_bytes(8, "little") + bytes([decimals, 1]) + bytes(36)


def vault(address: str, of_mint: str, owner: str, amount: int, program: str = TOKEN) -> Account:
    data = key(of_mint) + key(owner) + amount.to_bytes(8, "little") + bytes(36) + b"\x01" + bytes(56)
    return address, program, data


def key(text: str) -> bytes:
    number = 0
    for letter in text:
        number = number * 58 + "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".index(letter)
    return number.to_bytes(32, "big")


def named(data: bytes, offset: int) -> str:
    """The key at a place of an account."""
    number, text = int.from_bytes(data[offset : offset + 32], "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[digit] + text
    return text


def built(case: Case, accounts: list[Account], **options: Any) -> core.SwapInstructions:
    graph = core.PoolGraph()
    graph.add(core.pool_from_accounts(case["pool"], accounts, slot=1, epoch=900, unix_timestamp=NOW))
    return core.swap_instruction(
        graph,
        case["pool"],
        core.SwapAccounts(graph, case["pool"], accounts),
        trader=TRADER,
        source=tuple(case["source"]),
        destination=tuple(case["destination"]),
        exact=case["exact"],
        amount_raw=case["amount"],
        limit_raw=case["limit"],
        options=core.VenueOptions(**{**case["options"], **options}),
    )


def written(instruction: core.SolanaInstruction) -> dict[str, Any]:
    accounts = [[account.key, account.signer, account.writable] for account in instruction.accounts]
    return {"program": instruction.program, "accounts": accounts, "data": instruction.data.hex()}


def decodes_back(case: Case, instruction: core.SolanaInstruction) -> None:
    swap = instruction.swap
    assert swap is not None
    assert (swap.exact, swap.amount_raw, swap.limit_raw) == (case["exact"], case["amount"], case["limit"])
    assert (swap.user, list(swap.pools)) == (TRADER, [case["pool"]])
    assert (swap.account_in, swap.account_out) == (case["source"][1], case["destination"][1])


@pytest.mark.parametrize("case", cases("raydium", "raydium_amm_v4"))
def test_raydium_amm_v4(case: Case) -> None:
    read = json.loads((FIXTURES / "raydium_amm_v4" / "accounts.json").read_text())["pool_with_vaults"]
    accounts = [(one["address"], one["owner"], base64.b64decode(one["data"])) for one in read]
    [instruction] = built(case, accounts).instructions
    assert written(instruction) == case["instruction"]
    decodes_back(case, instruction)


@pytest.mark.parametrize("case", cases("raydium", "raydium_cpmm"))
def test_raydium_cpmm(case: Case) -> None:
    accounts = [(address, owner, base64.b64decode(data)) for address, owner, data in case["accounts"]]
    pool = accounts[1][2]
    for place, address in enumerate(case["vaults"]):
        token, program = named(pool, 168 + 32 * place), named(pool, 232 + 32 * place)
        accounts += [vault(address, token, case["authority"], 10**12, program), mint(token, program)]
    [instruction] = built(case, accounts).instructions
    assert written(instruction) == case["instruction"]
    decodes_back(case, instruction)


@pytest.mark.parametrize("case", cases("raydium", "raydium_clmm"))
def test_raydium_clmm(case: Case) -> None:
    """The package names one spare array behind and one ahead, this one only where its snapshot has it."""
    snapshot = json.loads((FIXTURES / "raydium_clmm" / case["snapshot"]).read_text())
    pool = base64.b64decode(snapshot["pool_b64"])
    config = bytearray(117)
    config[0:8] = bytes.fromhex("daf42168cbcb2b6f")
    config[43:47] = (120_000).to_bytes(4, "little")
    config[47:51] = CLMM_FEE_PPM.to_bytes(4, "little")
    config[51:53] = pool[235:237]
    config[53:57] = (40_000).to_bytes(4, "little")
    extension = bytes.fromhex("3c9624db61808b99") + key(case["pool"]) + bytes(1_792)
    accounts = [
        (case["pool"], CLMM, pool),
        (case["config"], CLMM, bytes(config)),
        (case["bitmap_extension"], CLMM, extension),
        mint(named(pool, 73), decimals=9),
        mint(named(pool, 105)),
        *((array["address"], CLMM, base64.b64decode(array["data_b64"])) for array in snapshot["tick_arrays"]),
    ]
    [instruction] = built(case, accounts).instructions
    ours, theirs = written(instruction), case["instruction"]
    count = len(theirs["accounts"])
    unread = [account for account, _, _ in ours["accounts"][count:]]
    assert ours == {**theirs, "accounts": theirs["accounts"] + ours["accounts"][count:]}
    assert len(unread) <= 1
    assert not {array["address"] for array in snapshot["tick_arrays"]} & set(unread)
    decodes_back(case, instruction)


@pytest.mark.parametrize("case", cases("orca", "orca_whirlpool"))
def test_orca_whirlpool(case: Case) -> None:
    folder = FIXTURES / "orca_whirlpool" / "bono_usdc"
    files = [json.loads(file.read_text()) for file in sorted(folder.glob("*.*.json"))]
    accounts = [
        (one["pubkey"], one["account"]["owner"], base64.b64decode(one["account"]["data"][0])) for one in files
    ]
    known = {address for address, _, _ in accounts}
    pool = next(data for address, _, data in accounts if address == case["pool"])
    # The arrays of the way that do not exist, known by their addresses.
    for account, _, _ in case["instruction"]["accounts"][11:]:
        if account not in known:
            accounts.append((account, "11111111111111111111111111111111", b""))
    assert named(pool, 101)
    [instruction] = built(case, accounts).instructions
    assert written(instruction) == case["instruction"]
    decodes_back(case, instruction)


@pytest.mark.parametrize("case", cases("meteora", "meteora_dlmm"))
def test_meteora_dlmm(case: Case) -> None:
    folder = FIXTURES / "meteora_dlmm" / case["pool"]
    pair = (folder / "lb_pair.bin").read_bytes()
    arrays = [(folder / f"bin_array_{number}.bin").read_bytes() for number in (1, 2)]
    accounts = [(case["pool"], DLMM, pair)]
    for offset, file in ((152, "reserve_x.bin"), (184, "reserve_y.bin")):
        accounts.append((named(pair, offset), TOKEN, (folder / file).read_bytes()))
    descending = sorted(arrays, key=lambda data: -int.from_bytes(data[8:16], "little", signed=True))
    both = next(one["instruction"]["accounts"][16:] for one in all_of("meteora") if is_falling(one, pair))
    accounts += [(address, DLMM, data) for (address, _, _), data in zip(both, descending, strict=True)]
    [instruction] = built(case, accounts).instructions
    assert written(instruction) == case["instruction"]
    decodes_back(case, instruction)


def all_of(name: str) -> list[Case]:
    read: list[Case] = json.loads((FIXTURES / "instructions" / f"{name}.json").read_text())["cases"]
    return read


def is_falling(case: Case, pair: bytes) -> bool:
    return bool(case["source"][0] == named(pair, 88))


@pytest.mark.parametrize("case", cases("pump", "pumpswap"))
def test_pumpswap(case: Case) -> None:
    settings = json.loads((FIXTURES / "pumpswap" / "swaps.json").read_text())
    pool = base64.b64decode(case["pool_data"])
    base, quote = named(pool, 43), named(pool, 75)
    fees = base64.b64decode(settings["fee_config_data"]).ljust(FEE_CONFIG_BYTES, b"\0")
    plain = bytearray(pool)
    plain[244] = 0
    accounts = [
        (case["pool"], PUMPSWAP, bytes(plain)),
        vault(named(pool, 139), base, case["pool"], 206_900_000_000_000),
        vault(named(pool, 171), quote, case["pool"], 84_990_359_679),
        mint(base),
        mint(quote, decimals=9),
        (PUMPSWAP_CONFIG, PUMPSWAP, base64.b64decode(settings["global_config_data"])),
        (PUMPSWAP_FEES, PUMP_FEES, fees),
    ]
    graph = core.PoolGraph()
    graph.add(core.pool_from_accounts(case["pool"], accounts, slot=1, epoch=900, unix_timestamp=NOW))
    # A coin with cashback is not quoted from its accounts; its instruction is the same but for two accounts.
    read = [(case["pool"], PUMPSWAP, pool), *accounts[1:]]
    swap = core.swap_instruction(
        graph,
        case["pool"],
        core.SwapAccounts(graph, case["pool"], read),
        trader=TRADER,
        source=tuple(case["source"]),
        destination=tuple(case["destination"]),
        exact=case["exact"],
        amount_raw=case["amount"],
        limit_raw=case["limit"],
        options=core.VenueOptions(**case["options"]),
    )
    [instruction] = swap.instructions
    assert written(instruction) == case["instruction"]
    decodes_back(case, instruction)


@pytest.mark.parametrize("case", cases("kamino", "kamino"))
def test_a_flash_loan_of_kamino(case: Case) -> None:
    data = (FIXTURES / "kamino" / f"{case['reserve']}.bin").read_bytes()
    reserve = core.KaminoReserve(case["reserve"], KAMINO, data)
    assert str(reserve.available_raw) == case["available"]
    budget = [core.set_compute_unit_limit(200_000), core.set_compute_unit_price(1)]
    between = core.solana_transfer(TRADER, case["token_account"], 1)
    wrapped = core.wrap_in_flash_loan(
        [*budget, between],
        reserve,
        borrower=TRADER,
        token_account=case["token_account"],
        amount_raw=case["amount"],
        fee_payer=TRADER,
    )
    assert wrapped.borrow_index == 2
    assert [written(one) for one in wrapped.instructions] == [
        *(written(one) for one in budget),
        case["borrow"],
        written(between),
        case["repay"],
    ]
    assert wrapped.fee_raw == 0
    assert case["flash_loan_fee_sf"] == "0"
