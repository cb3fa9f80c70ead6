"""One endpoint of three lies about how a transaction ended: neither the intent nor the accounts believe it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import chain_truth as truth
from tests.e2e.deployment import Deployment, deployed
from tests.e2e.intents import acquire
from tests.e2e.reorganising import QUICK, until_finalized
from tradewind.localnet.evm import EvmLocalnet
from tradewind.localnet.strict.behaviour import Behaviour
from tradewind.localnet.strict.behaviours.transactions import ReceiptAmountsDoubled, ReceiptGasWrong, _ReceiptLie
from tradewind.localnet.strict.behaviours.transport import Delay

WETH_RAW = 15 * 10**17
RECEIPT = frozenset({"eth_getTransactionReceipt"})


class SaidToBeReverted(_ReceiptLie):
    """A swap that went through is told as reverted, without a flaw in the telling."""

    def changed(self, receipt: dict[str, Any]) -> Any:
        return receipt | {"status": "0x0", "logs": [], "logsBloom": "0x" + "00" * 256}


@pytest.fixture
async def three(chain: EvmLocalnet, tmp_path: Path, signer_binary: Path) -> AsyncIterator[Deployment]:
    async with deployed(tmp_path, chain, signer=signer_binary, replacements=QUICK, endpoints=3) as running:
        yield running


@pytest.mark.parametrize("lie", [SaidToBeReverted, ReceiptGasWrong, ReceiptAmountsDoubled])
async def test_an_intent_ends_as_the_chain_says_though_one_endpoint_says_otherwise(
    three: Deployment, chain: EvmLocalnet, lie: type[Behaviour]
) -> None:
    url = chain.rpc_url
    for honest in three.endpoints[1:]:
        # The one that lies is the quickest, and so the one that is asked first.
        honest.misbehave(Delay(0.1))
    told = three.endpoints[0].misbehave(lie(), methods=RECEIPT)
    weth, ether = truth.balance(url, truth.WETH), truth.ether(url)
    view = await three.until_final(await three.submit(acquire("1.5")))
    assert view["status"] == "COMPLETED", view["end"]
    assert view["fill"]["got"]["raw"] == str(WETH_RAW) == str(truth.balance(url, truth.WETH) - weth)
    assert view["fill"]["network_fee"]["raw"] == str(ether - truth.ether(url))
    await until_finalized(three, chain, view["id"])
    _, report = await three.request("GET", "/report")
    assert report["is_explained"] is True
    assert told.struck
