"""The ways in which the node misbehaves on demand; a seed makes the chances repeatable."""

import hashlib
import random
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tradewind.errors import Fault, InvalidInput

Lane = str
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
SlotCount = Annotated[int, Field(ge=0, le=1000)]
SendFailure = Literal["node_behind", "too_many_requests"]

ANY_LANE = "*"


class FaultSettings(BaseModel):
    """Which faults are in force; by default none. Lanes are `rpc`, `jito`, `tpu`; `*` means every one not named.

    `drop_share`: sends that vanish after they were accepted. `delay_slots`: sends that wait so many slots.
    `block_height_lie`: added to every block height that is told (may be negative). `hide_status_share`: signatures
    whose status is never told. `fail_share`: sends refused by the server, as `fail_as` says, with `retry_after_s`.
    `unbundle`: bundles are taken apart and land transaction by transaction.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    seed: int = 0
    drop_share: dict[Lane, Share] = Field(default_factory=dict)
    delay_slots: dict[Lane, SlotCount] = Field(default_factory=dict)
    block_height_lie: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0
    hide_status_share: Share = 0.0
    fail_share: dict[Lane, Share] = Field(default_factory=dict)
    fail_as: SendFailure = "node_behind"
    retry_after_s: Annotated[int, Field(ge=0, le=3600)] = 1
    unbundle: bool = False


class Faults:
    """The faults of one node, changed at run time. `struck` counts what each of them did."""

    def __init__(self) -> None:
        self.settings = FaultSettings()
        self.struck: dict[str, int] = {}
        self._random = random.Random(0)  # noqa: S311 (must be repeatable)

    def set(self, settings: FaultSettings) -> None:
        """Put these in force instead of the former ones, and start their chances anew."""
        self.settings = settings
        self.struck = {}
        self._random = random.Random(settings.seed)  # noqa: S311 (must be repeatable)

    def set_from(self, values: Mapping[str, Any]) -> FaultSettings:
        """As `set`, from JSON values; InvalidInput names each wrong field."""
        try:
            settings = FaultSettings.model_validate(dict(values))
        except ValidationError as error:
            faults = [
                Fault(".".join(str(part) for part in fault["loc"]), fault["type"], fault["msg"])
                for fault in error.errors()
            ]
            raise InvalidInput(faults, what="faults") from error
        self.set(settings)
        return settings

    def clear(self) -> None:
        """Behave."""
        self.set(FaultSettings())

    def drops(self, lane: Lane) -> bool:
        """Whether this send vanishes."""
        return self._strikes("drop", _of(self.settings.drop_share, lane))

    def delay_slots(self, lane: Lane) -> int:
        """How many slots this send waits."""
        slots = int(_of(self.settings.delay_slots, lane))
        if slots:
            self._count("delay")
        return slots

    def send_failure(self, lane: Lane) -> SendFailure | None:
        """How the server refuses this send, if it does."""
        return self.settings.fail_as if self._strikes("fail", _of(self.settings.fail_share, lane)) else None

    def told_height(self, height: int) -> int:
        """The block height that is told instead of the true one."""
        return max(0, height + self.settings.block_height_lie)

    def hides(self, signature: bytes) -> bool:
        """Whether the status of this signature is kept back; always the same answer for one signature."""
        share = self.settings.hide_status_share
        if share <= 0:
            return False
        digest = hashlib.sha256(self.settings.seed.to_bytes(16, "little", signed=True) + signature).digest()
        if int.from_bytes(digest[:8], "little") >= share * 2**64:
            return False
        self._count("hide")
        return True

    def unbundles(self) -> bool:
        """Whether this bundle is taken apart."""
        if self.settings.unbundle:
            self._count("unbundle")
        return self.settings.unbundle

    def _strikes(self, name: str, share: float) -> bool:
        if share <= 0 or self._random.random() >= share:
            return False
        self._count(name)
        return True

    def _count(self, name: str) -> None:
        self.struck[name] = self.struck.get(name, 0) + 1


def _of(by_lane: Mapping[Lane, float], lane: Lane) -> float:
    return by_lane.get(lane, by_lane.get(ANY_LANE, 0))
