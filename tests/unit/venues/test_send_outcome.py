"""Endpoints' wordings for a transaction they do not take, and several endpoints' answers made one."""

import itertools

import pytest

from tradewind.errors import Misconfigured, Unavailable
from tradewind.venues.quorum import Said
from tradewind.venues.rpc_error import RpcError
from tradewind.venues.send_outcome import SendAnswer, SendOutcome, judge_send_error, merged

KNOWN, LOW, HIGH = SendAnswer.ALREADY_KNOWN, SendAnswer.NONCE_TOO_LOW, SendAnswer.NONCE_TOO_HIGH
UNKNOWN, REJECTED = SendAnswer.UNKNOWN, SendAnswer.REJECTED


@pytest.mark.parametrize(
    ("code", "message", "answer", "named"),
    [
        (-32000, "already known", KNOWN, "already_known"),
        (-32000, "AlreadyKnown", KNOWN, "already_known"),
        (-32000, "known transaction: 0x12", KNOWN, "already_known"),
        (-32003, "transaction already imported", KNOWN, "already_known"),
        (-32003, "nonce too low", LOW, "nonce_too_low"),
        (-32000, "nonce too low: address 0xAb, tx: 5 state: 7", LOW, "nonce_too_low"),
        (-32000, "Nonce too low", LOW, "nonce_too_low"),
        (-32000, "nonce has already been used", LOW, "nonce_too_low"),
        (-32000, "nonce too high", HIGH, "nonce_too_high"),
        (-32000, "nonce too high: address 0xAb, tx: 9 state: 7", HIGH, "nonce_too_high"),
        (-32000, "context deadline exceeded", UNKNOWN, "sequencer_timeout"),
        (-32603, "Transaction confirmation timeout", UNKNOWN, "sequencer_timeout"),
        (-32000, "sequencer is overloaded, please try again", UNKNOWN, "endpoint_busy"),
        (-32603, "something odd", UNKNOWN, "rpc_error"),
        (-32603, "Internal error", UNKNOWN, "endpoint_error"),
        (-32000, "oversized data", REJECTED, "oversized"),
        (-32003, "max fee per gas less than block base fee", REJECTED, "fee_below_base_fee"),
        (
            -32000,
            "max fee per gas less than block base fee: address 0xAb, maxFeePerGas: 1 baseFee: 20000000",
            REJECTED,
            "fee_below_base_fee",
        ),
        (-32003, "replacement transaction underpriced", REJECTED, "underpriced"),
        (-32003, "Insufficient funds for gas * price + value", REJECTED, "insufficient_funds"),
        (-32000, "intrinsic gas too low", REJECTED, "gas_limit_wrong"),
        (-32003, "invalid chain id for signer", REJECTED, "wrong_chain_id"),
        (-32602, "Failed to decode transaction", REJECTED, "rpc_error"),
        (-32000, "unknown transaction type", REJECTED, "rpc_error"),
        (-32000, "", REJECTED, "rpc_error"),
    ],
)
def test_sorts_what_endpoints_say(code: int, message: str, answer: SendAnswer, named: str) -> None:
    outcome = judge_send_error(RpcError(code, message, None, method="eth_sendRawTransaction"), "0xab")
    assert outcome == SendOutcome(answer, "0xab", named, message)


def _said(answer: SendAnswer) -> Said[SendOutcome]:
    return Said(f"http://{answer.value}", SendOutcome(answer, "0xab", answer.value, "words"))


@pytest.mark.parametrize(("better", "worse"), list(itertools.combinations(SendAnswer, 2)))
def test_of_two_answers_the_one_that_leaves_more_open_counts(better: SendAnswer, worse: SendAnswer) -> None:
    for said in ([_said(better), _said(worse)], [_said(worse), _said(better)]):
        assert merged("0xab", said).answer is better


def test_the_order_of_answers_is_the_documented_one() -> None:
    assert [answer.value for answer in SendAnswer] == [
        "accepted",
        "already_known",
        "nonce_too_low",
        "unknown",
        "nonce_too_high",
        "rejected",
    ]


def test_an_endpoint_that_did_not_answer_leaves_the_sending_unknown() -> None:
    silent: Said[SendOutcome] = Said("http://one", failure=Unavailable("rpc_timeout", "silence"))
    assert merged("0xab", [_said(REJECTED), silent]) == SendOutcome(UNKNOWN, "0xab", "rpc_timeout", "silence")


def test_endpoints_of_another_chain_have_no_say_and_alone_are_a_fault() -> None:
    wrong: Said[SendOutcome] = Said("http://one", failure=Misconfigured("wrong_chain", "another chain"))
    assert merged("0xab", [wrong, _said(REJECTED)]).answer is REJECTED
    with pytest.raises(Misconfigured):
        merged("0xab", [wrong, wrong])


def test_only_an_endpoint_that_has_it_brings_it_on_its_way() -> None:
    assert [answer for answer in SendAnswer if _said(answer).answer.on_its_way] == [SendAnswer.ACCEPTED, KNOWN]  # type: ignore[union-attr]
