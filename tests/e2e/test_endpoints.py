"""A service with three endpoints: one may lie or be gone, and what is decided is still what the chain says."""

import json
from pathlib import Path

from tests.builders import INTENT_JSON
from tests.e2e import chain_truth as truth
from tests.e2e.deployment import deployed
from tradewind.localnet.evm import EvmLocalnet
from tradewind.localnet.strict.behaviours.transactions import ReceiptHidden
from tradewind.localnet.strict.behaviours.transport import ServiceUnavailable


async def test_an_intent_is_filled_though_one_endpoint_hides_receipts_and_then_another_goes_down(
    chain: EvmLocalnet, tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed(tmp_path, chain, signer=signer_binary, endpoints=3) as deployment:
        lying, failing, _ = deployment.endpoints
        hidden = lying.misbehave(ReceiptHidden())
        view = await deployment.until_final(await deployment.submit(INTENT_JSON))
        assert view["status"] == "COMPLETED", view["end"]
        hidden.stop()
        failing.misbehave(ServiceUnavailable())
        view = await deployment.until_final(await deployment.submit(INTENT_JSON))
        assert view["status"] == "COMPLETED", view["end"]
    assert len(truth.trader_receipts(chain.rpc_url)) == 2
    [remembered] = tmp_path.rglob("chain-42161.json")
    first = truth.rpc(chain.rpc_url, "eth_getBlockByNumber", "0x0", False)
    assert json.loads(remembered.read_text())["genesis_hash"] == first["hash"]
