"""Files of market rules for tests: one that is right, and how it reads with something changed."""

import copy
import json
from pathlib import Path
from typing import Any

from tests.unit.commander.strategy_files import DROP, GENESIS, PUMPSWAP, RAYDIUM_AMM_V4
from tradewind.commander.rules.settings import Rule

PUMP = "6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P"
RIGHT: dict[str, Any] = {
    "chain": {
        "chain_id": 101,
        "rpc": ["http://127.0.0.1:8899"],
        "websocket": "ws://127.0.0.1:8900",
        "genesis_hash": GENESIS,
    },
    "measures": {
        "volatility": {"wind": {"pool": RAYDIUM_AMM_V4, "window_s": 60}},
        "spread": {"wind": {"pools": [RAYDIUM_AMM_V4, PUMPSWAP]}},
        "launches": {"pump": {"program": PUMP}},
    },
    "rules": [
        {
            "instance": "arb",
            "start_when": {"any": [{"measure": "spread.wind", "at_least_ppm": 5000}]},
            "stop_when": {"all": [{"measure": "spread.wind", "at_most_ppm": 1000, "for_s": 30}]},
        }
    ],
}


def changed(**by_place: Any) -> dict[str, Any]:
    """The right one with `rules__0__instance=...` put at rules[0].instance; DROP takes it out."""
    made = copy.deepcopy(RIGHT)
    for place, value in by_place.items():
        *sections, key = (int(part) if part.isdigit() else part for part in place.split("__"))
        part: Any = made
        for section in sections:
            part = part[section]
        if value is DROP:
            part.pop(key, None)
        else:
            part[key] = value
    return made


def written(folder: Path, data: Any) -> Path:
    """As JSON, one key a line."""
    path = folder / "rules.json"
    path.write_text(json.dumps(data, indent=2))
    return path


def rule(**changes: Any) -> Rule:
    """The right one's rule, with something changed."""
    return Rule.model_validate_json(json.dumps({**RIGHT["rules"][0], **changes}))
