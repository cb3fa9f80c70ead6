"""The JSON-RPC methods of a block engine: reading their parameters, and putting answers into Jito's form."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from tradewind.domain.base58 import from_base58
from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.block_engine.bundle import BundleRecord, InflightStatus
from tradewind.localnet.solana.block_engine.engine import LANE, BlockEngine
from tradewind.localnet.solana.block_engine.tips import TIP_ACCOUNTS

INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
PARSE_ERROR = -32700
RATE_LIMITED = -32097
NODE_BEHIND = -32005

MOST_IDS = 5
# Longer than any transaction that the node takes can be in base58.
_MOST_TEXT = 8 * 1024


def bad_params(message: str) -> LocalnetError:
    """The caller's parameters are wrong."""
    return LocalnetError("invalid_params", message)


class JsonApi:
    """The methods, for one region."""

    def __init__(self, engine: BlockEngine, region: str) -> None:
        self._engine = engine
        self._region = region

    def answer(self, method: str, params: Sequence[Any]) -> Any:
        """The result of a method of the bundles path; LocalnetError `method_not_found` for any other."""
        match method:
            case "sendBundle":
                return self._send_bundle(params)
            case "getBundleStatuses":
                return self._in_context([self._landed(one) for one in _ids(params)])
            case "getInflightBundleStatuses":
                return self._in_context([self._inflight(one) for one in _ids(params)])
            case "getTipAccounts":
                return [str(account) for account in TIP_ACCOUNTS]
            case _:
                raise LocalnetError("method_not_found", "Method not found")

    def send_transaction(self, params: Sequence[Any], *, bundle_only: bool) -> tuple[str, str]:
        """Signature and bundle id of the transaction in these parameters."""
        if not params or not isinstance(params[0], str):
            raise bad_params("params[0] must be a transaction, encoded as a string")
        wire = _decoded(params[0], _encoding(params), "params[0]")
        self._refuse_at_random()
        return self._engine.take_transaction(wire, self._region, bundle_only=bundle_only)

    def _send_bundle(self, params: Sequence[Any]) -> str:
        if not params or not isinstance(params[0], list):
            raise bad_params("params[0] must be an array of encoded transactions")
        encoding = _encoding(params)
        wires = [_decoded(text, encoding, f"params[0][{place}]") for place, text in enumerate(params[0])]
        self._refuse_at_random()
        return self._engine.take(wires, self._region)

    def _refuse_at_random(self) -> None:
        if (failure := self._engine.node.faults.send_failure(LANE)) is not None:
            raise LocalnetError(failure, "the block engine refuses this send, as its faults demand")

    def _in_context(self, value: Any) -> dict[str, Any]:
        return {"context": {"slot": self._engine.node.slot}, "value": value}

    def _landed(self, bundle: str) -> dict[str, Any] | None:
        record = self._known(bundle)
        if record is None or record.landed_slot is None:
            return None
        return {
            "bundle_id": bundle,
            "transactions": list(record.bundle.signatures),
            "slot": record.landed_slot,
            "confirmation_status": record.commitment,
            "err": {"Ok": None},
        }

    def _inflight(self, bundle: str) -> dict[str, Any]:
        record = self._known(bundle)
        status = record.status if record is not None else InflightStatus.INVALID
        slot = record.landed_slot if record is not None else None
        return {"bundle_id": bundle, "status": status.value, "landed_slot": slot}

    def _known(self, bundle: str) -> BundleRecord | None:
        self._engine.catch_up()
        return self._engine.record(bundle)


def _ids(params: Sequence[Any]) -> list[str]:
    ids = params[0] if params else None
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise bad_params("params[0] must be an array of bundle ids")
    if len(ids) > MOST_IDS:
        raise bad_params(f"params[0] has {len(ids)} bundle ids; at most {MOST_IDS} are answered")
    return ids


def _encoding(params: Sequence[Any]) -> str:
    settings = params[1] if len(params) > 1 else {}
    encoding = settings.get("encoding", "base58") if isinstance(settings, Mapping) else None
    if encoding not in ("base58", "base64"):
        raise bad_params('params[1] must be {"encoding": "base64"} or {"encoding": "base58"}')
    return str(encoding)


def _decoded(text: Any, encoding: str, where: str) -> bytes:
    if not isinstance(text, str):
        raise bad_params(f"{where} must be a string")
    if len(text) > _MOST_TEXT:
        raise bad_params(f"{where} is longer than any transaction")
    try:
        return base64.b64decode(text, validate=True) if encoding == "base64" else from_base58(text)
    except (binascii.Error, ValueError) as error:
        raise bad_params(f"{where} is not {encoding}: {error}") from error
