"""Files of a strategy for tests: one that is right, and how it reads with something changed."""

import copy
import json
from pathlib import Path
from typing import Any

from tests import builders

GENESIS = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
MINT = "So11111111111111111111111111111111111111112"
RAYDIUM_AMM_V4 = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"
PUMPSWAP = "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA"
RIGHT: dict[str, Any] = {
    "strategy": "arb",
    "chain": {
        "chain_id": 101,
        "rpc": ["http://127.0.0.1:8899"],
        "websocket": "ws://127.0.0.1:8900",
        "genesis_hash": GENESIS,
    },
    "feeds": {"kind": "websocket"},
    "inventory": {"programs": [RAYDIUM_AMM_V4, PUMPSWAP]},
    "mode": "paper",
    "limits": {"max_trade_lamports": 1000000000},
    "blacklist": [],
    "parameters": {"min_profit_lamports": 50000},
    "commander": {"wallet": builders.SOLANA_WALLET},
}
DROP = object()


def changed(**by_place: Any) -> dict[str, Any]:
    """The right one with `chain__rpc=...` put at chain.rpc; DROP takes it out."""
    made = copy.deepcopy(RIGHT)
    for place, value in by_place.items():
        *sections, key = place.split("__")
        part = made
        for section in sections:
            part = part.setdefault(section, {})
        if value is DROP:
            part.pop(key, None)
        else:
            part[key] = value
    return made


def written(folder: Path, data: Any, name: str = "arb.json") -> Path:
    """The data as a JSON file, one key a line."""
    path = folder / name
    path.write_text(json.dumps(data, indent=2))
    return path
