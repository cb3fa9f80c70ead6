"""Examples in the API's own document: those that ship with the package, so that what is shown is what works."""

import json
from importlib.resources import files
from typing import Any

INTENT: dict[str, Any] = json.loads(files("tradewind").joinpath("configs", "intent.json").read_text(encoding="utf-8"))
