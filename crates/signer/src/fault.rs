//! Why a request got no answer: a rule refused it, it was malformed, or the signer itself failed.

use std::fmt;

/// What a request ends with when it does not succeed.
#[derive(Debug)]
pub enum Fault {
    /// Policy or gate said no.
    Refused(Refusal),
    /// The request could not be read.
    Invalid(Invalid),
    /// The signer could not do its part; nothing was signed.
    Internal(Internal),
}

/// A refusal by one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The rule that refused.
    pub rule: Rule,
    /// For the user: what was asked, what is allowed.
    pub message: String,
}

/// A field that could not be read, of a request or of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Stable name of the fault.
    pub code: &'static str,
    /// Where, as a path such as `evidence.block_hash`; empty for the whole.
    pub field: String,
    /// For the user: what is wrong and what is expected.
    pub message: String,
}

/// A failure of the signer's own parts.
#[derive(Debug)]
pub struct Internal {
    /// Stable name of the fault.
    pub code: &'static str,
    /// What failed; never holds a secret.
    pub message: String,
}

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)*) => {
        /// The rules of policy and gate. The text is what the answer names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Rule { $($(#[doc = $doc])+ $name,)* }

        impl Rule {
            /// Every rule, in the order of the list above.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

rules! {
    /// The kill switch is on, for everything, the wallet or the strategy.
    Halted = "halted",
    /// No key for this wallet, or the configuration does not list it.
    WalletUnknown = "wallet_unknown",
    /// The wallet may not be used on this chain.
    ChainNotAllowed = "chain_not_allowed",
    /// `signer.toml` lists strategies, and this is none of them.
    StrategyUnknown = "strategy_unknown",
    /// The strategy may not use this wallet.
    StrategyWallet = "strategy_wallet",
    /// Only unsigned type 2 transactions without an access list are signed.
    TransactionType = "transaction_type",
    /// A transaction of the form before EIP-2718.
    LegacyTransaction = "legacy_transaction",
    /// A transaction that carries blobs.
    BlobTransaction = "blob_transaction",
    /// A transaction or an authorisation that would give the wallet's account code.
    SetCode = "set_code",
    /// Typed data is signed only as the permit that the signer makes itself.
    TypedData = "typed_data",
    /// Text is never signed.
    PersonalMessage = "personal_message",
    /// A hash that nobody can read is never signed.
    RawHash = "raw_hash",
    /// The called contract (or a permit's spender) is neither a listed router nor, for an approval, a listed token.
    ContractNotAllowed = "contract_not_allowed",
    /// The calldata is no swap and no approval as this project writes them, or native currency is sent along.
    CalldataShape = "calldata_shape",
    /// What a swap buys must go to the wallet itself or to a listed recipient.
    Recipient = "recipient",
    /// A token on the way is not listed for the chain.
    TokenNotAllowed = "token_not_allowed",
    /// The token has no permit domain in the configuration.
    PermitNotAllowed = "permit_not_allowed",
    /// More than one transaction may spend.
    AmountPerTransaction = "amount_per_transaction",
    /// More than may be spent in any hour.
    AmountPerHour = "amount_per_hour",
    /// More than may be spent in any 24 hours.
    AmountPerDay = "amount_per_day",
    /// More than may be signed for in any 24 hours, whatever became of it.
    SignedPerDay = "signed_per_day",
    /// The limit amount is further from the quote than the cap allows.
    Slippage = "slippage",
    /// The exact amount is not the quoted one.
    QuoteMismatch = "quote_mismatch",
    /// The fee per gas, or gas times fee, is above its cap.
    FeeCap = "fee_cap",
    /// The gas limit is above its cap.
    GasLimit = "gas_limit",
    /// The deadline is past, or too far away.
    Validity = "validity",
    /// An approval or a permit of more than the step spends.
    UnlimitedApproval = "unlimited_approval",
    /// An approval of less than the quoted amount, or for another spender than a listed router.
    ApprovalAmount = "approval_amount",
    /// The step has made its permit already, with other facts.
    PermitAlreadyMade = "permit_already_made",
    /// The permit in the calldata, or the amount it covers, is not what the step recorded.
    PermitMismatch = "permit_mismatch",
    /// The nonce belongs to another step or is used on the chain.
    NonceReused = "nonce_reused",
    /// The nonce leaves a gap behind the last one.
    NonceGap = "nonce_gap",
    /// The chain has seen a transaction of this wallet that this gate never recorded.
    NonceForeign = "nonce_foreign",
    /// The transaction before this one is not on the chain yet.
    NonceBehind = "nonce_behind",
    /// The step owns another nonce.
    NonceOfStep = "nonce_of_step",
    /// The step's nonce is used on the chain: an older attempt landed, so a new one never can.
    NonceUsed = "nonce_used",
    /// The same attempt with other bytes.
    AttemptConflict = "attempt_conflict",
    /// Attempts are numbered 1, 2, 3 …
    AttemptOrder = "attempt_order",
    /// The attempt is held: only a release hands its bytes out.
    Held = "held",
    /// No such attempt was recorded to be held.
    NotHeld = "not_held",
    /// The hold is over, or the blockhash is too old: the attempt is not released any more.
    HoldExpired = "hold_expired",
    /// The attempt was released, or may have been, and so is not discarded.
    Released = "released",
    /// The attempt was discarded, and its bytes never leave.
    Discarded = "discarded",
    /// Not the same action, wallet, chain or strategy as the step began with.
    StepChanged = "step_changed",
    /// A no-op that neither replaces a transaction of the step nor fills a gap.
    NoopNotAllowed = "noop_not_allowed",
    /// The step has its final outcome; nothing more is signed for it.
    StepSettled = "step_settled",
    /// The step was closed before anything was signed for it.
    StepClosed = "step_closed",
    /// The gate knows no such step.
    StepUnknown = "step_unknown",
    /// The transaction is none of the step's own.
    TransactionForeign = "transaction_foreign",
    /// The outcome does not fit what the transaction does.
    SettlementOutcome = "settlement_outcome",
    /// The step was settled for good with other facts.
    SettlementConflict = "settlement_conflict",
    /// More than was reserved, or an amount for a step that reverted.
    SettlementAmount = "settlement_amount",
    /// There is no halt of this epoch, or a later one has taken its place.
    KillEpoch = "kill_epoch",
    /// There is no halt to resume from, or to adopt a nonce under.
    NotHalted = "not_halted",
    /// There is no limit of this name.
    LimitUnknown = "limit_unknown",
    /// Looser than signer.toml allows.
    LimitCeiling = "limit_ceiling",
    /// No raise of this limit waits.
    RaiseUnknown = "raise_unknown",
    /// The wallet is not the fee payer and the only signer.
    FeePayer = "fee_payer",
    /// A program that is not listed.
    ProgramNotAllowed = "program_not_allowed",
    /// An instruction of a listed program that is never signed, or not like this.
    InstructionNotAllowed = "instruction_not_allowed",
    /// A place of an instruction holds another account than the wallet's own, or one of the wallet's where none belongs.
    SwapAccounts = "swap_accounts",
    /// An account from a lookup table whose contents are not known, where it matters who it is.
    LookupTable = "lookup_table",
    /// No compute unit limit, or one above the cap.
    ComputeUnits = "compute_units",
    /// A tip above the cap, a second one, or one from a lookup table.
    TipCap = "tip_cap",
    /// A loan from a reserve that is not listed, without its repayment, or for another trade than a circular one.
    FlashLoan = "flash_loan",
    /// A circular trade that could bring less than it must.
    MinProfit = "min_profit",
    /// A top-up that is not from the treasury to a wallet of its list, or beyond its caps.
    TopUp = "top_up",
    /// A trade of a mint that is not listed, by another wallet or on another venue than may, or beyond its caps.
    UnlistedMint = "unlisted_mint",
    /// A liquidation by another wallet or of another reserve than may, beyond its cap, or in no circular trade.
    Liquidation = "liquidation",
    /// The transaction does not create just the step's receipt.
    Receipt = "receipt",
    /// An earlier attempt of the step could still land.
    AttemptAlive = "attempt_alive",
    /// The gate has no history of the wallet, and another gate's transactions could be under way.
    ColdStart = "cold_start",
    /// The other end of the socket runs under a user that is not allowed.
    Peer = "peer",
}

impl Rule {
    /// A refusal by this rule.
    pub fn refuse(self, message: impl Into<String>) -> Refusal {
        Refusal {
            rule: self,
            message: message.into(),
        }
    }

    /// Refuses unless `passes`.
    ///
    /// # Errors
    /// The refusal, with the message made only when needed.
    pub fn require(self, passes: bool, message: impl FnOnce() -> String) -> Result<(), Refusal> {
        if passes {
            Ok(())
        } else {
            Err(self.refuse(message()))
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.field, self.message)
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "{} ({})", refusal.message, refusal.rule.name()),
            Self::Invalid(invalid) => invalid.fmt(f),
            Self::Internal(internal) => f.write_str(&internal.message),
        }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Invalid> for Fault {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<Internal> for Fault {
    fn from(internal: Internal) -> Self {
        Self::Internal(internal)
    }
}
