//! The tables of a gate file: what each version added, and how older rows become ones of it.
//!
//! What one version added is a step of its own when a file is migrated; a new file is made whole. Amounts are decimal text,
//! because they have 256 bits. Addresses are EIP-55 text, hashes 0x-hex.

pub(super) const TABLES: &str = "
CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    gate_id TEXT NOT NULL
) STRICT;
CREATE TABLE attempts (
    intent_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    wallet TEXT NOT NULL,
    unsigned_tx BLOB NOT NULL,
    message_hash TEXT NOT NULL,
    valid_until_s INTEGER,
    policy_digest TEXT NOT NULL,
    kill_epoch INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    quoted_in_raw TEXT NOT NULL,
    quoted_out_raw TEXT NOT NULL,
    recorded_at_ms INTEGER NOT NULL,
    tx_hash TEXT UNIQUE,
    raw_tx BLOB,
    signed_at_ms INTEGER,
    PRIMARY KEY (intent_id, step, attempt),
    FOREIGN KEY (intent_id, step) REFERENCES steps (intent_id, step),
    CHECK ((raw_tx IS NULL) = (tx_hash IS NULL)),
    CHECK ((raw_tx IS NULL) = (signed_at_ms IS NULL))
) STRICT;
CREATE TABLE permits (
    intent_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    wallet TEXT NOT NULL,
    chain_id INTEGER NOT NULL,
    token TEXT NOT NULL,
    spender TEXT NOT NULL,
    value_raw TEXT NOT NULL,
    permit_nonce TEXT NOT NULL,
    deadline_s INTEGER NOT NULL,
    digest TEXT NOT NULL,
    policy_digest TEXT NOT NULL,
    kill_epoch INTEGER NOT NULL,
    recorded_at_ms INTEGER NOT NULL,
    v INTEGER,
    r TEXT,
    s TEXT,
    signed_at_ms INTEGER,
    PRIMARY KEY (intent_id, step),
    FOREIGN KEY (intent_id, step) REFERENCES steps (intent_id, step)
) STRICT;
CREATE TABLE settlements (
    intent_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    tx_hash TEXT NOT NULL,
    block_number INTEGER NOT NULL,
    block_hash TEXT NOT NULL,
    spent_raw TEXT NOT NULL,
    endpoints TEXT NOT NULL,
    settled_at_ms INTEGER NOT NULL,
    finalized_number INTEGER,
    finalized_hash TEXT,
    PRIMARY KEY (intent_id, step),
    FOREIGN KEY (intent_id, step) REFERENCES steps (intent_id, step)
) STRICT;
CREATE TABLE closures (
    intent_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    closed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (intent_id, step)
) STRICT;
CREATE TABLE adoptions (
    wallet TEXT NOT NULL,
    chain_id INTEGER NOT NULL,
    next_nonce INTEGER NOT NULL,
    adopted_by TEXT NOT NULL,
    adopted_at_ms INTEGER NOT NULL,
    PRIMARY KEY (wallet, chain_id, next_nonce)
) STRICT;
CREATE TABLE halts (
    kill_epoch INTEGER PRIMARY KEY,
    reason TEXT NOT NULL,
    halted_by TEXT NOT NULL,
    halted_at_ms INTEGER NOT NULL,
    resumed_by TEXT,
    resumed_at_ms INTEGER,
    wallet TEXT,
    strategy_id TEXT
) STRICT;
";

pub(super) const STEPS: &str = "
CREATE TABLE steps (
    intent_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    wallet TEXT NOT NULL,
    chain_id INTEGER NOT NULL,
    strategy_id TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('swap', 'approve', 'noop', 'transfer', 'prepare')),
    nonce INTEGER,
    token TEXT NOT NULL,
    reserved_raw TEXT NOT NULL,
    -- What it takes out of the hour and the day: the reservation, until a final settlement or a closure.
    counts_raw TEXT NOT NULL,
    effect_by_s INTEGER NOT NULL,
    outcome TEXT CHECK (outcome IN ('succeeded', 'reverted', 'cancelled', 'expired')),
    final INTEGER NOT NULL DEFAULT 0 CHECK (final IN (0, 1)),
    PRIMARY KEY (intent_id, step),
    UNIQUE (wallet, chain_id, nonce),
    CHECK (final = 0 OR outcome IS NOT NULL)
) STRICT;
CREATE INDEX steps_by_budget ON steps (chain_id, token, effect_by_s);
";

