//! A strategy that its user wrote in Python: a process of its own, which the engine starts, tells and ends. It wishes;
//! the engine decides upon amounts, limits and costs, and carries out.
//!
//! - here: the scanner and the planner; - `session`: question and answer, and the next child when one fails;
//! - `child`: the process; - `desk`: what waits to be told; - `wish`: what is wanted; - `parameters`; - `allowance`.
//!
//! Parameters: those of [`SendingTerms`], and `mints`; all others are the user's.

mod allowance;
mod child;
mod desk;
mod parameters;
mod session;
mod wish;

use std::sync::Arc;
use std::time::Instant;

use tradewind_core::ChainAddress;

use self::desk::Desk;
use self::parameters::PythonParameters;
pub use self::session::PythonProcess;
use self::session::Session;
use super::{Planner, Scanner, Sight, Strategy, Workers};
use crate::config::{EngineConfig, PythonProgram};
use crate::fault::EngineFault;
use crate::pipeline::{
    Candidate, Changed, CircleTerms, NotPlanned, Purpose, Shared, Trade, plan_circle, plan_open_way,
};

/// Of every file in Python; its name is the user's.
pub(super) const STRATEGY: Strategy = Strategy {
    name: "python",
    kind: "custom",
    check: |parameters| PythonParameters::read(parameters).map(|_| ()),
    terms: |parameters| {
        let read = PythonParameters::read(parameters);
        read.ok().map(|it| it.terms)
    },
    mints: |parameters| {
        let read = PythonParameters::read(parameters);
        read.map_or_else(|_| Vec::new(), |it| it.mints)
    },
    scanner: || Box::new(PythonScanner::default()),
    planner: || Box::new(PythonPlanner::default()),
};

/// Starts the user's process, and gives who works with it.
///
/// # Errors
/// `strategy_refused`, `strategy_failed`.
pub(super) fn start(
    shared: &Arc<Shared>,
    config: &EngineConfig,
    program: &PythonProgram,
) -> Result<Workers, EngineFault> {
    let desk = Desk::open(shared, config, program);
    let session = Session::begin(Arc::clone(&desk))?;
    let (session, process) = if desk.replays {
        (Some(session), None)
    } else {
        (None, Some(PythonProcess::start(session)?))
    };
    let planner = PythonPlanner {
        desk: Some(Arc::clone(&desk)),
        read: None,
    };
    let scanner = PythonScanner {
        desk: Some(desk),
        session,
    };
    Ok(Workers {
        scanner: Box::new(scanner),
        planner: Box::new(planner),
        process,
    })
}

/// Tells the desk what changed. Where the feed is a recording it waits for each answer.
#[derive(Default)]
struct PythonScanner {
    desk: Option<Arc<Desk>>,
    session: Option<Session>,
}

impl Scanner for PythonScanner {
    fn scan(&mut self, sight: Sight<'_>, changed: ChainAddress) -> Vec<Candidate> {
        let Some(desk) = &self.desk else {
            return Vec::new();
        };
        let Some(session) = &mut self.session else {
            desk.changed(sight.inventory, changed);
            return Vec::new();
        };
        let id = sight.inventory.graph().pool_id(changed);
        let standing = id.and_then(|id| sight.inventory.standing(id));
        let now = Instant::now();
        let changed = Changed {
            pool: changed,
            moment: standing.map(|it| it.moment).unwrap_or_default(),
            told_at: now,
            applied_at: now,
        };
        session.decide(sight.inventory, changed)
    }
}

/// Decides upon wishes as upon any other way, and tells why not.
#[derive(Default)]
struct PythonPlanner {
    desk: Option<Arc<Desk>>,
    read: Option<(u64, PythonParameters)>,
}

impl Planner for PythonPlanner {
    fn plan(&mut self, sight: Sight<'_>, candidate: &Candidate) -> Result<Trade, NotPlanned> {
        let planned = self.planned(sight, candidate);
        if let (Some(desk), Err(why)) = (&self.desk, &planned) {
            desk.not_planned(candidate, why);
        }
        planned
    }
}

impl PythonPlanner {
    fn planned(&mut self, sight: Sight<'_>, candidate: &Candidate) -> Result<Trade, NotPlanned> {
        let version = sight.in_force.version;
        if self.read.as_ref().is_none_or(|(read, _)| *read != version) {
            let parameters = PythonParameters::read(&sight.in_force.parameters);
            self.read = parameters.ok().map(|parameters| (version, parameters));
        }
        let (_, parameters) = self.read.as_ref().ok_or(NotPlanned::BaseUnknown)?;
        if candidate.purpose != Purpose::Circle {
            return plan_open_way(sight, candidate, &parameters.terms);
        }
        let terms = CircleTerms {
            min_profit_raw: u64::try_from(candidate.profit_raw).unwrap_or_default(),
            max_amount_in_raw: candidate.amount_in_raw,
            // In another base than wrapped SOL the least profit of the wish has to hold the costs as well.
            cost_raw: 0,
            flash_loan: None,
            sending: &parameters.terms,
        };
        plan_circle(sight, candidate, &terms)
    }
}
