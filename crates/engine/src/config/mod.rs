//! The resolved configuration: one JSON file, read strictly, of which a part may change while the engine runs.
//!
//! - here: the whole file; - `fields`: the strict reader; - `changeable`: what may change; - `lanes`: how it sends;
//! - `python`: what runs a strategy in Python; - `reload`: whether a changed file is taken; - `watch`: that it has changed.

mod changeable;
mod fields;
mod lanes;
mod python;
mod reload;
mod watch;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tradewind_core::ChainAddress;
use tradewind_solana::Key;

pub use changeable::{Changeable, InForce, Limits};
pub use fields::{ConfigFault, Fields};
pub use lanes::{JitoAccess, LanesConfig};
pub use python::PythonProgram;
pub use reload::{ParameterCheck, Reload, TermsReader};
pub use watch::ConfigWatch;

/// Strategies that need no pools to begin with.
const FIND_THEIR_POOLS: [&str; 1] = ["sniper"];
/// Most bytes of a configuration.
const MOST_BYTES: u64 = 4 << 20;

/// Where the pools come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventorySource {
    /// A file of pools in their JSON form.
    pub snapshot: Option<PathBuf>,
    /// Programs whose accounts are all asked for.
    pub programs: Vec<ChainAddress>,
}

/// The chain and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainAccess {
    /// 101.
    pub chain_id: u64,
    /// HTTP endpoints of JSON-RPC.
    pub rpc: Vec<String>,
    /// What each of them is asked in a second; sending has as many of its own.
    pub requests_per_s: u32,
    /// Where accounts are subscribed to.
    pub websocket: Option<String>,
    /// A Yellowstone gRPC endpoint.
    pub yellowstone: Option<String>,
    /// What opens it: a file that its owner alone can read.
    pub yellowstone_token_file: Option<PathBuf>,
    /// Who vouches for it beside the system's authorities: a file of certificates in PEM.
    pub yellowstone_ca_file: Option<PathBuf>,
    /// A Shredstream proxy.
    pub shredstream: Option<String>,
    /// Which network it is.
    pub genesis_hash: String,
}

/// Which feed tells of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedKind {
    /// `accountSubscribe`.
    Websocket,
    /// Yellowstone gRPC.
    Yellowstone,
    /// Entries before their execution.
    Shredstream,
}

/// What becomes of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is signed and sent.
    Live,
    /// It is decided upon and told; nothing is signed.
    Paper,
    /// As paper, from a recorded feed.
    Replay,
}

/// Who carries plans out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Executes {
    /// This engine.
    Engine,
    /// An executor service, which reads them on PLANNED.
    Service,
}

impl Executes {
    /// The word in `ExecutionPlanEvent.executor`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Service => "service",
        }
    }
}

/// The whole file.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineConfig {
    /// Which strategy runs.
    pub strategy: String,
    /// Which of its instances this is.
    pub instance: String,
    /// The instance's folder, where it keeps its events and its state.
    pub folder: PathBuf,
    /// The chain.
    pub chain: ChainAccess,
    /// The signer's socket; none where nothing is signed.
    pub signer: Option<PathBuf>,
    /// The feed.
    pub feed: FeedKind,
    /// The pools.
    pub inventory: InventorySource,
    /// What becomes of plans.
    pub mode: Mode,
    /// Who carries them out.
    pub executes: Executes,
    /// How transactions are sent.
    pub lanes: LanesConfig,
    /// Whether a transaction is simulated before it is signed, and dropped when it would fail.
    pub simulate: bool,
    /// Mints that count as a US dollar.
    pub usd_mints: Vec<ChainAddress>,
    /// The strategy itself, where its user wrote it in Python.
    pub python: Option<PythonProgram>,
    /// Where quotes are served, if they are.
    pub quotes: Option<SocketAddr>,
    /// What may change while it runs.
    pub changeable: Changeable,
}

