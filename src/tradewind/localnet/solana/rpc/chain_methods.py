"""Methods about the chain itself: slots, heights, blockhashes, leaders and the node."""

from solders.pubkey import Pubkey

from tradewind.localnet.solana.chain import Slot
from tradewind.localnet.solana.node import SolanaNode
from tradewind.localnet.solana.options import SLOTS_PER_EPOCH
from tradewind.localnet.solana.rpc.answers import API_VERSION, Method, asked_slot, with_context
from tradewind.localnet.solana.rpc.errors import block_not_available, invalid_params
from tradewind.localnet.solana.rpc.params import Params, blockhash

MAX_SLOT_LEADERS = 5000
MAX_BLOCK_RANGE = 500_000
# What a client sees of the software: the version whose JSON-RPC this is, and no feature set of it.
FEATURE_SET = 0
SHRED_VERSION = 1


def get_latest_blockhash(node: SolanaNode, params: Params) -> object:
    """A blockhash to send with, and the last block height at which it is good."""
    commitment, slot = asked_slot(node, params.config(0))
    latest = node.latest_blockhash(commitment)
    value = {"blockhash": str(latest.blockhash), "lastValidBlockHeight": latest.last_valid_block_height}
    return with_context(slot.number, value)


def is_blockhash_valid(node: SolanaNode, params: Params) -> object:
    """Whether a blockhash is still good."""
    wanted, config = blockhash(params.text(0, "blockhash")), params.config(1)
    commitment, slot = asked_slot(node, config)
    return with_context(slot.number, node.is_blockhash_valid(wanted, commitment))


def get_block_height(node: SolanaNode, params: Params) -> object:
    """How many blocks there are below the slot."""
    _, slot = asked_slot(node, params.config(0))
    return node.faults.told_height(slot.height)


def get_slot(node: SolanaNode, params: Params) -> object:
    """The slot of the commitment level."""
    return asked_slot(node, params.config(0))[1].number


def get_slot_leader(node: SolanaNode, params: Params) -> object:
    """Who leads that slot."""
    _, slot = asked_slot(node, params.config(0))
    return str(node.leader(slot.number))


def get_slot_leaders(node: SolanaNode, params: Params) -> object:
    """Who leads a range of slots."""
    params.at_most(2)
    start, limit = params.number(0, "startSlot"), params.number(1, "limit")
    if not 1 <= limit <= MAX_SLOT_LEADERS:
        raise invalid_params(f"Invalid limit; max {MAX_SLOT_LEADERS}")
    if start // SLOTS_PER_EPOCH > node.epoch + 1:
        raise invalid_params(f"Invalid slot range: leader schedule for epoch {start // SLOTS_PER_EPOCH} is unavailable")
    return [str(node.leader(start + index)) for index in range(limit)]


def get_leader_schedule(node: SolanaNode, params: Params) -> object:
    """Which slots of an epoch each validator leads, counted from the epoch's first; null for an unknown epoch."""
    config = params.config(0) if params.is_object(0) else params.config(1)
    wanted = None if params.is_object(0) else params.maybe_number(0, "slot")
    config.commitment()
    epoch = node.epoch if wanted is None else wanted // SLOTS_PER_EPOCH
    if epoch > node.epoch + 1:
        return None
    identity: Pubkey | None = config.pubkey("identity")
    leader = node.leader(epoch * SLOTS_PER_EPOCH)
    return {str(leader): list(range(SLOTS_PER_EPOCH))} if identity in (None, leader) else {}


def get_cluster_nodes(node: SolanaNode, params: Params) -> object:
    """The one node, and where its servers are; null for those that it has not."""
    params.at_most(0)
    where = node.addresses
    return [
        {
            "pubkey": str(node.identity.pubkey()),
            "gossip": where.get("gossip"),
            "tvu": None,
            "tpu": None,
            "tpuQuic": where.get("tpu_quic"),
            "tpuForwards": None,
            "tpuForwardsQuic": where.get("tpu_forwards_quic"),
            "tpuVote": None,
            "serveRepair": None,
            "rpc": where.get("rpc"),
            "pubsub": where.get("pubsub"),
            "version": API_VERSION,
            "featureSet": FEATURE_SET,
            "shredVersion": SHRED_VERSION,
        }
    ]


