//! Which lanes a transaction takes, and in which order.

use thiserror::Error;

use super::{LaneName, Lanes};

/// What is known of a transaction before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Tip inside; without one the block engine takes nothing.
    pub tip_lamports: u64,
    /// What it gains; None where that is not known in lamports.
    pub gain_lamports: Option<u64>,
}

/// The lanes of one transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The first is asked first; the next when that does not take the bytes, or nothing has come of it.
    pub lanes: Vec<LaneName>,
    /// Whether all of them are asked at once.
    pub race: bool,
    /// Whether it goes by private lanes alone.
    pub private: bool,
}

impl Choice {
    /// As `executionMethod` says it in events: `auto` where several may have carried it.
    #[must_use]
    pub fn method(&self) -> &'static str {
        match self.lanes.as_slice() {
            [only] => only.method(),
            [first, ..] if !self.race => first.method(),
            _ => "auto",
        }
    }
}

/// Why nothing can carry a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoLane {
    /// Only the block engine is there, and takes nothing without a tip.
    #[error("lanes: only jito is on, and the transaction has no tip; give parameters.tip_lamports")]
    NoTip,
    /// It gains so much that others would trade around it, and cannot be private.
    #[error(
        "lanes.private_above_lamports: the trade gains more, and has no tip for the private lane; give parameters.tip_lamports"
    )]
    NotPrivate,
}

impl NoLane {
    /// The stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoTip => "no_lane",
            Self::NotPrivate => "no_private_lane",
        }
    }
}

impl Lanes {
    /// Which lanes carry it: the block engine where it is tipped, then the leaders, then the nodes; those that have done
    /// well lately before the others.
    ///
    /// # Errors
    /// See [`NoLane`].
    pub fn choose(&self, wish: &Wish) -> Result<Choice, NoLane> {
        let private = self.private_above_lamports.is_some_and(|above| {
            // What cannot be told in lamports may be more.
            wish.gain_lamports.is_none_or(|gain| gain > above)
        });
        self.order(wish.tip_lamports, private)
    }

    /// The same for a transaction of which it is known whether it is private.
    ///
    /// # Errors
    /// See [`NoLane`].
    pub fn order(&self, tip_lamports: u64, private: bool) -> Result<Choice, NoLane> {
        let mut lanes = [LaneName::Jito, LaneName::Tpu, LaneName::Rpc].to_vec();
        lanes.retain(|lane| {
            let tipped = *lane != LaneName::Jito || tip_lamports > 0;
            self.at(*lane).is_some() && tipped && (!private || lane.is_private())
        });
        if lanes.is_empty() {
            return Err(if private {
                NoLane::NotPrivate
            } else {
                NoLane::NoTip
            });
        }
        lanes.sort_by_key(|lane| !self.is_well(*lane));
        Ok(Choice {
            race: self.race && lanes.len() > 1,
            lanes,
            private,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::Clock;
    use crate::config::{JitoAccess, LanesConfig};
    use crate::log::Log;
    use tradewind_solana::rpc_pool::{PoolOptions, RpcPool};

    const GENESIS: &str = "So11111111111111111111111111111111111111112";

    fn lanes(config: &LanesConfig) -> Lanes {
        let urls = ["http://127.0.0.1:9".to_owned()];
        let pool = RpcPool::new(&urls, GENESIS, &PoolOptions::default()).expect("a pool");
        let log = Log::new(Clock::System, std::io::sink());
        Lanes::open(config, &Arc::new(pool), &log).expect("open")
    }

    fn with_jito() -> LanesConfig {
        LanesConfig {
            jito: Some(JitoAccess {
                regions: vec!["http://127.0.0.1:9".to_owned()],
                requests_per_s: 1,
            }),
            ..LanesConfig::default()
        }
    }

    const TIPPED: Wish = Wish {
        tip_lamports: 1_000,
        gain_lamports: Some(50),
    };
    const PLAIN: Wish = Wish {
        tip_lamports: 0,
        gain_lamports: Some(50),
    };

    #[tokio::test]
    async fn the_block_engine_carries_what_is_tipped_and_nothing_else() {
        let lanes = lanes(&with_jito());
        let tipped = lanes.choose(&TIPPED).expect("a lane");
        assert_eq!(tipped.lanes, [LaneName::Jito, LaneName::Rpc]);
        assert_eq!((tipped.method(), tipped.race), ("jito_bundle", false));
        let plain = lanes.choose(&PLAIN).expect("a lane");
        assert_eq!(
            (plain.lanes.as_slice(), plain.method()),
            ([LaneName::Rpc].as_slice(), "rpc")
        );
    }

    #[tokio::test]
    async fn what_gains_more_than_the_bound_goes_by_the_private_lane_or_not_at_all() {
        let config = LanesConfig {
            private_above_lamports: Some(49),
            ..with_jito()
        };
        let lanes = lanes(&config);
        let chosen = lanes.choose(&TIPPED).expect("a lane");
        assert_eq!(
            (chosen.lanes.as_slice(), chosen.private),
            ([LaneName::Jito].as_slice(), true)
        );
        assert_eq!(lanes.choose(&PLAIN), Err(NoLane::NotPrivate));
        let small = Wish {
            gain_lamports: Some(49),
            ..TIPPED
        };
        assert!(!lanes.choose(&small).expect("a lane").private);
        let unknown = Wish {
            gain_lamports: None,
            ..TIPPED
        };
        assert!(lanes.choose(&unknown).expect("a lane").private);
    }

    #[tokio::test]
    async fn a_lane_that_takes_nothing_comes_last_and_a_race_asks_it_all_the_same() {
        let config = LanesConfig {
            race: true,
            ..with_jito()
        };
        let lanes = lanes(&config);
        for _ in 0..3 {
            lanes.jito.as_ref().expect("jito").1.failed();
        }
        let chosen = lanes.choose(&TIPPED).expect("lanes");
        assert_eq!(chosen.lanes, [LaneName::Rpc, LaneName::Jito]);
        assert_eq!((chosen.race, chosen.method()), (true, "auto"));
    }
}
