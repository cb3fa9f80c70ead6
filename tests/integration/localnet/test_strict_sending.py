"""Each rule of Arbitrum's for signed transactions, kept by the strict endpoint in front of a real anvil."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from eth_account.account import Account

from tests.integration.localnet.strict_asking import GWEI, Said, ask, post, request, signed
from tradewind.localnet import EvmLocalnet
from tradewind.localnet import addresses as at
from tradewind.localnet.strict import StrictRpc

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEND = "eth_sendRawTransaction"
CONDITIONAL = "eth_sendRawTransactionConditional"
WETH_SUPPLY_SLOT = "0x" + f"{53:064x}"


@pytest_asyncio.fixture(loop_scope="session")
async def strict(chain: EvmLocalnet) -> AsyncIterator[StrictRpc]:
    # The last block of the deployment is a little cheaper than those that the chain holds at Arbitrum's floor.
    await chain.mine()
    async with StrictRpc(chain.rpc_url) as endpoint:
        yield endpoint


@pytest_asyncio.fixture(loop_scope="session")
async def patient(strict: StrictRpc) -> StrictRpc:
    """A predecessor that is slow to come is waited for."""
    strict.rules.nonce_hold_s = 30
    return strict


async def send(strict: StrictRpc, **changes: Any) -> Said:
    return await ask(strict.url, SEND, signed(**changes)[0])


async def receipt(chain: EvmLocalnet, tx_hash: str) -> Any:
    return await chain.rpc.call("eth_getTransactionReceipt", tx_hash)


async def nonce(chain: EvmLocalnet, tag: str = "latest") -> int:
    return int(await chain.rpc.call("eth_getTransactionCount", at.TRADER, tag), 16)


async def until_queued(chain: EvmLocalnet, count: int) -> None:
    async with asyncio.timeout(10):
        while await nonce(chain, "pending") < count:
            await asyncio.sleep(0.005)


async def test_the_answer_to_a_send_comes_when_the_transaction_is_in_a_block(
    strict: StrictRpc, chain: EvmLocalnet
) -> None:
    raw, tx_hash = signed()
    assert (await ask(strict.url, SEND, raw)).result == tx_hash
    # Anvil's own answer would come before the block.
    assert (await receipt(chain, tx_hash))["status"] == "0x1"
    assert (await ask(strict.url, "eth_getTransactionReceipt", tx_hash)).result["status"] == "0x1"


@pytest.mark.parametrize(
    "fields",
    [
        {"type": None, "maxFeePerGas": None, "maxPriorityFeePerGas": None, "gasPrice": GWEI},
        {"type": 1, "maxFeePerGas": None, "maxPriorityFeePerGas": None, "gasPrice": GWEI, "accessList": []},
        {"accessList": [{"address": at.TRADER, "storageKeys": ["0x" + "01" * 32]}]},
        {"type": 4, "accessList": [], "authorizationList": "signed", "to": at.MARKET_MAKER},
    ],
)
async def test_every_type_that_arbitrum_takes_is_taken(
    strict: StrictRpc, chain: EvmLocalnet, fields: dict[str, Any]
) -> None:
    if fields.get("authorizationList"):
        allowed = {"chainId": 42161, "address": at.MULTICALL3, "nonce": 1}
        fields = fields | {"authorizationList": [Account.sign_authorization(allowed, at.TRADER_PRIVATE_KEY)]}
    raw, tx_hash = signed(**fields)
    assert (await ask(strict.url, SEND, raw)).result == tx_hash
    assert (await receipt(chain, tx_hash))["status"] == "0x1"


async def test_what_is_no_transaction_for_this_chain_is_refused_in_nitros_words(strict: StrictRpc) -> None:
    raw, _ = signed()
    unprotected = signed(type=None, maxFeePerGas=None, maxPriorityFeePerGas=None, gasPrice=GWEI, chainId=None)[0]
    cases = {
        "0x03" + raw[4:]: "transaction type not supported",
        "0x64" + raw[4:]: "transaction type not supported",
        raw[:-2]: "rlp: ",
        "0x": "rlp: ",
        unprotected: "only replay-protected (EIP-155) transactions allowed over RPC",
        signed(chainId=1)[0]: "invalid chain id for signer: have 1 want 42161",
        signed(gas=20_999)[0]: "intrinsic gas too low",
        signed(gas=21_000, data=b"\x01" * 64)[0]: "intrinsic gas too low",
        signed(gas=32_000_001)[0]: "transaction gas limit too high (cap: 32000000, tx: 32000001)",
    }
    for content, said in cases.items():
        refused = (await ask(strict.url, SEND, content)).error
        assert refused["message"].startswith(said), (content[:20], refused)
        assert refused["code"] == -32000
    for garbage in ("f86b", "0xzz", 7, None):
        assert (await ask(strict.url, SEND, garbage)).error["code"] == -32602
    assert (await ask(strict.url, SEND)).error["code"] == -32602


async def test_ninety_five_thousand_bytes_are_taken_and_one_more_is_oversized(
    strict: StrictRpc, chain: EvmLocalnet
) -> None:
    def sized(data_bytes: int) -> tuple[str, str]:
        return signed(gas=5_000_000, data=bytes(data_bytes))

    beside = len(bytes.fromhex(sized(94_000)[0][2:])) - 94_000
    too_long, just_right = sized(95_001 - beside)[0], sized(95_000 - beside)
    assert len(bytes.fromhex(just_right[0][2:])) == 95_000
    assert (await ask(strict.url, SEND, too_long)).error == {"code": -32000, "message": "oversized data"}
    assert (await ask(strict.url, SEND, just_right[0])).result == just_right[1]
    assert (await receipt(chain, just_right[1]))["status"] == "0x1"


async def test_thirty_two_million_gas_are_taken(strict: StrictRpc) -> None:
    raw, tx_hash = signed(gas=32_000_000)
    assert (await ask(strict.url, SEND, raw)).result == tx_hash


async def test_a_fee_below_the_base_fee_is_refused_and_one_equal_to_it_is_taken(strict: StrictRpc) -> None:
    refused = (await send(strict, maxFeePerGas=19_999_999)).error
    assert refused["message"] == (
        f"max fee per gas less than block base fee: address {at.TRADER.lower()}, "
        "maxFeePerGas: 19999999 baseFee: 20000000"
    )
    assert "result" in (await send(strict, maxFeePerGas=20_000_000)).document


async def test_more_than_the_sender_has_is_refused_with_what_it_has_and_what_it_needs(
    strict: StrictRpc, chain: EvmLocalnet
) -> None:
    have = await chain.eth_balance(at.TRADER)
    room = have - 100_000 * GWEI
    refused = (await send(strict, value=room + 1)).error
    assert refused == {
        "code": -32000,
        "message": f"insufficient funds for gas * price + value: address {at.TRADER.lower()} "
        f"have {have} want {have + 1}",
    }
    assert "result" in (await send(strict, value=room)).document


async def test_the_first_transaction_of_a_nonce_wins_and_no_fee_replaces_it(
    strict: StrictRpc, chain: EvmLocalnet
) -> None:
    assert "result" in (await send(strict)).document
    for fee in (GWEI, 50 * GWEI):
        refused = (await send(strict, maxFeePerGas=fee, value=1)).error
        assert refused == {
            "code": -32000,
            "message": f"nonce too low: address {at.TRADER.lower()}, tx: 0 state: 1",
        }
    # The very same bytes are no better.
    assert "nonce too low" in (await send(strict)).error["message"]
    assert await nonce(chain) == 1


async def test_of_two_at_once_with_one_nonce_the_second_waits_and_is_too_low(
    strict: StrictRpc, chain: EvmLocalnet
) -> None:
    await chain.set_automine(on=False)
    first = asyncio.create_task(send(strict))
    await until_queued(chain, 1)
    second = asyncio.create_task(send(strict, maxFeePerGas=90 * GWEI))
    same = asyncio.create_task(send(strict))
    await asyncio.sleep(0.1)
    assert not any(task.done() for task in (first, second, same))
    await chain.mine()
    assert (await first).result == signed()[1]
    assert "nonce too low" in (await second).error["message"]
    assert "nonce too low" in (await same).error["message"]


async def test_of_eight_in_one_batch_the_dearest_does_not_push_the_others_out(
    strict: StrictRpc, chain: EvmLocalnet
) -> None:
    await chain.set_automine(on=False)
    raws = [signed(maxFeePerGas=fee * GWEI) for fee in range(1, 9)]
    batch = [request(SEND, raw, number=number) for number, (raw, _) in enumerate(raws)]
    answered = asyncio.create_task(post(strict.url, batch))
    await until_queued(chain, 1)
    await asyncio.sleep(0.3)
    await chain.mine()
    answers = (await answered).document
    won = [answer for answer in answers if "result" in answer]
    assert len(won) == 1
    # A pool would have kept the last, whose fee is the highest.
    assert won[0]["id"] != 7
    assert won[0]["result"] == raws[won[0]["id"]][1]


async def test_a_future_nonce_is_held_for_its_predecessor(patient: StrictRpc, chain: EvmLocalnet) -> None:
    later = [asyncio.create_task(send(patient, nonce=number)) for number in (2, 1)]
    await asyncio.sleep(0.2)
    assert await nonce(chain) == 0
    assert (await send(patient)).result == signed()[1]
    assert [(await task).result for task in later] == [signed(nonce=number)[1] for number in (2, 1)]
    assert await nonce(chain) == 3


async def test_a_future_nonce_whose_predecessor_does_not_come_is_too_high_after_a_second(
    strict: StrictRpc, chain: EvmLocalnet
) -> None:
    began = time.monotonic()
    refused = (await send(strict, nonce=1)).error
    assert 0.95 < time.monotonic() - began < 4
    assert refused == {"code": -32000, "message": f"nonce too high: address {at.TRADER.lower()}, tx: 1 state: 0"}
    # It is gone: the predecessor does not bring it back.
    assert "result" in (await send(strict)).document
    assert (await nonce(chain), await nonce(chain, "pending")) == (1, 1)


async def test_consecutive_nonces_may_be_sent_while_the_sequencer_makes_no_blocks(
    strict: StrictRpc, chain: EvmLocalnet
) -> None:
    await chain.set_automine(on=False)
    sends = []
    for number in range(3):
        sends.append(asyncio.create_task(send(strict, nonce=number)))
        await until_queued(chain, number + 1)
    await chain.mine()
    assert [(await task).result for task in sends] == [signed(nonce=number)[1] for number in range(3)]
    blocks = {(await receipt(chain, signed(nonce=number)[1]))["blockNumber"] for number in range(3)}
    assert len(blocks) == 1


async def test_a_queue_that_is_too_slow_gives_the_transaction_back_and_does_not_keep_it(
    strict: StrictRpc, chain: EvmLocalnet
) -> None:
    strict.rules.queue_timeout_s = 0.3
    await chain.set_automine(on=False)
    refused = (await send(strict)).error
    assert refused == {"code": -32000, "message": "context deadline exceeded"}
    await chain.mine()
    assert await nonce(chain) == 0
    await chain.set_automine(on=True)
    # "Not accepted" means that the same bytes may be sent again.
    assert (await send(strict)).result == signed()[1]


async def test_a_transaction_that_somebody_takes_out_of_the_queue_is_given_back(
    strict: StrictRpc, chain: EvmLocalnet
) -> None:
    strict.rules.queue_timeout_s = 1
    await chain.set_automine(on=False)
    sent = asyncio.create_task(send(strict))
    await until_queued(chain, 1)
    await chain.rpc.call("anvil_dropTransaction", signed()[1])
    assert (await sent).error["message"] == "context deadline exceeded"


async def test_a_nonce_that_is_used_from_outside_while_one_waits_is_too_low(
    strict: StrictRpc, chain: EvmLocalnet
) -> None:
    await chain.set_automine(on=False)
    sent = asyncio.create_task(send(strict))
    await until_queued(chain, 1)
    usurper = {"from": at.TRADER, "to": at.TRADER, "gas": "0x5208", "nonce": "0x0", "maxFeePerGas": hex(10**10)}
    await chain.rpc.call("anvil_dropTransaction", signed()[1])
    await chain.rpc.call("eth_sendTransaction", usurper)
    await chain.mine()
    assert "nonce too low" in (await sent).error["message"]


async def test_nothing_is_known_of_a_transaction_before_it_is_in_a_block(strict: StrictRpc, chain: EvmLocalnet) -> None:
    await chain.set_automine(on=False)
    raw, tx_hash = signed()
    sent = asyncio.create_task(ask(strict.url, SEND, raw))
    await until_queued(chain, 1)
    # Anvil has a pool, and shows it.
    assert (await chain.rpc.call("eth_getTransactionByHash", tx_hash))["hash"] == tx_hash
    assert (await ask(strict.url, "eth_getTransactionByHash", tx_hash)).result is None
    assert (await ask(strict.url, "eth_getTransactionReceipt", tx_hash)).result is None
    assert (await ask(strict.url, "eth_getTransactionCount", at.TRADER, "pending")).result == "0x0"
    await chain.mine()
    assert (await sent).result == tx_hash
    assert (await ask(strict.url, "eth_getTransactionByHash", tx_hash)).result["hash"] == tx_hash


async def test_many_senders_at_once_are_all_taken(strict: StrictRpc, chain: EvmLocalnet) -> None:
    keys = [f"0x{number:064x}" for number in range(1, 21)]
    for key in keys:
        await chain.fund_eth(Account.from_key(key).address, 10**18)
    sends = [signed(key, nonce=number) for key in keys for number in range(3)]
    answers = await asyncio.gather(*(ask(strict.url, SEND, raw) for raw, _ in sends))
    assert [answer.result for answer in answers] == [tx_hash for _, tx_hash in sends]


async def test_two_endpoints_of_one_chain_agree_on_who_was_first(strict: StrictRpc, chain: EvmLocalnet) -> None:
    async with StrictRpc(chain.rpc_url) as other:
        raws = [signed(value=number)[0] for number in range(8)]
        answers = await asyncio.gather(
            *(ask((strict, other)[index % 2].url, SEND, raw) for index, raw in enumerate(raws))
        )
        won = [answer.document for answer in answers if "result" in answer.document]
        assert len(won) == 1
        assert all("nonce too low" in answer.error["message"] for answer in answers if "error" in answer.document)
        assert (await receipt(chain, won[0]["result"]))["status"] == "0x1"


# Conditional sends


@pytest_asyncio.fixture(loop_scope="session")
async def now_only(patient: StrictRpc) -> StrictRpc:
    """The conditions need not have held before."""
    patient.rules.condition_age_s = 0
    return patient


def slots(chain_value: str) -> dict[str, Any]:
    return {"knownAccounts": {at.WETH.address.lower(): {WETH_SUPPLY_SLOT: chain_value}}}


async def test_a_conditional_send_is_taken_while_its_conditions_hold(now_only: StrictRpc, chain: EvmLocalnet) -> None:
    supply = await chain.rpc.call("eth_getStorageAt", at.WETH.address, WETH_SUPPLY_SLOT, "latest")
    root = (await chain.rpc.call("eth_getProof", at.USDC.address, [], "latest"))["storageHash"]
    number, now = await chain.block_number(), await chain.timestamp_s()
    options = slots(supply)
    options["knownAccounts"][at.USDC.address.lower()] = root
    options |= {"blockNumberMin": hex(number), "blockNumberMax": hex(number + 5)}
    options |= {"timestampMin": hex(now), "timestampMax": hex(now + 3_600)}
    raw, tx_hash = signed()
    assert (await ask(now_only.url, CONDITIONAL, raw, options)).result == tx_hash


async def test_a_condition_that_does_not_hold_is_rejected_with_its_own_code_and_nothing_is_sent(
    now_only: StrictRpc, chain: EvmLocalnet
) -> None:
    number, now = await chain.block_number(), await chain.timestamp_s()
    cases = [
        (slots("0x" + "01" * 32), "Storage slot value condition not met"),
        ({"knownAccounts": {at.WETH.address.lower(): "0x" + "01" * 32}}, "Storage root hash condition not met"),
        ({"blockNumberMin": hex(number + 1)}, "BlockNumberMin condition not met"),
        ({"blockNumberMax": hex(number - 1)}, "BlockNumberMax condition not met"),
        ({"timestampMin": hex(now + 60)}, "TimestampMin condition not met"),
        ({"timestampMax": hex(now - 1)}, "TimestampMax condition not met"),
    ]
    for options, said in cases:
        refused = (await ask(now_only.url, CONDITIONAL, signed()[0], options)).error
        assert refused == {"code": -32003, "message": said}
    assert (await ask(now_only.url, CONDITIONAL, signed()[0], {"knownAccount": {}})).error["code"] == -32602
    assert (await ask(now_only.url, CONDITIONAL, signed()[0])).error["code"] == -32602
    assert await nonce(chain, "pending") == 0


async def test_a_storage_root_changes_with_the_storage(now_only: StrictRpc, chain: EvmLocalnet) -> None:
    root = (await chain.rpc.call("eth_getProof", at.WETH.address, [], "latest"))["storageHash"]
    options = {"knownAccounts": {at.WETH.address.lower(): root}}
    await chain.swap_as_market(at.WETH.address, at.USDC.address, 500, 10**18)
    refused = (await ask(now_only.url, CONDITIONAL, signed()[0], options)).error
    assert refused["code"] == -32003


async def test_conditions_are_looked_at_again_when_the_turn_comes(now_only: StrictRpc, chain: EvmLocalnet) -> None:
    """A future nonce waits; meanwhile the pool moves, so that its condition does not hold any more."""
    supply = await chain.rpc.call("eth_getStorageAt", at.WETH.address, WETH_SUPPLY_SLOT, "latest")
    held = asyncio.create_task(ask(now_only.url, CONDITIONAL, signed(nonce=1)[0], slots(supply)))
    await asyncio.sleep(0.2)
    await chain.fund(at.TRADER, at.WETH.address, 1)
    assert "result" in (await send(now_only)).document
    assert (await held).error["code"] == -32003


async def test_bounds_are_looked_at_again_when_the_turn_comes(now_only: StrictRpc, chain: EvmLocalnet) -> None:
    """This block is the last that is allowed: while the second waits it holds, and with the first it is over."""
    bound = {"blockNumberMax": hex(await chain.block_number())}
    held = asyncio.create_task(ask(now_only.url, CONDITIONAL, signed(nonce=1)[0], bound))
    while not now_only.asked[CONDITIONAL]:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert not held.done()
    assert "result" in (await send(now_only)).document
    assert (await held).error == {"code": -32003, "message": "BlockNumberMax condition not met"}


async def test_conditions_must_have_held_two_seconds_ago_as_well(strict: StrictRpc, chain: EvmLocalnet) -> None:
    pool, slot0 = "0xc6962004f452be9203591991d15f6b388e09e8d0", "0x" + "00" * 32
    strict.rules.condition_age_s = 60
    # An idle anvil may be behind the clock by which the age of a block is reckoned.
    await chain.set_next_timestamp(int(time.time()))
    await chain.swap_as_market(at.WETH.address, at.USDC.address, 500, 10**18)
    price = await chain.rpc.call("eth_getStorageAt", pool, slot0, "latest")
    options = {"knownAccounts": {pool: {slot0: price}}}
    refused = (await ask(strict.url, CONDITIONAL, signed()[0], options)).error
    assert refused == {
        "code": -32003,
        "message": "conditions check failed for old state:Storage slot value condition not met",
    }
    # Four blocks is as far as anybody looks back.
    await chain.mine(4)
    assert (await ask(strict.url, CONDITIONAL, signed()[0], options)).result == signed()[1]
