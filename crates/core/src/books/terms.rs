//! What a venue's integers mean: the instrument's units, the venue's tick and lot in them, its fee and its sequences.

use super::error::BookError;

/// The highest price and size of one level in the instrument's units, so that nothing built from them overflows.
pub const MAX_UNITS: u64 = i64::MAX as u64;
/// Millionths in one.
pub const PPM: u32 = 1_000_000;

/// How a venue numbers its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SequenceRule {
    /// Each event covers a range of update ids, as in Binance's diff depth stream: one that ends at or before the
    /// book's id is ignored; one that begins after the next id is a gap.
    Ranged,
    /// Events carry no number, as in Kraken's book channel: order is the connection's, and a checksum finds losses.
    Unnumbered,
}

/// The fixed properties of one venue's book.
///
/// A price is `ticks * tick` units of `10^-price_decimals` quote for one base; a size is `lots * lot` units of
/// `10^-size_decimals` base. The decimals belong to the instrument: books merge exactly when they share them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookTerms {
    /// The venue's name, unique among the books that are merged.
    pub venue: String,
    /// What is traded; books of different instruments do not merge.
    pub instrument: String,
    /// Decimals of the instrument's price unit.
    pub price_decimals: u8,
    /// Decimals of the instrument's size unit.
    pub size_decimals: u8,
    /// The venue's price step, in price units.
    pub tick: u64,
    /// The venue's size step, in size units.
    pub lot: u64,
    /// What a taker pays of the notional, in millionths; below one million.
    pub taker_fee_ppm: u32,
    /// How events are numbered.
    pub sequence: SequenceRule,
    /// The best levels that the venue keeps up to date on each side; the rest is dropped after each event.
    pub depth: Option<usize>,
}

impl BookTerms {
    /// Checks what the type does not say.
    ///
    /// # Errors
    /// `term_out_of_range`.
    pub fn check(&self) -> Result<(), BookError> {
        in_range("tick", 1, MAX_UNITS, self.tick)?;
        in_range("lot", 1, MAX_UNITS, self.lot)?;
        in_range("price_decimals", 0, 36, self.price_decimals.into())?;
        in_range("size_decimals", 0, 36, self.size_decimals.into())?;
        let most_fee = u64::from(PPM) - 1;
        in_range("taker_fee_ppm", 0, most_fee, self.taker_fee_ppm.into())?;
        let depth = self.depth.map_or(1, |depth| depth as u64);
        in_range("depth", 1, super::MAX_LEVELS as u64, depth)
    }

    /// The highest price, in ticks.
    #[must_use]
    pub fn max_price_ticks(&self) -> u64 {
        MAX_UNITS / self.tick.max(1)
    }

    /// The largest size, in lots.
    #[must_use]
    pub fn max_size_lots(&self) -> u64 {
        MAX_UNITS / self.lot.max(1)
    }

    pub(super) fn units(&self) -> String {
        format!(
            "{} in units of 10^-{} (price) and 10^-{} (size)",
            self.instrument, self.price_decimals, self.size_decimals
        )
    }
}

fn in_range(field: &'static str, least: u64, most: u64, value: u64) -> Result<(), BookError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(BookError::TermOutOfRange {
        field,
        least,
        most,
        value,
    })
}
