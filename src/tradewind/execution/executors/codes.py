"""What an executor's lifecycle calls its own ends and waits, and the margins that it keeps."""

# What the chain's receipt says when another transaction of the same step has landed already.
RECEIPT_IN_USE = "receipt_in_use"
TAKEN_BY_STRANGER = "receipt_taken_by_stranger"
# What an Unknown is called whose transaction is in a block that no endpoint tells of yet.
NOT_TOLD = "transaction_not_told"
ANOTHER_WALLET = "step_of_another_wallet"
STEP_CHANGED = "step_changed"
NO_PRIVATE_LANE = "no_private_lane"
# What the gate says of an older attempt that could still land, by what it was shown.
STILL_ALIVE = "attempt_alive"
# The chain's own words against a proof that an attempt is dead.
CONTRADICTED = frozenset({"attempt_landed", "attempt_undecided"})
NOT_DEAD = CONTRADICTED | {STILL_ALIVE}
# Beyond its last valid height, before the gate takes an attempt for dead for good.
SURELY_DEAD_BLOCKS = 60
# Twice the 150 slots that a blockhash lives, at 400 ms each.
BLOCKHASH_LIFE_NS = 2 * 150 * 400_000_000