def get_epoch_info(node: SolanaNode, params: Params) -> object:
    """Where in its epoch the chain is."""
    _, slot = asked_slot(node, params.config(0))
    return {
        "absoluteSlot": slot.number,
        "blockHeight": node.faults.told_height(slot.height),
        "epoch": slot.number // SLOTS_PER_EPOCH,
        "slotIndex": slot.number % SLOTS_PER_EPOCH,
        "slotsInEpoch": SLOTS_PER_EPOCH,
        "transactionCount": node.chain.transaction_count,
    }


def get_epoch_schedule(_node: SolanaNode, params: Params) -> object:
    """How slots make epochs."""
    params.at_most(0)
    return {
        "slotsPerEpoch": SLOTS_PER_EPOCH,
        "leaderScheduleSlotOffset": SLOTS_PER_EPOCH,
        "warmup": False,
        "firstNormalEpoch": 0,
        "firstNormalSlot": 0,
    }


def get_genesis_hash(node: SolanaNode, params: Params) -> object:
    """Which chain this is."""
    params.at_most(0)
    return str(node.genesis_hash)


def get_version(_node: SolanaNode, params: Params) -> object:
    """Which version's answers these are."""
    params.at_most(0)
    return {"solana-core": API_VERSION, "feature-set": FEATURE_SET}


def get_health(_node: SolanaNode, params: Params) -> object:
    """That the node is up."""
    params.at_most(0)
    return "ok"


def get_identity(node: SolanaNode, params: Params) -> object:
    """The key of the node."""
    params.at_most(0)
    return {"identity": str(node.identity.pubkey())}


def get_block_time(node: SolanaNode, params: Params) -> object:
    """When a block was made, in seconds since 1970."""
    params.at_most(1)
    number = params.number(0, "slot")
    if (slot := node.chain.slot(number)) is None:
        raise block_not_available(number)
    return slot.unix_timestamp_s


def get_blocks(node: SolanaNode, params: Params) -> object:
    """The slots between two that have a block."""
    start = params.number(0, "startSlot")
    end = None if params.is_object(1) else params.maybe_number(1, "endSlot")
    config = params.config(1) if params.is_object(1) else params.config(2)
    _, newest = asked_slot(node, config)
    last = newest.number if end is None else min(end, newest.number)
    if last - start > MAX_BLOCK_RANGE:
        raise invalid_params(f"Slot range too large; max {MAX_BLOCK_RANGE}")
    return [slot.number for slot in _oldest_first(node) if start <= slot.number <= last]


def get_first_available_block(node: SolanaNode, params: Params) -> object:
    """The oldest block that is remembered."""
    params.at_most(0)
    return node.chain.oldest.number


def get_transaction_count(node: SolanaNode, params: Params) -> object:
    """How many transactions landed."""
    asked_slot(node, params.config(0))
    return node.chain.transaction_count


def _oldest_first(node: SolanaNode) -> list[Slot]:
    return list(node.chain.newest_first())[::-1]


METHODS: dict[str, Method] = {
    "getLatestBlockhash": get_latest_blockhash,
    "isBlockhashValid": is_blockhash_valid,
    "getBlockHeight": get_block_height,
    "getSlot": get_slot,
    "getSlotLeader": get_slot_leader,
    "getSlotLeaders": get_slot_leaders,
    "getLeaderSchedule": get_leader_schedule,
    "getClusterNodes": get_cluster_nodes,
    "getEpochInfo": get_epoch_info,
    "getEpochSchedule": get_epoch_schedule,
    "getGenesisHash": get_genesis_hash,
    "getVersion": get_version,
    "getHealth": get_health,
    "getIdentity": get_identity,
    "getBlockTime": get_block_time,
    "getBlocks": get_blocks,
    "getFirstAvailableBlock": get_first_available_block,
    "minimumLedgerSlot": get_first_available_block,
    "getTransactionCount": get_transaction_count,
}
