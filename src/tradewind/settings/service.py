"""The configuration of the service: one TOML file, checked whole before anything starts, then frozen.

Every mistake names the file, the key path, the fault and the remedy, and independent mistakes are reported together.
Unknown keys are refused. Secrets inside RPC URLs are read through `rpc_urls` and shown nowhere else.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationError

from tradewind.domain.chain import SOLANA_MAINNET
from tradewind.domain.model import Model
from tradewind.domain.strategy import Strategy
from tradewind.domain.token_list import PermitDomain, Token, TokenList
from tradewind.errors import InvalidInput
from tradewind.settings.api import ApiSettings
from tradewind.settings.contradictions import contradictions
from tradewind.settings.evm import ChainSettings, GasSettings, UniswapV3Settings, VenuesSettings
from tradewind.settings.fields import ChainKey, FolderPath, SocketPath, StrategyName, named_by_header
from tradewind.settings.mistakes import faults_of
from tradewind.settings.redaction import redact_url
from tradewind.settings.solana import JitoSettings, SolanaSettings
from tradewind.toml_file import read_toml


class Settings(Model):
    """The whole configuration; read it with `Settings.load`. Paths are absolute."""

    data_dir: FolderPath = Field(default=Path("data"), validate_default=True)
    """Holds journal.db and api.token; made with mode 0700 on the first run."""
    signer_socket: SocketPath = Field(default=Path("signer.sock"), validate_default=True)
    """Where `tradewind-signer` listens."""
    api: ApiSettings = ApiSettings()
    chains: Mapping[ChainKey, ChainSettings] = Field(default_factory=dict)
    solana: SolanaSettings | None = None
    strategies: Annotated[Mapping[StrategyName, Strategy], BeforeValidator(named_by_header)] = Field(
        default_factory=dict
    )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file; raises Misconfigured when it cannot be read, InvalidInput when it is wrong."""
        raw = read_toml(path, remedy=_NO_FILE)
        context = {"folder": path.resolve().parent}
        try:
            # Through JSON, so that arrays become tuples and strings UUIDs while every other type stays strict.
            settings = cls.model_validate_json(json.dumps(raw, default=str), context=context)
        except ValidationError as error:
            raise InvalidInput(faults_of(error, _SECTIONS), what=str(path)) from None
        if faults := list(contradictions(settings)):
            raise InvalidInput(faults, what=str(path))
        return settings

    @property
    def token_file(self) -> Path:
        """Where the API token is kept."""
        return self.api.token_file or self.data_dir / "api.token"

    @property
    def tokens_file(self) -> Path:
        """Where the tokens that were made for others are kept, hashed."""
        return self.data_dir / "tokens.json"

    def chain_file(self, chain_id: int) -> Path:
        """Where the first block of a chain is remembered."""
        return self.data_dir / f"chain-{chain_id}.json"

    @property
    def journal_file(self) -> Path:
        """Where the journal is kept."""
        return self.data_dir / "journal.db"

    def token_list(self) -> TokenList:
        """Every listed token of every chain."""
        return TokenList((chain_id, token) for chain_id, chain in self.every_chain().items() for token in chain.tokens)

    def every_chain(self) -> dict[int, ChainSettings | SolanaSettings]:
        """The EVM chains by their ids, and Solana by its own."""
        return {**self.chains, **({} if self.solana is None else {SOLANA_MAINNET: self.solana})}

    def redacted(self) -> dict[str, Any]:
        """Everything as JSON values, with the secrets in RPC URLs replaced."""
        dump = self.model_dump(mode="json")
        for chain in (*dump["chains"].values(), *([dump["solana"]] if dump["solana"] else [])):
            chain["rpc_urls"] = [redact_url(url) for url in chain["rpc_urls"]]
        if dump["solana"]:
            dump["solana"]["websocket_urls"] = [redact_url(url) for url in dump["solana"]["websocket_urls"]]
            if jito := dump["solana"]["jito"]:
                jito["regions"] = [redact_url(url) for url in jito["regions"]]
                for key in ("tip_floor_url", "tip_stream_url"):
                    jito[key] = redact_url(jito[key]) if jito[key] else None
        dump["api"]["token_file"] = str(self.token_file)
        return dump

    def digest(self) -> str:
        """SHA-256 of what `redacted` gives: the same for the same meaning, and silent about secrets."""
        text = json.dumps(self.redacted(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


_NO_FILE = "Give the path of a configuration file, or have one written: tradewind init my-desk"
# Which keys a section knows, by its path; the deepest paths first, since a star crosses slashes.
_SECTIONS: dict[str, type[Model]] = {
    "chains/*/venues/uniswap_v3": UniswapV3Settings,
    "chains/*/venues": VenuesSettings,
    "chains/*/tokens/*/permit": PermitDomain,
    "chains/*/tokens/*": Token,
    "chains/*/gas": GasSettings,
    "chains/*": ChainSettings,
    "solana/tokens/*/permit": PermitDomain,
    "solana/tokens/*": Token,
    "solana/jito": JitoSettings,
    "solana": SolanaSettings,
    "strategies/*": Strategy,
    "api": ApiSettings,
    "": Settings,
}