// Ceilings are what signer.toml said last; limits are all that was ever set, the last one that is effective counting.
pub(super) const LIMITS: &str = "
CREATE TABLE ceilings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
CREATE TABLE limits (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at_ms INTEGER NOT NULL,
    effective_at_ms INTEGER NOT NULL,
    cancelled_by TEXT,
    cancelled_at_ms INTEGER
) STRICT;
";

// A sweep that got stuck may be signed anew, so a nonce can have several rows.
pub(super) const SWEEPS: &str = "
CREATE TABLE sweeps (
    wallet TEXT NOT NULL,
    chain_id INTEGER NOT NULL,
    nonce INTEGER NOT NULL,
    unsigned_tx BLOB NOT NULL,
    swept_by TEXT NOT NULL,
    swept_at_ms INTEGER NOT NULL,
    PRIMARY KEY (wallet, chain_id, nonce, unsigned_tx)
) STRICT;
";

// A step on Solana spends its token, as its row says, and lamports besides: those are its outlay. Keys, blockhashes and
// signatures are base58 text.
pub(super) const SOLANA: &str = "
CREATE TABLE receipts (
    intent_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    wallet TEXT NOT NULL,
    chain_id INTEGER NOT NULL,
    seed TEXT NOT NULL UNIQUE,
    drawn_at_ms INTEGER NOT NULL,
    PRIMARY KEY (intent_id, step)
) STRICT;
CREATE TABLE solana_attempts (
    intent_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    wallet TEXT NOT NULL,
    chain_id INTEGER NOT NULL,
    unsigned_tx BLOB NOT NULL,
    message_hash TEXT NOT NULL,
    blockhash TEXT NOT NULL,
    last_valid_block_height INTEGER NOT NULL,
    receipt TEXT,
    trade TEXT NOT NULL,
    lookup_tables TEXT NOT NULL,
    quoted TEXT NOT NULL,
    policy_digest TEXT NOT NULL,
    kill_epoch INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    recorded_at_ms INTEGER NOT NULL,
    signature TEXT UNIQUE,
    raw_tx BLOB,
    signed_at_ms INTEGER,
    PRIMARY KEY (intent_id, step, attempt),
    UNIQUE (wallet, chain_id, message_hash),
    FOREIGN KEY (intent_id, step) REFERENCES steps (intent_id, step),
    CHECK ((raw_tx IS NULL) = (signature IS NULL)),
    CHECK ((raw_tx IS NULL) = (signed_at_ms IS NULL))
) STRICT;
CREATE TABLE outlays (
    intent_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    chain_id INTEGER NOT NULL,
    token TEXT NOT NULL,
    reserved_raw TEXT NOT NULL,
    counts_raw TEXT NOT NULL,
    effect_by_s INTEGER NOT NULL,
    PRIMARY KEY (intent_id, step),
    FOREIGN KEY (intent_id, step) REFERENCES steps (intent_id, step)
) STRICT;
CREATE INDEX outlays_by_budget ON outlays (chain_id, token, effect_by_s);
CREATE TABLE solana_settlements (
    intent_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    signature TEXT,
    slot INTEGER,
    spent TEXT NOT NULL,
    evidence TEXT NOT NULL,
    settled_at_ms INTEGER NOT NULL,
    PRIMARY KEY (intent_id, step),
    FOREIGN KEY (intent_id, step) REFERENCES steps (intent_id, step)
) STRICT;
CREATE TABLE cold_starts (
    wallet TEXT NOT NULL,
    chain_id INTEGER NOT NULL,
    block_height INTEGER NOT NULL,
    seen_at_ms INTEGER NOT NULL,
    adopted_by TEXT,
    adopted_at_ms INTEGER,
    PRIMARY KEY (wallet, chain_id)
) STRICT;
";

