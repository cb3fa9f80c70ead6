//! `LanesConfig`: which lanes transactions go out by, and by how many at once.

use super::fields::{ConfigFault, Fields};
use super::scheme;

/// The block engine of Jito.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JitoAccess {
    /// Base addresses of its regions: `http` and `https` for JSON-RPC, `grpc` and `grpcs` for gRPC.
    pub regions: Vec<String>,
    /// What each region allows.
    pub requests_per_s: u32,
}

/// Which lanes there are, and which of them a transaction takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanesConfig {
    /// `sendTransaction` to every endpoint of `chain.rpc`.
    pub rpc: bool,
    /// Bundles of one; for a transaction with a tip alone.
    pub jito: Option<JitoAccess>,
    /// QUIC to the leaders, on connections that are kept open.
    pub tpu: bool,
    /// Whether the same bytes go to all of them at once.
    pub race: bool,
    /// A trade that gains more goes by private lanes alone; None for no such trade.
    pub private_above_lamports: Option<u64>,
}

impl Default for LanesConfig {
    fn default() -> Self {
        Self {
            rpc: true,
            jito: None,
            tpu: false,
            race: false,
            private_above_lamports: None,
        }
    }
}

impl LanesConfig {
    /// Reads `lanes`; RPC alone where it is not given.
    pub(super) fn read(file: &mut Fields) -> Result<Self, ConfigFault> {
        let Some(value) = file.take_optional("lanes") else {
            return Ok(Self::default());
        };
        let mut fields = Fields::of("lanes", value)?;
        let lanes = Self {
            rpc: fields.flag("rpc", true)?,
            jito: jito(&mut fields)?,
            tpu: fields.flag("tpu", false)?,
            race: fields.flag("race", false)?,
            private_above_lamports: match fields.take_optional("private_above_lamports") {
                None => None,
                Some(value) => Some(above(&value)?),
            },
        };
        fields.finish()?;
        lanes.check()?;
        Ok(lanes)
    }

    fn check(&self) -> Result<(), ConfigFault> {
        if !self.rpc && !self.tpu && self.jito.is_none() {
            let remedy = "switch rpc or tpu on, or name the regions of jito";
            return Err(ConfigFault::new("lanes", "are all off", remedy));
        }
        if self.private_above_lamports.is_some() && self.jito.is_none() {
            let fault = "is given, and there is no private lane";
            let remedy = "name the regions of jito, or take it out";
            return Err(ConfigFault::new(
                "lanes.private_above_lamports",
                fault,
                remedy,
            ));
        }
        Ok(())
    }
}

fn above(value: &serde_json::Value) -> Result<u64, ConfigFault> {
    let number = value.as_str().and_then(super::fields::canonical);
    number.ok_or_else(|| {
        let expected = "a whole number as a decimal string, such as \"1500\"";
        super::fields::wrong("lanes.private_above_lamports", value, expected)
    })
}

fn jito(fields: &mut Fields) -> Result<Option<JitoAccess>, ConfigFault> {
    let Some(value) = fields.take_optional("jito") else {
        return Ok(None);
    };
    let mut fields = Fields::of("lanes.jito", value)?;
    let regions = fields.texts("regions")?;
    let requests_per_s = fields.integer_within("requests_per_s", 1, (1, 10_000))?;
    fields.finish()?;
    if regions.is_empty() {
        let remedy = "give one address at least, or null for jito";
        return Err(ConfigFault::new("lanes.jito.regions", "is empty", remedy));
    }
    for (place, region) in regions.iter().enumerate() {
        let path = format!("lanes.jito.regions[{place}]");
        scheme(
            &path,
            region,
            &["http://", "https://", "grpc://", "grpcs://"],
        )?;
    }
    Ok(Some(JitoAccess {
        regions,
        requests_per_s: u32::try_from(requests_per_s).unwrap_or(u32::MAX),
    }))
}
