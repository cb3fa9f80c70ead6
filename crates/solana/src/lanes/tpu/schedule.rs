//! Who leads which slot, and where each node takes QUIC: read from `getSlotLeaders` and `getClusterNodes`.

use std::collections::HashMap;
use std::net::SocketAddr;

use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_core::decode::solana::Key;

use crate::fault::Fault;

/// Leaders of consecutive slots.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    first_slot: u64,
    leaders: Vec<Key>,
}

impl Schedule {
    /// The answer of `getSlotLeaders` from `first_slot` on.
    pub(super) fn read(first_slot: u64, told: &RawValue) -> Result<Self, Fault> {
        let names: Vec<String> = serde_json::from_str(told.get())
            .map_err(|fault| unreadable("getSlotLeaders", &fault.to_string()))?;
        let leaders: Option<Vec<_>> = names.iter().map(|name| Key::parse(name)).collect();
        let leaders = leaders.ok_or_else(|| unreadable("getSlotLeaders", "a leader is no key"))?;
        Ok(Self {
            first_slot,
            leaders,
        })
    }

    /// Each leader of these slots once, with its first slot among them, in the order of their turns.
    pub(super) fn turns(&self, from: u64, slots: u64) -> Vec<(Key, u64)> {
        let mut turns: Vec<(Key, u64)> = Vec::new();
        for slot in from..from.saturating_add(slots) {
            let Some(leader) = self.leader(slot) else {
                break;
            };
            if !turns.iter().any(|(known, _)| *known == leader) {
                turns.push((leader, slot));
            }
        }
        turns
    }

    /// Whether so many slots from `from` on are known.
    pub(super) fn covers(&self, from: u64, slots: u64) -> bool {
        self.leader(from).is_some() && self.leader(from.saturating_add(slots)).is_some()
    }

    fn leader(&self, slot: u64) -> Option<Key> {
        let at = usize::try_from(slot.checked_sub(self.first_slot)?).ok()?;
        self.leaders.get(at).copied()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    pubkey: String,
    #[serde(default)]
    tpu_quic: Option<String>,
}

/// Where each node takes QUIC. Nodes that do not say are left out.
pub(super) fn read_nodes(told: &RawValue) -> Result<HashMap<Key, SocketAddr>, Fault> {
    let nodes: Vec<Node> = serde_json::from_str(told.get())
        .map_err(|fault| unreadable("getClusterNodes", &fault.to_string()))?;
    let address = |node: Node| Some((Key::parse(&node.pubkey)?, node.tpu_quic?.parse().ok()?));
    Ok(nodes.into_iter().filter_map(address).collect())
}

fn unreadable(method: &str, fault: &str) -> Fault {
    Fault::new("answer_unreadable", format!("{method}: {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(value: &serde_json::Value) -> Box<RawValue> {
        RawValue::from_string(value.to_string()).unwrap()
    }

    #[test]
    fn each_leader_has_one_turn_and_it_begins_at_its_first_slot() {
        let [one, two] = [Key([1; 32]), Key([2; 32])];
        let names: Vec<_> = [one, one, two, two, one]
            .iter()
            .map(ToString::to_string)
            .collect();
        let schedule = Schedule::read(100, &raw(&serde_json::json!(names))).unwrap();
        assert_eq!(schedule.turns(101, 4), [(one, 101), (two, 102)]);
        assert_eq!(schedule.turns(102, 99), [(two, 102), (one, 104)]);
        assert!(schedule.turns(99, 3).is_empty() && schedule.turns(105, 3).is_empty());
        assert!(schedule.covers(100, 4) && !schedule.covers(101, 4));
    }

    #[test]
    fn nodes_without_an_address_are_left_out() {
        let key = Key([1; 32]).to_string();
        let told = serde_json::json!([
            {"pubkey": key, "tpuQuic": "127.0.0.1:8009", "gossip": null},
            {"pubkey": Key([2; 32]).to_string(), "tpuQuic": null},
            {"pubkey": Key([3; 32]).to_string()},
        ]);
        let nodes = read_nodes(&raw(&told)).unwrap();
        assert_eq!(
            nodes,
            HashMap::from([(Key([1; 32]), "127.0.0.1:8009".parse().unwrap())])
        );
    }
}
