"""Answers in a wrong form: each differs from the right one in what it says, for one request and for a batch."""

from typing import Any

import pytest

from tests.integration.localnet.strict_asking import post, request
from tests.integration.localnet.strict_desk import Desk, Expectations
from tradewind.localnet import addresses as at
from tradewind.localnet.strict import Behaviour
from tradewind.localnet.strict.behaviours import shape

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXPECT = Expectations(shape)


@pytest.mark.parametrize("kind", EXPECT.catalogue, ids=lambda kind: kind.__name__)
async def test_it_does_what_it_says_and_ends_with_behave(desk: Desk, kind: type[Behaviour]) -> None:
    await EXPECT.hold(desk, kind)


async def documents(desk: Desk) -> tuple[Any, Any, Any]:
    """The answer to a single request, to one that fails, and to a batch."""
    batch = [request("eth_chainId", number=number) for number in (7, 8, 9)]
    single = (await desk.said("eth_chainId")).document
    failed = (await desk.said("nope")).document
    return single, failed, (await post(desk.strict.url, batch)).document


@EXPECT.of(shape.WrongId())
async def wrong_id(desk: Desk) -> None:
    single, failed, batch = await documents(desk)
    assert [single["id"], failed["id"]] == [1_000_001] * 2
    assert [answer["id"] for answer in batch] == [1_000_007, 1_000_008, 1_000_009]


@EXPECT.of(shape.StringId())
async def string_id(desk: Desk) -> None:
    single, _, batch = await documents(desk)
    assert single["id"] == "1"
    assert [answer["id"] for answer in batch] == ["7", "8", "9"]


@EXPECT.of(shape.NullId())
async def null_id(desk: Desk) -> None:
    single, _, batch = await documents(desk)
    assert single == {"jsonrpc": "2.0", "id": None, "result": "0xa4b1"}
    assert {answer["id"] for answer in batch} == {None}


@EXPECT.of(shape.MissingId())
async def missing_id(desk: Desk) -> None:
    single, _, batch = await documents(desk)
    assert single == {"jsonrpc": "2.0", "result": "0xa4b1"}
    assert batch == [single] * 3


@EXPECT.of(shape.MissingVersion())
async def missing_version(desk: Desk) -> None:
    single, failed, _ = await documents(desk)
    assert single == {"id": 1, "result": "0xa4b1"}
    assert set(failed) == {"id", "error"}


@EXPECT.of(shape.OldVersion())
async def old_version(desk: Desk) -> None:
    single, _, batch = await documents(desk)
    assert {answer["jsonrpc"] for answer in [single, *batch]} == {"1.0"}


@EXPECT.of(shape.NeitherResultNorError())
async def neither(desk: Desk) -> None:
    assert (await documents(desk))[:2] == ({"jsonrpc": "2.0", "id": 1},) * 2


@EXPECT.of(shape.ResultAndError())
async def result_and_error(desk: Desk) -> None:
    single, failed, _ = await documents(desk)
    assert (single["result"], single["error"]["code"]) == ("0xa4b1", -32000)
    assert (failed["result"], failed["error"]["code"]) == (None, -32601)


@EXPECT.of(shape.ErrorAsText())
async def error_as_text(desk: Desk) -> None:
    assert (await documents(desk))[0] == {"jsonrpc": "2.0", "id": 1, "error": "something went wrong"}


@EXPECT.of(shape.ErrorWithoutCode())
async def error_without_code(desk: Desk) -> None:
    assert (await documents(desk))[0]["error"] == {"message": "something went wrong"}


@EXPECT.of(shape.NullResult())
async def null_result(desk: Desk) -> None:
    single, failed, _ = await documents(desk)
    assert single == {"jsonrpc": "2.0", "id": 1, "result": None}
    assert failed["error"]["code"] == -32601


@EXPECT.of(shape.NumbersAsNumbers())
async def numbers_as_numbers(desk: Desk) -> None:
    assert (await documents(desk))[0]["result"] == 42161
    block = await desk.told("eth_getBlockByNumber", "latest", False)
    true = await desk.true("eth_getBlockByNumber", "latest", False)
    assert (block["number"], block["hash"]) == (int(true["number"], 16), true["hash"])


@EXPECT.of(shape.NotANumber())
async def not_a_number(desk: Desk) -> None:
    assert b'"result": NaN' in (await desk.said("eth_chainId")).body


@EXPECT.of(shape.NegativeQuantities())
async def negative_quantities(desk: Desk) -> None:
    block = await desk.told("eth_getBlockByNumber", "latest", False)
    true = await desk.true("eth_getBlockByNumber", "latest", False)
    assert (block["number"], block["hash"]) == ("-" + true["number"], true["hash"])


@EXPECT.of(shape.HalfBytes())
async def half_bytes(desk: Desk) -> None:
    code = await desk.told("eth_getCode", at.WETH.address, "latest")
    assert code == (await desk.true("eth_getCode", at.WETH.address, "latest"))[:-1]


@EXPECT.of(shape.BatchInAnotherOrder())
async def another_order(desk: Desk) -> None:
    single, _, batch = await documents(desk)
    assert single["id"] == 1
    assert [answer["id"] for answer in batch] == [9, 8, 7]


@EXPECT.of(shape.BatchTooShort())
async def too_short(desk: Desk) -> None:
    assert [answer["id"] for answer in (await documents(desk))[2]] == [7, 8]


@EXPECT.of(shape.BatchTwice())
async def twice(desk: Desk) -> None:
    assert [answer["id"] for answer in (await documents(desk))[2]] == [7, 8, 9, 7, 8, 9]


@EXPECT.of(shape.BatchAsOne())
async def as_one(desk: Desk) -> None:
    single, _, batch = await documents(desk)
    assert single["result"] == "0xa4b1"
    assert batch["error"]["code"] == -32600
