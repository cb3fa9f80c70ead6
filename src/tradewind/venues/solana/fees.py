"""What a Solana transaction costs: signatures, compute units, rents."""

from dataclasses import dataclass

from tradewind.domain.plan import ComputeEstimate

# Of each signature, whatever the transaction does (Agave's fee structure).
SIGNATURE_FEE_LAMPORTS = 5_000
# Rent exemption: (128 bytes of overhead + data) at 6,960 lamports a byte (Agave's default rent).
EMPTY_ACCOUNT_RENT_LAMPORTS = 128 * 6_960
RECEIPT_RENT_LAMPORTS = EMPTY_ACCOUNT_RENT_LAMPORTS
TOKEN_ACCOUNT_RENT_LAMPORTS = (128 + 165) * 6_960
# Compute units beside the swaps: budget, receipt, token accounts, wrapping and unwrapping.
_FRAME_UNITS = 60_000
# The dearest swap that is known here (pump, v2) takes 95,000; a limit has to hold for any of them.
SWAP_UNITS = 120_000
_MOST_UNITS = 1_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FeePolicy:
    """The least that is offered for compute units, and the tip where a lane takes one."""

    micro_lamports_per_unit: int
    tip_lamports: int = 0

    @property
    def hop_lamports(self) -> int:
        """What one more swap adds to the priority fee, rounded up."""
        return -(-SWAP_UNITS * self.micro_lamports_per_unit // 1_000_000)

    def estimate(self, *, hops: int, new_token_accounts: int, micro_lamports_per_unit: int) -> ComputeEstimate:
        """The costs of a transaction of so many swaps that makes so many token accounts and leaves its receipt, at a
        price that `UnitPrices` offered."""
        units = units_of(hops)
        return ComputeEstimate(
            unit_limit=units,
            expected_units=units,
            micro_lamports_per_unit=micro_lamports_per_unit,
            signature_fee_lamports=SIGNATURE_FEE_LAMPORTS,
            tip_lamports=self.tip_lamports,
            rent_lamports=RECEIPT_RENT_LAMPORTS + new_token_accounts * TOKEN_ACCOUNT_RENT_LAMPORTS,
        )


def units_of(hops: int) -> int:
    """The compute units that are asked for so many swaps."""
    return min(_FRAME_UNITS + hops * SWAP_UNITS, _MOST_UNITS)
