"""The configuration of the service: what may stand in its file, a module for each part of it."""

from tradewind.settings.api import ApiSettings
from tradewind.settings.evm import ChainSettings, UniswapV3Settings
from tradewind.settings.redaction import redact_url
from tradewind.settings.service import Settings
from tradewind.settings.solana import JitoSettings, SolanaSettings

__all__ = [
    "ApiSettings",
    "ChainSettings",
    "JitoSettings",
    "Settings",
    "SolanaSettings",
    "UniswapV3Settings",
    "redact_url",
]
