"""A live instance with the real signer and a local Solana: green, then a crash loop that the gate remembers."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.deployment import FAILPOINTS
from tests.e2e.solana_deployment import deployed_on_solana
from tests.integration.commander.desk import Desk
from tradewind.commander.instance_state import Phase
from tradewind.commander.preflight.examine import examine, refuse_wrong
from tradewind.commander.strategy_file.settings import StrategySettings
from tradewind.commander.wallet_halt import halt_wallet
from tradewind.errors import Refused
from tradewind.execution.signer_client import SignerClient
from tradewind.observability.clock import SystemClock


async def test_a_crash_loop_halts_the_wallet_at_the_signer_and_keeps_the_next_start_from_happening(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    async with deployed_on_solana(home, signer=FAILPOINTS, start=False) as deployment:
        await deployment.start_signer()
        described, wallet = deployment.chain.description, deployment.wallet.address

        async def look(settings: StrategySettings) -> None:
            refuse_wrong(await examine(settings, tmp_path, SystemClock()))

        live: dict[str, Any] = {
            "mode": "live",
            "chain__rpc": [described.urls["rpc"]],
            "chain__websocket": described.urls["websocket"],
            "chain__genesis_hash": described.genesis_hash,
            "signer": {"socket": "home/signer.sock"},
            "commander__wallet": wallet,
            "commander__preflight": {"least_free_bytes": 1, "most_clock_offset_ms": 86_400_000},
        }
        desk = Desk(tmp_path, parameters__stand_in={"fault": "crash"}, **live)
        state = await desk.supervisor(preflight=look, halt=halt_wallet).run()
        assert (state.phase, len(desk.starts())) == (Phase.HALTED, 4)
        signer = SignerClient(home / "signer.sock")
        [halt] = (await signer.hello()).halts
        assert (halt.wallet, halt.by) == (wallet, "commander")
        assert halt.reason.startswith("crash loop of arb/main: it crashed 4 times within 60 s")
        with pytest.raises(Refused, match="kill switch") as raised:
            await desk.supervisor(preflight=look, halt=halt_wallet).run()
        assert f"tradewind resume --epoch {halt.kill_epoch}" in str(raised.value.remedy)
        assert len(desk.starts()) == 4
        await signer.resume(kill_epoch=halt.kill_epoch, by="the test")
        desk.rewrite(**live)
        async with desk.running(preflight=look, halt=halt_wallet) as supervisor:
            assert supervisor.state.mode == "live"