// A reclaim is a step that takes receipts back. One of a wallet is open at a time, and a receipt belongs to one at most.
// A wallet is topped up by one step at a time.
pub(super) const UPKEEP: &str = "
CREATE TABLE reclaims (
    intent_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    wallet TEXT NOT NULL,
    chain_id INTEGER NOT NULL,
    open INTEGER NOT NULL DEFAULT 1 CHECK (open IN (0, 1)),
    PRIMARY KEY (intent_id, step),
    FOREIGN KEY (intent_id, step) REFERENCES steps (intent_id, step)
) STRICT;
CREATE UNIQUE INDEX reclaims_open ON reclaims (wallet, chain_id) WHERE open = 1;
ALTER TABLE receipts ADD COLUMN reclaim_id TEXT;
CREATE INDEX receipts_standing ON receipts (wallet, chain_id) WHERE reclaim_id IS NULL;
CREATE INDEX receipts_by_reclaim ON receipts (reclaim_id) WHERE reclaim_id IS NOT NULL;
CREATE TABLE top_ups (
    intent_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    wallet TEXT NOT NULL,
    chain_id INTEGER NOT NULL,
    lamports INTEGER NOT NULL,
    recorded_at_s INTEGER NOT NULL,
    open INTEGER NOT NULL DEFAULT 1 CHECK (open IN (0, 1)),
    PRIMARY KEY (intent_id, step),
    FOREIGN KEY (intent_id, step) REFERENCES steps (intent_id, step)
) STRICT;
CREATE UNIQUE INDEX top_ups_open ON top_ups (wallet, chain_id) WHERE open = 1;
CREATE INDEX top_ups_by_day ON top_ups (chain_id, recorded_at_s);
";

// An attempt with an end of its hold keeps its bytes back: they are made when it is released, which its signature records.
pub(super) const HOLDS: &str = "
ALTER TABLE solana_attempts ADD COLUMN held_until_ms INTEGER;
-- The end of its blockhash as the caller was told; last_valid_block_height is never before it.
ALTER TABLE solana_attempts ADD COLUMN held_to_height INTEGER;
ALTER TABLE solana_attempts ADD COLUMN held_lamports INTEGER;
ALTER TABLE solana_attempts ADD COLUMN discarded_at_ms INTEGER;
";

// A step that buys a mint which is not listed names it, with what is left of what the purchase was sure to bring.
pub(super) const UNLISTED: &str = "
ALTER TABLE steps ADD COLUMN unlisted_mint TEXT;
ALTER TABLE steps ADD COLUMN unlisted_left_raw TEXT;
ALTER TABLE steps ADD COLUMN unlisted_open INTEGER NOT NULL DEFAULT 0 CHECK (unlisted_open IN (0, 1));
CREATE INDEX steps_by_unlisted ON steps (unlisted_mint) WHERE unlisted_mint IS NOT NULL;
CREATE INDEX steps_by_unlisted_day ON steps (chain_id, effect_by_s) WHERE unlisted_mint IS NOT NULL;
CREATE INDEX steps_unlisted_open ON steps (chain_id, unlisted_mint) WHERE unlisted_open = 1;
";

// A CHECK cannot be changed in place, so the table of steps is made anew around its rows.
pub(super) const FROM_2: &str = "
ALTER TABLE steps RENAME TO steps_2;
DROP INDEX steps_by_budget;
";
pub(super) const FROM_2_ROWS: &str = "
INSERT INTO steps (intent_id, step, wallet, chain_id, strategy_id, kind, nonce, token, reserved_raw, counts_raw,
    effect_by_s, outcome)
SELECT intent_id, step, wallet, chain_id, strategy_id, kind, nonce, token, reserved_raw,
    CASE WHEN EXISTS (SELECT 1 FROM closures c WHERE c.intent_id = s.intent_id AND c.step = s.step)
        THEN '0' ELSE reserved_raw END,
    effect_by_s, outcome
FROM steps_2 s ORDER BY rowid;
DROP TABLE steps_2;
ALTER TABLE settlements ADD COLUMN finalized_number INTEGER;
ALTER TABLE settlements ADD COLUMN finalized_hash TEXT;
ALTER TABLE halts ADD COLUMN wallet TEXT;
ALTER TABLE halts ADD COLUMN strategy_id TEXT;
";

pub(super) const FROM_3: &str = "
ALTER TABLE steps RENAME TO steps_3;
DROP INDEX steps_by_budget;
";
pub(super) const FROM_3_ROWS: &str = "
INSERT INTO steps (intent_id, step, wallet, chain_id, strategy_id, kind, nonce, token, reserved_raw, counts_raw,
    effect_by_s, outcome, final)
SELECT intent_id, step, wallet, chain_id, strategy_id, kind, nonce, token, reserved_raw, counts_raw, effect_by_s,
    outcome, final
FROM steps_3 ORDER BY rowid;
DROP TABLE steps_3;
";
