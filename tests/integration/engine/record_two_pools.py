"""Writes the updates that come with the SDK: `python -m tests.integration.engine.record_two_pools FILE`.

Two pools of a local chain with the real programs as they stand at first, and the first of them after somebody sold
50 SOL into it.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.integration.engine.trading import BOTH_VENUES, snapshot, swap_by_somebody_else
from tests.integration.localnet_solana.swapping import WSOL
from tradewind.localnet.solana import NodeOptions, SolanaLocalnet
from tradewind.localnet.solana.description import DescribedPool

_AT_MS = 1_750_000_000_000
_SOLD_RAW = 50_000_000_000


async def record(file: Path) -> None:
    """One line for each update."""
    with tempfile.TemporaryDirectory() as folder:
        async with SolanaLocalnet(options=NodeOptions(slot_ms=400), port=0, keys_folder=Path(folder)) as chain:
            pools = [chain.description.pool(*name) for name in BOTH_VENUES]
            first = _update(chain, pools, at_ms=_AT_MS)
            swap_by_somebody_else(chain, pools[0], str(WSOL), _SOLD_RAW)
            second = _update(chain, pools[:1], at_ms=_AT_MS + 400)
    file.write_text("".join(json.dumps(update) + "\n" for update in (first, second)))


def _update(chain: SolanaLocalnet, pools: Sequence[DescribedPool], *, at_ms: int) -> dict[str, object]:
    states = json.loads(snapshot(chain, pools))["pools"]
    slot = chain.node.slot
    told = [
        {"address": pool.pool, "slot": slot, "tradeable": True, "state": state}
        for pool, state in zip(pools, states, strict=True)
    ]
    return {"kind": "update", "slot": slot, "at_ms": at_ms, "pools": told, "held": {}}


if __name__ == "__main__":
    asyncio.run(record(Path(sys.argv[1])))