impl EngineConfig {
    /// Reads the file.
    ///
    /// # Errors
    /// The first field that cannot be taken.
    pub fn load(path: &Path) -> Result<Self, ConfigFault> {
        let unreadable = |why: String| {
            let fault = format!("cannot be read from {}: {why}", path.display());
            ConfigFault::new("", fault, "write the resolved file there")
        };
        let size = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
        if size.len() > MOST_BYTES {
            return Err(unreadable(format!("it has more than {MOST_BYTES} bytes")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        Self::parse(&text)
    }

    /// Reads its text.
    ///
    /// # Errors
    /// The first field that cannot be taken.
    pub fn parse(text: &str) -> Result<Self, ConfigFault> {
        let json: Value = serde_json::from_str(text).map_err(|error| {
            ConfigFault::new(
                "",
                format!("is not JSON: {error}"),
                "write it whole, as one object",
            )
        })?;
        let mut fields = Fields::of("", json)?;
        let mode = fields.choice(
            "mode",
            &[
                ("live", Mode::Live),
                ("paper", Mode::Paper),
                ("replay", Mode::Replay),
            ],
        )?;
        let config = Self {
            strategy: fields.text("strategy")?,
            instance: name(&mut fields, "instance")?,
            folder: PathBuf::from(fields.text("folder")?),
            chain: chain(fields.object("chain")?)?,
            signer: signer(&mut fields)?,
            feed: feed(fields.object("feeds")?)?,
            inventory: inventory(fields.object("inventory")?)?,
            mode,
            executes: fields.choice(
                "executes",
                &[("engine", Executes::Engine), ("service", Executes::Service)],
            )?,
            lanes: LanesConfig::read(&mut fields)?,
            simulate: fields.flag("simulate", mode == Mode::Paper)?,
            usd_mints: fields.keys("usd_mints")?,
            python: fields
                .take_optional("python")
                .map(PythonProgram::read)
                .transpose()?,
            quotes: quotes(&mut fields)?,
            changeable: Changeable {
                version: fields.integer("version")?,
                limits: Limits::read(fields.object("limits")?)?,
                blacklist: fields.keys("blacklist")?.into_iter().collect(),
                parameters: parameters(&mut fields)?,
            },
        };
        fields.finish()?;
        config.check()?;
        Ok(config)
    }

    /// What only several fields together say.
    fn check(&self) -> Result<(), ConfigFault> {
        let finds_its_own = FIND_THEIR_POOLS.contains(&self.strategy.as_str());
        let is_empty = self.inventory.snapshot.is_none() && self.inventory.programs.is_empty();
        if is_empty && !finds_its_own {
            return Err(ConfigFault::new(
                "inventory",
                "names no pools",
                "give snapshot, programs, or both",
            ));
        }
        if self.mode == Mode::Live && self.executes == Executes::Engine && self.signer.is_none() {
            return Err(ConfigFault::new(
                "signer",
                "is null, and mode live signs",
                "give the signer's socket, or mode paper",
            ));
        }
        if self.mode == Mode::Replay {
            return Ok(());
        }
        match self.feed {
            FeedKind::Websocket if self.chain.websocket.is_none() => Err(ConfigFault::new(
                "chain.websocket",
                "is null, and feeds.kind is websocket",
                "give its address",
            )),
            FeedKind::Yellowstone if self.chain.yellowstone.is_none() => Err(ConfigFault::new(
                "chain.yellowstone",
                "is null, and feeds.kind is yellowstone",
                "give its address",
            )),
            FeedKind::Shredstream if self.chain.shredstream.is_none() => Err(ConfigFault::new(
                "chain.shredstream",
                "is null, and feeds.kind is shredstream",
                "give its address",
            )),
            FeedKind::Shredstream
                if self.chain.websocket.is_none() && self.chain.yellowstone.is_none() =>
            {
                Err(ConfigFault::new(
                    "chain.websocket",
                    "is null, and entries do not say what became of them",
                    "give its address, or chain.yellowstone",
                ))
            }
            FeedKind::Websocket | FeedKind::Yellowstone | FeedKind::Shredstream => Ok(()),
        }
    }
}

fn chain(mut fields: Fields) -> Result<ChainAccess, ConfigFault> {
    let access = ChainAccess {
        chain_id: fields.integer("chain_id")?,
        rpc: fields.texts("rpc")?,
        requests_per_s: u32::try_from(fields.integer_within(
            "requests_per_s",
            200,
            (1, 100_000),
        )?)
        .unwrap_or(u32::MAX),
        websocket: fields.optional_text("websocket")?,
        yellowstone: fields.optional_text("yellowstone")?,
        yellowstone_token_file: fields
            .optional_text("yellowstone_token_file")?
            .map(PathBuf::from),
        yellowstone_ca_file: fields
            .optional_text("yellowstone_ca_file")?
            .map(PathBuf::from),
        shredstream: fields.optional_text("shredstream")?,
        genesis_hash: fields.text("genesis_hash")?,
    };
    fields.finish()?;
    if access.chain_id != 101 {
        let fault = format!("{} is no chain of this engine", access.chain_id);
        return Err(ConfigFault::new("chain.chain_id", fault, "give 101"));
    }
    if access.rpc.is_empty() {
        return Err(ConfigFault::new(
            "chain.rpc",
            "is empty",
            "give one address at least",
        ));
    }
    for (place, url) in access.rpc.iter().enumerate() {
        scheme(
            &format!("chain.rpc[{place}]"),
            url,
            &["http://", "https://"],
        )?;
    }
    if let Some(url) = &access.shredstream {
        scheme("chain.shredstream", url, &["http://", "https://"])?;
    }
    if let Some(url) = &access.websocket {
        scheme("chain.websocket", url, &["ws://", "wss://"])?;
    }
    if let Some(url) = &access.yellowstone {
        scheme("chain.yellowstone", url, &["http://", "https://"])?;
    }
    if Key::parse(&access.genesis_hash).is_none() {
        let fault = "is no hash in base 58";
        return Err(ConfigFault::new(
            "chain.genesis_hash",
            fault,
            "give what getGenesisHash answers",
        ));
    }
    Ok(access)
}

fn scheme(path: &str, url: &str, schemes: &[&str]) -> Result<(), ConfigFault> {
    if schemes.iter().any(|scheme| url.starts_with(scheme)) {
        return Ok(());
    }
    // An address can hold a secret, so it is not repeated.
    let fault = "has another scheme";
    Err(ConfigFault::new(
        path,
        fault,
        format!("begin it with {}", schemes.join(" or ")),
    ))
}

fn signer(fields: &mut Fields) -> Result<Option<PathBuf>, ConfigFault> {
    let Some(value) = fields.take_optional("signer") else {
        return Ok(None);
    };
    let mut fields = Fields::of("signer", value)?;
    let socket = fields.text("socket")?;
    fields.finish()?;
    Ok(Some(PathBuf::from(socket)))
}

fn quotes(fields: &mut Fields) -> Result<Option<SocketAddr>, ConfigFault> {
    let Some(value) = fields.take_optional("quotes") else {
        return Ok(None);
    };
    let mut fields = Fields::of("quotes", value)?;
    let text = fields.text("listen")?;
    let listen: SocketAddr = text.parse().map_err(|_| {
        let fault = format!("{text:?} is no address with a port");
        ConfigFault::new("quotes.listen", fault, "give one such as 127.0.0.1:7010")
    })?;
    let beyond_loopback = match fields.take_optional("beyond_loopback") {
        None => false,
        Some(Value::Bool(allowed)) => allowed,
        Some(other) => {
            return Err(fields::wrong(
                "quotes.beyond_loopback",
                &other,
                "true or false",
            ));
        }
    };
    fields.finish()?;
    if !listen.ip().is_loopback() && !beyond_loopback {
        let fault = format!(
            "{listen} can be reached from other machines, and nobody is asked who they are"
        );
        let remedy = "give a loopback address, or set quotes.beyond_loopback to true";
        return Err(ConfigFault::new("quotes.listen", fault, remedy));
    }
    Ok(Some(listen))
}

fn feed(mut fields: Fields) -> Result<FeedKind, ConfigFault> {
    let kind = fields.choice(
        "kind",
        &[
            ("websocket", FeedKind::Websocket),
            ("yellowstone", FeedKind::Yellowstone),
            ("shredstream", FeedKind::Shredstream),
        ],
    )?;
    fields.finish()?;
    Ok(kind)
}

fn inventory(mut fields: Fields) -> Result<InventorySource, ConfigFault> {
    let source = InventorySource {
        snapshot: fields.optional_text("snapshot")?.map(PathBuf::from),
        programs: fields.keys("programs")?,
    };
    fields.finish()?;
    Ok(source)
}

fn parameters(fields: &mut Fields) -> Result<Value, ConfigFault> {
    match fields.take("parameters")? {
        object @ Value::Object(_) => Ok(object),
        other => Err(fields::wrong("parameters", &other, "an object")),
    }
}

/// A name that can stand in a path and in a subject.
fn name(fields: &mut Fields, field: &str) -> Result<String, ConfigFault> {
    let text = fields.text(field)?;
    let fits = text.len() <= 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if fits {
        return Ok(text);
    }
    let fault = format!("{text:?} is no name");
    Err(ConfigFault::new(
        field,
        fault,
        "give up to 64 letters, digits, - and _",
    ))
}

#[cfg(test)]
mod tests;
