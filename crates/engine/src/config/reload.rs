//! `Reload`: whether a changed file is taken: only limits, blacklist and parameters may differ, of these nothing that is
//! read once when the engine starts, and the version grows.

use serde_json::Value;

use super::{Changeable, ConfigFault, EngineConfig};
use crate::strategies::SendingTerms;

/// How a strategy judges parameters before they count.
pub type ParameterCheck = fn(&Value) -> Result<(), ConfigFault>;

/// How a strategy's transactions are sent, of checked parameters.
pub type TermsReader = fn(&Value) -> Option<SendingTerms>;

/// The configuration that a process was started with, against which later ones are held.
#[derive(Debug)]
pub struct Reload {
    started_with: EngineConfig,
    check: ParameterCheck,
    terms: TermsReader,
}

impl Reload {
    /// For this process.
    #[must_use]
    pub const fn new(
        started_with: EngineConfig,
        check: ParameterCheck,
        terms: TermsReader,
    ) -> Self {
        Self {
            started_with,
            check,
            terms,
        }
    }

    /// What is to be put in force; None for the version that is in force already.
    ///
    /// # Errors
    /// Why it is refused; the one in force stays.
    pub fn judge(
        &self,
        next: EngineConfig,
        in_force: &Changeable,
    ) -> Result<Option<Changeable>, ConfigFault> {
        let unchanged = EngineConfig {
            changeable: self.started_with.changeable.clone(),
            ..next.clone()
        };
        if let Some(field) = difference(&self.started_with, &unchanged) {
            return Err(needs_restart(field));
        }
        let next = next.changeable;
        if next == *in_force {
            return Ok(None);
        }
        if next.version <= in_force.version {
            return Err(ConfigFault::new(
                "version",
                format!(
                    "{} is not above {}, which is in force",
                    next.version, in_force.version
                ),
                "raise it with every change",
            ));
        }
        (self.check)(&next.parameters)?;
        if let Some(field) = self.read_once(&next.parameters) {
            return Err(needs_restart(field));
        }
        Ok(Some(next))
    }

    /// The first parameter that differs and was read when the engine started: it would change nothing, in silence.
    fn read_once(&self, next: &Value) -> Option<&'static str> {
        let (before, after) = (
            (self.terms)(&self.started_with.changeable.parameters)?,
            (self.terms)(next)?,
        );
        let same = [
            ("parameters.wallet", before.wallet == after.wallet),
            (
                "parameters.lookup_tables",
                before.lookup_tables == after.lookup_tables,
            ),
        ];
        same.iter().find(|(_, same)| !same).map(|(field, _)| *field)
    }
}

fn needs_restart(field: &str) -> ConfigFault {
    ConfigFault::new(
        field,
        "cannot change while the engine runs",
        "change it back, or restart the instance",
    )
}

/// The first field that differs.
fn difference(a: &EngineConfig, b: &EngineConfig) -> Option<&'static str> {
    let same = [
        ("strategy", a.strategy == b.strategy),
        ("instance", a.instance == b.instance),
        ("folder", a.folder == b.folder),
        ("chain", a.chain == b.chain),
        ("signer", a.signer == b.signer),
        ("feeds", a.feed == b.feed),
        ("inventory", a.inventory == b.inventory),
        ("mode", a.mode == b.mode),
        ("executes", a.executes == b.executes),
        ("lanes", a.lanes == b.lanes),
        ("simulate", a.simulate == b.simulate),
        ("usd_mints", a.usd_mints == b.usd_mints),
        ("python", a.python == b.python),
        ("quotes", a.quotes == b.quotes),
    ];
    same.iter().find(|(_, same)| !same).map(|(field, _)| *field)
}
