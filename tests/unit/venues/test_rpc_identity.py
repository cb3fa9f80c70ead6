"""Which chain it is: pinned, remembered, refused."""

import contextlib
import json
from pathlib import Path

import pytest

from tests.fake_clock import FakeClock
from tests.faulty_rpc import CHAIN_ID, GENESIS_HASH, FaultyRpc, result
from tradewind.errors import Damaged, Misconfigured, TradewindError, Unavailable
from tradewind.venues.rpc import RpcClient
from tradewind.venues.rpc_identity import ChainIdentity

OTHER = "0x" + "0d" * 32


def a_client(*endpoints: FaultyRpc, identity: ChainIdentity | None = None) -> RpcClient:
    urls = [endpoint.url for endpoint in endpoints]
    return RpcClient(urls, chain_id=CHAIN_ID, timeout_s=10, clock=FakeClock(), identity=identity, rest_s=0)


def endpoint(answer: object = "0x1", **identity: object) -> FaultyRpc:
    return FaultyRpc(result(answer), **identity)  # type: ignore[arg-type]


async def test_trusts_the_first_block_it_sees_and_remembers_it_on_disk(tmp_path: Path) -> None:
    file = tmp_path / "data" / "chain-42161.json"
    async with endpoint() as one, a_client(one, identity=ChainIdentity(CHAIN_ID, file=file)) as client:
        await client.call("eth_gasPrice")
    assert json.loads(file.read_text()) == {"chain_id": CHAIN_ID, "genesis_hash": GENESIS_HASH}
    assert [path.name for path in file.parent.iterdir()] == [file.name]


async def test_refuses_after_a_restart_an_endpoint_with_another_first_block(tmp_path: Path) -> None:
    file = tmp_path / "chain-42161.json"
    ChainIdentity(CHAIN_ID, file=file).trust(GENESIS_HASH)
    async with endpoint(genesis_hash=OTHER) as one, a_client(one, identity=ChainIdentity(CHAIN_ID, file=file)) as rpc:
        with pytest.raises(Misconfigured) as caught:
            await rpc.call("eth_gasPrice")
    assert caught.value.code == "wrong_genesis"
    assert OTHER in caught.value.message
    assert "new data_dir" in str(caught.value)
    assert one.asked == []


async def test_a_configured_first_block_is_taken_whatever_the_case_of_its_digits() -> None:
    identity = ChainIdentity(CHAIN_ID, genesis_hash=GENESIS_HASH.upper().replace("0X", "0x"))
    async with endpoint() as one, a_client(one, identity=identity) as client:
        assert await client.call("eth_gasPrice") == "0x1"


async def test_a_configured_first_block_refuses_another_and_the_right_endpoint_is_used() -> None:
    identity = ChainIdentity(CHAIN_ID, genesis_hash=GENESIS_HASH)
    async with (
        endpoint("0xbad", genesis_hash=OTHER) as wrong,
        endpoint("0x9") as right,
        a_client(wrong, right, identity=identity) as client,
    ):
        assert await client.call("eth_gasPrice") == "0x9"
    assert wrong.asked == []


async def test_takes_the_first_block_that_most_endpoints_show() -> None:
    async with (
        endpoint("0xbad", genesis_hash=OTHER) as liar,
        endpoint("0x9") as one,
        endpoint("0x9") as two,
        a_client(liar, one, two) as client,
    ):
        assert await client.call("eth_gasPrice") == "0x9"
    assert liar.asked == []


async def test_takes_no_first_block_when_two_endpoints_show_different_ones(tmp_path: Path) -> None:
    file = tmp_path / "chain-42161.json"
    identity = ChainIdentity(CHAIN_ID, file=file)
    async with (
        endpoint(genesis_hash=OTHER) as one,
        endpoint() as two,
        a_client(one, two, identity=identity) as client,
    ):
        with pytest.raises(Unavailable) as caught:
            await client.call("eth_gasPrice")
    assert caught.value.code == "endpoints_disagree"
    assert "genesis_hash" in str(caught.value)
    assert not file.exists()


async def test_notices_that_another_chain_came_up_behind_the_same_url() -> None:
    async with endpoint() as one, a_client(one) as client:
        assert await client.call("eth_gasPrice") == "0x1"
        one.genesis_hash = OTHER
        await one.restart()
        with pytest.raises(TradewindError):
            await client.call("eth_gasPrice")
        with pytest.raises(Misconfigured) as caught:
            await client.call("eth_gasPrice")
    assert caught.value.code == "wrong_genesis"


async def test_believes_no_answer_that_came_over_a_new_connection_to_another_chain() -> None:
    async with endpoint() as one, a_client(one) as client:
        await client.call("eth_gasPrice")
        one.genesis_hash = OTHER
        await one.restart()
        answers = []
        for _ in range(5):
            try:
                answers.append(await client.call("eth_gasPrice"))
            except TradewindError as error:
                answers.append(error.code)
    assert set(answers) <= {"rpc_unreachable", "wrong_genesis"}
    assert answers[-1] == "wrong_genesis"


async def test_uses_an_endpoint_again_that_came_back_as_the_same_chain() -> None:
    async with endpoint() as one, a_client(one) as client:
        await client.call("eth_gasPrice")
        await one.restart()
        # A connection that the server has closed may be found out only by using it.
        with contextlib.suppress(Unavailable):
            await client.call("eth_gasPrice")
        assert await client.call("eth_gasPrice") == "0x1"


async def test_an_endpoint_that_hides_its_first_block_is_not_used() -> None:
    async with FaultyRpc(result(None), chain_id=None) as one, a_client(one) as client:
        with pytest.raises(Unavailable) as caught:
            await client.call("eth_gasPrice")
    assert caught.value.code == "rpc_malformed"
    assert "eth_gasPrice" not in one.asked


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"chain_id": 1, "genesis_hash": "0x' + b"9e" * 32 + b'"}',
        b'{"chain_id": 42161}',
        b'{"chain_id": 42161, "genesis_hash": "0x12"}',
        b'{"chain_id": 42161, "genesis_hash": 7}',
        b'{"chain_id": 42161, "genesis_hash": "0x' + b"9E" * 32 + b'"}',
    ],
)
def test_refuses_a_file_that_it_did_not_write(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "chain-42161.json"
    file.write_bytes(content)
    with pytest.raises(Damaged) as caught:
        ChainIdentity(CHAIN_ID, file=file)
    assert caught.value.code == "chain_file_damaged"
    assert str(file) in str(caught.value)


def test_refuses_a_configured_first_block_that_is_not_the_remembered_one(tmp_path: Path) -> None:
    file = tmp_path / "chain-42161.json"
    ChainIdentity(CHAIN_ID, file=file).trust(GENESIS_HASH)
    with pytest.raises(Misconfigured) as caught:
        ChainIdentity(CHAIN_ID, genesis_hash=OTHER, file=file)
    assert caught.value.code == "wrong_genesis"


def test_trusts_nothing_that_it_could_not_write_down(tmp_path: Path) -> None:
    identity = ChainIdentity(CHAIN_ID, file=tmp_path / "folder" / "chain-42161.json")
    (tmp_path / "folder").write_text("not a folder")
    with pytest.raises(Misconfigured) as caught:
        identity.trust(GENESIS_HASH)
    assert caught.value.code == "chain_file_unwritable"
    assert identity.genesis_hash is None
