//! `arb`: closed paths over all venues that give back more than they take, after everything they cost.
//!
//! The scanner keeps the index of cycles and looks only at those through the pool that changed. The planner quotes them
//! again, exactly, with what the wallet has.
//!
//! Parameters: those of [`SendingTerms`], `max_hops` (2 to 4, default 3), `most_candidates` of one change (default 2),
//! and `bases`, a list of `{mint, min_profit_raw, max_amount_in_raw, cycle_cost_raw}`. In wrapped SOL the costs of a
//! transaction are known; `cycle_cost_raw` says what they come to in any other base.

use alloy_primitives::U256;
use serde_json::Value;
use tradewind_core::ChainAddress;
use tradewind_core::routing::{BaseToken, Cycle, CycleIndex};
use tradewind_solana::token_accounts::WRAPPED_SOL;

use super::{Planner, Scanner, SendingTerms, Sight, Strategy};
use crate::config::{ConfigFault, Fields};
use crate::pipeline::{
    Candidate, CircleTerms, Hop, NotPlanned, Purpose, SIGNATURE_FEE_LAMPORTS, Trade, plan_circle,
};

/// As registered.
pub(super) const STRATEGY: Strategy = Strategy {
    name: "arb",
    kind: "arbitrage",
    check: |parameters| ArbParameters::read(parameters).map(|_| ()),
    terms: |parameters| ArbParameters::read(parameters).ok().map(|it| it.terms),
    mints: |parameters| {
        let read = ArbParameters::read(parameters);
        read.map_or_else(
            |_| Vec::new(),
            |it| it.bases.iter().map(|base| base.mint).collect(),
        )
    },
    scanner: || Box::new(ArbScanner::default()),
    planner: || Box::new(ArbPlanner::default()),
};

#[derive(Debug, Clone, PartialEq, Eq)]
struct Base {
    mint: ChainAddress,
    min_profit_raw: u64,
    max_amount_in_raw: u64,
    cycle_cost_raw: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ArbParameters {
    terms: SendingTerms,
    bases: Vec<Base>,
    max_hops: u8,
    most_candidates: usize,
}

impl ArbParameters {
    fn read(parameters: &Value) -> Result<Self, ConfigFault> {
        let mut fields = Fields::of("parameters", parameters.clone())?;
        let terms = SendingTerms::read(&mut fields)?;
        let max_hops = fields.decimal("max_hops", 3, (2, 4))?;
        let most_candidates = fields.decimal("most_candidates", 2, (1, 64))?;
        let mut bases = Vec::new();
        for (path, value) in fields.list("bases")? {
            let base = read_base(Fields::of(&path, value)?)?;
            if bases.iter().any(|known: &Base| known.mint == base.mint) {
                return Err(ConfigFault::new(
                    path,
                    "is there twice",
                    "name each mint once",
                ));
            }
            bases.push(base);
        }
        fields.finish()?;
        if bases.is_empty() {
            return Err(ConfigFault::new(
                "parameters.bases",
                "is empty",
                "give one base at least",
            ));
        }
        Ok(Self {
            terms,
            bases,
            max_hops: u8::try_from(max_hops).unwrap_or(u8::MAX),
            most_candidates: usize::try_from(most_candidates).unwrap_or(usize::MAX),
        })
    }

    /// What every cycle costs in its base whatever its length.
    fn cycle_cost_raw(&self, base: &Base) -> u64 {
        if base.mint == ChainAddress::from(WRAPPED_SOL) {
            return SIGNATURE_FEE_LAMPORTS.saturating_add(self.terms.tip_lamports);
        }
        base.cycle_cost_raw
    }
}

fn read_base(mut fields: Fields) -> Result<Base, ConfigFault> {
    let base = Base {
        mint: fields.key("mint")?,
        min_profit_raw: fields.decimal("min_profit_raw", 1, (1, u64::MAX))?,
        max_amount_in_raw: fields.decimal("max_amount_in_raw", u64::MAX, (1, u64::MAX))?,
        cycle_cost_raw: fields.decimal("cycle_cost_raw", 0, (0, u64::MAX))?,
    };
    fields.finish()?;
    Ok(base)
}

#[derive(Default)]
struct ArbScanner {
    built: Option<Built>,
}

struct Built {
    version: u64,
    topology: u64,
    parameters: ArbParameters,
    index: CycleIndex,
}

impl ArbScanner {
    /// The index of the pools that there are; built anew where pools were added or the parameters changed.
    fn built(&mut self, sight: Sight<'_>) -> Option<&mut Built> {
        let (version, topology) = (sight.in_force.version, sight.inventory.graph().topology());
        let fits = |built: &Built| built.version == version && built.topology == topology;
        if !self.built.as_ref().is_some_and(fits) {
            self.built = Self::build(sight);
        }
        self.built.as_mut()
    }

