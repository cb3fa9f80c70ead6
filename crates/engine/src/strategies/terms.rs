//! `SendingTerms`: the parameters that every strategy has: who trades, and what a transaction offers.

use tradewind_core::ChainAddress;

use crate::config::{ConfigFault, Fields};

/// How a strategy's transactions are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendingTerms {
    /// Who trades; None for the only wallet that the signer has on the chain.
    pub wallet: Option<ChainAddress>,
    /// The signer's name for the strategy, where it lists strategies.
    pub strategy_id: Option<String>,
    /// Lookup tables that transactions may use; read when the engine starts.
    pub lookup_tables: Vec<ChainAddress>,
    /// Paid to one of Jito's accounts; 0 for none.
    pub tip_lamports: u64,
    /// Priority fee for each compute unit.
    pub unit_price_micro_lamports: u64,
    /// What becomes of a plan upon transactions that nobody has seen executed.
    pub on_prediction: OnPrediction,
}

/// What becomes of a plan upon a prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnPrediction {
    /// It waits until the prediction has come true.
    Wait,
    /// So it does, and meanwhile the sign-gate holds its transaction ready.
    Presign,
    /// It is sent at once: what it may lose is its fee.
    Send,
}

impl SendingTerms {
    /// Reads `wallet`, `strategy_id`, `lookup_tables`, `tip_lamports`, `unit_price_micro_lamports` and
    /// `on_prediction`.
    ///
    /// # Errors
    /// The first that cannot be taken.
    pub fn read(fields: &mut Fields) -> Result<Self, ConfigFault> {
        let terms = Self {
            wallet: fields.optional_key("wallet")?,
            strategy_id: fields.optional_text("strategy_id")?,
            lookup_tables: fields.keys("lookup_tables")?,
            tip_lamports: fields.decimal("tip_lamports", 0, (0, u64::MAX))?,
            unit_price_micro_lamports: fields.decimal(
                "unit_price_micro_lamports",
                0,
                (0, 1_000_000_000),
            )?,
            on_prediction: on_prediction(fields)?,
        };
        if (1..1_000).contains(&terms.tip_lamports) {
            return Err(ConfigFault::new(
                fields.path("tip_lamports"),
                format!("{} buys nothing", terms.tip_lamports),
                "give 0, or 1000 at least",
            ));
        }
        if let Some(id) = &terms.strategy_id
            && !is_uuid(id)
        {
            let fault = format!("{id:?} is no UUID");
            return Err(ConfigFault::new(
                fields.path("strategy_id"),
                fault,
                "give it as the signer lists it",
            ));
        }
        Ok(terms)
    }
}

fn on_prediction(fields: &mut Fields) -> Result<OnPrediction, ConfigFault> {
    let path = fields.path("on_prediction");
    match fields.optional_text("on_prediction")?.as_deref() {
        None | Some("wait") => Ok(OnPrediction::Wait),
        Some("presign") => Ok(OnPrediction::Presign),
        Some("send") => Ok(OnPrediction::Send),
        Some(other) => Err(ConfigFault::new(
            path,
            format!("{other:?} is not known"),
            "give wait, presign or send",
        )),
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}
