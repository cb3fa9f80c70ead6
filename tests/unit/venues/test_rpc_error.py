"""Revert data, against what eth-abi encodes."""

from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from tradewind.venues.rpc_error import Revert, RpcError

ERROR_STRING, PANIC = bytes.fromhex("08c379a0"), bytes.fromhex("4e487b71")


@given(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=200))
def test_reads_the_text_of_a_require(reason: str) -> None:
    assert Revert.from_data(ERROR_STRING + encode(["string"], [reason])).reason == reason


def test_names_a_panic() -> None:
    assert Revert.from_data(PANIC + encode(["uint256"], [0x11])).reason == "panic 0x11: arithmetic overflow"


def test_gives_no_reason_when_there_is_no_data() -> None:
    assert Revert.from_data(b"").reason is None


@given(st.binary(min_size=1, max_size=300))
def test_shows_unknown_data_as_hexadecimal(data: bytes) -> None:
    if data[:4] not in (ERROR_STRING, PANIC):
        assert Revert.from_data(data).reason == f"0x{data.hex()}"


@given(st.integers(0, 200), st.binary(max_size=100))
def test_never_fails_on_a_broken_error_string(cut: int, tail: bytes) -> None:
    whole = ERROR_STRING + encode(["string"], ["Too little received"])
    revert = Revert.from_data(whole[:cut] + tail)
    assert revert.data == whole[:cut] + tail


def test_keeps_control_characters_of_a_contract_out_of_messages() -> None:
    reason = Revert.from_data(ERROR_STRING + encode(["string"], ["a\x1b[31m\nb"])).reason
    assert reason is not None
    assert reason.isprintable()


def test_tells_a_revert_from_another_error() -> None:
    assert RpcError(-32000, "nonce too low", None, method="eth_call").revert is None
    assert RpcError(3, "execution reverted", b"", method="eth_call").revert == Revert(None, b"")
    assert RpcError(-32000, "execution reverted: STF", None, method="eth_call").revert == Revert("STF", b"")