    fn build(sight: Sight<'_>) -> Option<Built> {
        let graph = sight.inventory.graph();
        let parameters = ArbParameters::read(&sight.in_force.parameters).ok()?;
        // A base that no pool trades has no cycles.
        let traded = parameters
            .bases
            .iter()
            .filter(|base| graph.token(base.mint).is_some());
        let bases: Vec<_> = traded
            .map(|base| BaseToken {
                token: base.mint,
                hop_cost_raw: U256::ZERO,
                cycle_cost_raw: U256::from(parameters.cycle_cost_raw(base)),
            })
            .collect();
        Some(Built {
            version: sight.in_force.version,
            topology: graph.topology(),
            index: CycleIndex::new(graph, &bases, parameters.max_hops).ok()?,
            parameters,
        })
    }
}

impl Scanner for ArbScanner {
    fn scan(&mut self, sight: Sight<'_>, changed: ChainAddress) -> Vec<Candidate> {
        let Some(built) = self.built(sight) else {
            return Vec::new();
        };
        let cycles = built.index.update(sight.inventory.graph(), changed);
        let paying = cycles.iter().filter(|cycle| {
            let base = built
                .parameters
                .bases
                .iter()
                .find(|base| base.mint == cycle.base);
            base.is_some_and(|base| cycle.profit_raw >= U256::from(base.min_profit_raw))
        });
        let tradeable = paying.filter(|cycle| is_tradeable(cycle, sight));
        tradeable
            .filter_map(candidate)
            .take(built.parameters.most_candidates)
            .collect()
    }
}

fn is_tradeable(cycle: &Cycle, sight: Sight<'_>) -> bool {
    cycle.hops.iter().all(|hop| {
        let id = sight.inventory.graph().pool_id(hop.pool);
        let standing = id.and_then(|id| sight.inventory.standing(id));
        sight.in_force.allows(&hop.token_in)
            && sight.in_force.allows(&hop.token_out)
            && standing.is_some_and(|standing| !standing.stale)
            && id.is_some_and(|id| !sight.inventory.is_torn(id))
    })
}

fn candidate(cycle: &Cycle) -> Option<Candidate> {
    let hop = |hop: &tradewind_core::routing::CycleHop| Hop {
        pool: hop.pool,
        mint_in: hop.token_in,
        mint_out: hop.token_out,
    };
    Some(Candidate {
        base: cycle.base,
        amount_in_raw: u64::try_from(cycle.amount_in_raw).ok()?,
        profit_raw: i64::try_from(cycle.profit_raw).ok()?,
        hops: cycle.hops.iter().map(hop).collect(),
        purpose: Purpose::Circle,
    })
}

#[derive(Default)]
struct ArbPlanner {
    read: Option<(u64, ArbParameters)>,
}

impl Planner for ArbPlanner {
    fn plan(&mut self, sight: Sight<'_>, candidate: &Candidate) -> Result<Trade, NotPlanned> {
        let version = sight.in_force.version;
        if self.read.as_ref().is_none_or(|(read, _)| *read != version) {
            let parameters = ArbParameters::read(&sight.in_force.parameters);
            self.read = parameters.ok().map(|parameters| (version, parameters));
        }
        let (_, parameters) = self.read.as_ref().ok_or(NotPlanned::BaseUnknown)?;
        let base = parameters
            .bases
            .iter()
            .find(|base| base.mint == candidate.base);
        let base = base.ok_or(NotPlanned::BaseUnknown)?;
        let terms = CircleTerms {
            min_profit_raw: base.min_profit_raw,
            max_amount_in_raw: base.max_amount_in_raw,
            cost_raw: base.cycle_cost_raw,
            sending: &parameters.terms,
        };
        plan_circle(sight, candidate, &terms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Changeable, EngineConfig};
    use crate::feed::Moment;
    use crate::inventory::{Inventory, LoadedPool};
    use serde_json::json;
    use tradewind_core::pools::{Pool, PoolMath as _, PoolState, read_pools};

    const WSOL: &str = "So11111111111111111111111111111111111111112";

    /// A pool of `PumpSwap` with another address and other reserves.
    fn pumpswap(number: u8, base_raw: u64, quote_raw: u64) -> LoadedPool {
        let text = include_str!("../inventory/tests/pumpswap.json");
        let mut states = read_pools(text).expect("pools");
        let PoolState::Pumpswap(state) = states.first_mut().expect("one") else {
            panic!("another family");
        };
        state.pool = ChainAddress::Solana([number; 32]);
        state.base_vault = ChainAddress::Solana([number + 1; 32]);
        state.quote_vault = ChainAddress::Solana([number + 2; 32]);
        (state.base_vault_raw, state.quote_vault_raw) = (base_raw, quote_raw);
        LoadedPool {
            pool: Pool::new(&states[0]).expect("a pool"),
            swap_accounts: None,
            moment: Moment::default(),
        }
    }

    fn in_force(blacklist: &[ChainAddress]) -> Changeable {
        let limits = json!({
            "version": 1, "strategy": "arb", "instance": "a", "folder": "f",
            "chain": {"chain_id": 101, "rpc": ["http://x"], "websocket": "ws://x", "genesis_hash": WSOL},
            "feeds": {"kind": "websocket"}, "inventory": {"snapshot": "s"}, "mode": "paper", "executes": "engine",
            "limits": {}, "parameters": {"bases": [{"mint": WSOL, "min_profit_raw": "1000"}]},
        });
        let config = EngineConfig::parse(&limits.to_string()).expect("a configuration");
        Changeable {
            blacklist: blacklist.iter().copied().collect(),
            ..config.changeable
        }
    }

    #[test]
    fn a_gap_between_two_pools_is_found_though_both_refuse_small_inputs() {
        let mut inventory = Inventory::default();
        let cheap = pumpswap(10, 200_000_000_000_000, 100_000_000_000);
        let dear = pumpswap(20, 100_000_000_000_000, 100_000_000_000);
        let (cheap_at, coin) = (cheap.pool_address(), cheap.pool.tokens()[0]);
        inventory.add_loaded(cheap);
        let dear_id = inventory.add_loaded(dear);
        let scan = |inventory: &Inventory, blacklist: &[ChainAddress]| {
            let in_force = in_force(blacklist);
            let sight = Sight {
                inventory,
                in_force: &in_force,
            };
            ArbScanner::default().scan(sight, cheap_at)
        };
        let found = scan(&inventory, &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].hops[0].pool, found[0].hops[1].mint_in),
            (cheap_at, coin)
        );
        assert!(
            found[0].profit_raw > 1_000_000_000,
            "the dear pool pays twice as much"
        );
        assert!(scan(&inventory, &[coin]).is_empty(), "blacklisted");
        inventory.set_stale(dear_id);
        assert!(scan(&inventory, &[]).is_empty(), "stale");
    }

    #[test]
    fn whole_parameters_are_taken_and_wrong_ones_named() {
        let right = json!({"bases": [{"mint": WSOL, "min_profit_raw": "1000"}], "max_hops": "2"});
        let read = ArbParameters::read(&right).expect("taken");
        assert_eq!((read.max_hops, read.bases[0].min_profit_raw), (2, 1_000));
        assert_eq!(read.cycle_cost_raw(&read.bases[0]), 5_000);
        for (wrong, field) in [
            (json!({}), "parameters.bases"),
            (json!({"bases": []}), "parameters.bases"),
            (
                json!({"bases": [{"mint": "x"}]}),
                "parameters.bases[0].mint",
            ),
            (
                json!({"bases": [{"mint": WSOL}, {"mint": WSOL}]}),
                "parameters.bases[1]",
            ),
            (
                json!({"bases": [{"mint": WSOL, "min_profit_raw": "0"}]}),
                "parameters.bases[0].min_profit_raw",
            ),
            (
                json!({"bases": [{"mint": WSOL}], "max_hops": "5"}),
                "parameters.max_hops",
            ),
            (
                json!({"bases": [{"mint": WSOL}], "speed": "5"}),
                "parameters.speed",
            ),
            (
                json!({"bases": [{"mint": WSOL}], "tip_lamports": "999"}),
                "parameters.tip_lamports",
            ),
            (
                json!({"bases": [{"mint": WSOL}], "strategy_id": "mine"}),
                "parameters.strategy_id",
            ),
            (
                json!({"bases": [{"mint": WSOL}], "wallet": "mine"}),
                "parameters.wallet",
            ),
        ] {
            assert_eq!(
                ArbParameters::read(&wrong).expect_err("refused").field,
                field,
                "{wrong}"
            );
        }
    }
}
