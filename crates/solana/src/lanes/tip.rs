//! What a bundle pays to Jito: from the profit, between a floor and a cap, led by what landed lately. Integers throughout.

use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_core::decode::solana::Key;

use crate::fault::Fault;

const MILLION: u128 = 1_000_000;
/// Digits of SOL below the point that are whole lamports.
const LAMPORT_DIGITS: i64 = 9;
/// What Jito asks for at least.
pub const LEAST_TIP_LAMPORTS: u64 = 1_000;

/// Jito's tip accounts (`TIP_ACCOUNT_0` to `_7` of `T1pyyaTNZsKv2WcRAB8oVnk93mLJw2XzjtVYqCsaHqt`).
pub const TIP_ACCOUNTS: [Key; 8] = [
    Key::constant("96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5"),
    Key::constant("HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe"),
    Key::constant("Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY"),
    Key::constant("ADaUMid9yfUytqMBgopwjb2DTLSokTSzL1zt6iGPaS49"),
    Key::constant("DfXygSm4jCyNCybVYYK6DwvWqjKee8pbDmJGcLWNDXjh"),
    Key::constant("ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt"),
    Key::constant("DttWaMuVvTiduZRnguLF7jNxTgiMBZ1hyAumKUiL2KRL"),
    Key::constant("3AVi9Tg9Uo68tJfuvoKvqKNWKkC5wPdSSdeBnizKZ6jT"),
];

/// One of the eight, by a random number of the caller's: writers of one account queue behind each other.
#[must_use]
pub fn tip_account(random: u64) -> Key {
    let [first, ..] = TIP_ACCOUNTS;
    usize::try_from(random % 8)
        .ok()
        .and_then(|index| TIP_ACCOUNTS.get(index).copied())
        .unwrap_or(first)
}

/// Percentiles of tips that landed lately, in lamports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TipFloor {
    /// 25th.
    pub p25_lamports: u64,
    /// Median.
    pub p50_lamports: u64,
    /// 75th.
    pub p75_lamports: u64,
    /// 95th.
    pub p95_lamports: u64,
    /// 99th.
    pub p99_lamports: u64,
}

#[derive(Deserialize)]
struct TipPage<'a> {
    #[serde(borrow, rename = "landed_tips_25th_percentile")]
    p25: &'a RawValue,
    #[serde(borrow, rename = "landed_tips_50th_percentile")]
    p50: &'a RawValue,
    #[serde(borrow, rename = "landed_tips_75th_percentile")]
    p75: &'a RawValue,
    #[serde(borrow, rename = "landed_tips_95th_percentile")]
    p95: &'a RawValue,
    #[serde(borrow, rename = "landed_tips_99th_percentile")]
    p99: &'a RawValue,
}

impl TipFloor {
    /// Reads the `tip_floor` page or a message of the `tip_stream`: a list of one, in SOL. Digits below a lamport round up.
    ///
    /// # Errors
    /// `tip_floor_malformed`.
    pub fn parse(json: &str) -> Result<Self, Fault> {
        let malformed =
            |fault: String| Fault::new("tip_floor_malformed", format!("tip floor: {fault}"));
        let [page]: [TipPage<'_>; 1] =
            serde_json::from_str(json).map_err(|fault| malformed(fault.to_string()))?;
        let read = |number: &RawValue| {
            lamports(number.get())
                .ok_or_else(|| malformed(format!("{} is no amount of SOL", number.get())))
        };
        Ok(Self {
            p25_lamports: read(page.p25)?,
            p50_lamports: read(page.p50)?,
            p75_lamports: read(page.p75)?,
            p95_lamports: read(page.p95)?,
            p99_lamports: read(page.p99)?,
        })
    }

    const fn at(&self, percentile: Percentile) -> u64 {
        match percentile {
            Percentile::P25 => self.p25_lamports,
            Percentile::P50 => self.p50_lamports,
            Percentile::P75 => self.p75_lamports,
            Percentile::P95 => self.p95_lamports,
            Percentile::P99 => self.p99_lamports,
        }
    }
}

/// The percentiles that Jito tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Percentile {
    /// 25th.
    P25,
    /// Median.
    P50,
    /// 75th.
    P75,
    /// 95th.
    P95,
    /// 99th.
    P99,
}

impl Percentile {
    /// From its number.
    ///
    /// # Errors
    /// `tip_policy_malformed`.
    pub fn parse(number: u64) -> Result<Self, Fault> {
        match number {
            25 => Ok(Self::P25),
            50 => Ok(Self::P50),
            75 => Ok(Self::P75),
            95 => Ok(Self::P95),
            99 => Ok(Self::P99),
            _ => Err(Fault::new(
                "tip_policy_malformed",
                format!("percentile: {number} is not told; there are 25, 50, 75, 95 and 99"),
            )),
        }
    }
}

/// How much tip a trade pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TipPolicy {
    /// Most of the profit that a tip may be, in millionths.
    pub share_ppm: u32,
    /// Less is never paid.
    pub floor_lamports: u64,
    /// More is never paid.
    pub cap_lamports: u64,
    /// What each attempt adds to the first tip, in millionths of it.
    pub retry_step_ppm: u32,
    /// Which of the tips that landed lately leads.
    pub percentile: Option<Percentile>,
}

impl TipPolicy {
    /// Checks that it can ever pay.
    ///
    /// # Errors
    /// `tip_policy_malformed`.
    pub fn new(policy: Self) -> Result<Self, Fault> {
        let fault = if policy.floor_lamports < LEAST_TIP_LAMPORTS {
            "floor_lamports: Jito takes 1000 lamports at least"
        } else if policy.cap_lamports < policy.floor_lamports {
            "cap_lamports: is below floor_lamports, so no tip is possible"
        } else if u128::from(policy.share_ppm) > MILLION {
            "share_ppm: is above 1000000, more than the whole profit"
        } else {
            return Ok(policy);
        };
        Err(Fault::new("tip_policy_malformed", fault))
    }

    /// The tip of an attempt (0 is the first). None: the share of the profit is below the floor, so no tip is worth it.
    #[must_use]
    pub fn tip_lamports(
        &self,
        profit_lamports: u64,
        attempt: u32,
        tip_floor: Option<&TipFloor>,
    ) -> Option<u64> {
        let share = u128::from(profit_lamports) * u128::from(self.share_ppm) / MILLION;
        let most = share.min(u128::from(self.cap_lamports));
        if most < u128::from(self.floor_lamports) {
            return None;
        }
        let led = self
            .percentile
            .and_then(|percentile| Some(tip_floor?.at(percentile)))
            .unwrap_or(0);
        let first = u128::from(led.max(self.floor_lamports));
        let raise = MILLION + u128::from(attempt) * u128::from(self.retry_step_ppm);
        let tip = (first * raise / MILLION).min(most);
        u64::try_from(tip).ok()
    }
}

/// Lamports of a JSON number of SOL, rounded up, without a float in between.
fn lamports(number: &str) -> Option<u64> {
    let (mantissa, exponent) = match number.find(['e', 'E']) {
        Some(at) => (&number[..at], number[at + 1..].parse::<i64>().ok()?),
        None => (number, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !(-60..=60).contains(&exponent) || whole.len() + fraction.len() > 60 {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // The value is `digits * 10**shift` lamports.
    let shift = exponent + LAMPORT_DIGITS - i64::try_from(fraction.len()).ok()?;
    let digits = digits.trim_start_matches('0');
    if shift >= 0 {
        let scaled = format!("{digits}{}", "0".repeat(usize::try_from(shift).ok()?));
        return if digits.is_empty() {
            Some(0)
        } else {
            scaled.parse().ok()
        };
    }
    let cut = digits.len().saturating_sub(usize::try_from(-shift).ok()?);
    let (kept, dropped) = digits.split_at(cut);
    let kept: u64 = if kept.is_empty() {
        0
    } else {
        kept.parse().ok()?
    };
    kept.checked_add(u64::from(dropped.bytes().any(|digit| digit != b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: TipPolicy = TipPolicy {
        share_ppm: 500_000,
        floor_lamports: 1_000,
        cap_lamports: 1_000_000,
        retry_step_ppm: 250_000,
        percentile: Some(Percentile::P75),
    };
    const FLOOR: TipFloor = TipFloor {
        p25_lamports: 2_000,
        p50_lamports: 5_000,
        p75_lamports: 20_000,
        p95_lamports: 300_000,
        p99_lamports: 4_000_000,
    };

    #[test]
    fn the_percentile_leads_and_each_attempt_adds_its_step() {
        let tips = [0, 1, 2].map(|attempt| POLICY.tip_lamports(10_000_000, attempt, Some(&FLOOR)));
        assert_eq!(tips, [Some(20_000), Some(25_000), Some(30_000)]);
        assert_eq!(POLICY.tip_lamports(10_000_000, 0, None), Some(1_000));
    }

    #[test]
    fn the_share_of_the_profit_and_the_cap_bound_it_and_too_little_profit_pays_none() {
        assert_eq!(POLICY.tip_lamports(30_000, 0, Some(&FLOOR)), Some(15_000));
        assert_eq!(
            POLICY.tip_lamports(u64::MAX, 1_000, Some(&FLOOR)),
            Some(1_000_000)
        );
        assert_eq!(POLICY.tip_lamports(1_999, 0, Some(&FLOOR)), None);
        assert_eq!(POLICY.tip_lamports(2_000, 0, Some(&FLOOR)), Some(1_000));
    }

    #[test]
    fn tips_in_sol_are_read_to_the_lamport_and_rounded_up() {
        for (text, expected) in [
            ("0.000006001", Some(6_001)),
            ("6.001e-06", Some(6_001)),
            ("0.0000060000001", Some(6_001)),
            ("1.5", Some(1_500_000_000)),
            ("2", Some(2_000_000_000)),
            ("1E-9", Some(1)),
            ("0", Some(0)),
            ("0.0", Some(0)),
            ("18446744074", None),
            ("-1", None),
            ("1e99", None),
            ("\"1\"", None),
        ] {
            assert_eq!(lamports(text), expected, "{text}");
        }
    }

    #[test]
    fn the_page_of_jitos_documentation_is_read() {
        let page = r#"[{"time":"2024-09-01T12:58:00Z","landed_tips_25th_percentile":6.001000000000001e-06,
            "landed_tips_50th_percentile":1e-05,"landed_tips_75th_percentile":3.6196500000000005e-05,
            "landed_tips_95th_percentile":0.0014479055000000002,"landed_tips_99th_percentile":0.010007999,
            "ema_landed_tips_50th_percentile":9.836078125000002e-06}]"#;
        let floor = TipFloor::parse(page).unwrap();
        assert_eq!(
            (floor.p25_lamports, floor.p50_lamports, floor.p75_lamports),
            (6_002, 10_000, 36_197)
        );
        assert_eq!(
            (floor.p95_lamports, floor.p99_lamports),
            (1_447_906, 10_007_999)
        );
        assert_eq!(
            TipFloor::parse("[]").unwrap_err().code(),
            "tip_floor_malformed"
        );
    }

    #[test]
    fn policies_that_could_never_pay_are_refused() {
        for policy in [
            TipPolicy {
                floor_lamports: 999,
                ..POLICY
            },
            TipPolicy {
                cap_lamports: 999,
                ..POLICY
            },
            TipPolicy {
                share_ppm: 1_000_001,
                ..POLICY
            },
        ] {
            assert_eq!(
                TipPolicy::new(policy).unwrap_err().code(),
                "tip_policy_malformed"
            );
        }
    }

    proptest! {
        #[test]
        fn a_tip_never_leaves_its_bounds_and_never_falls_with_the_attempt(
            profit in any::<u64>(), attempt in 0_u32..10_000, led in any::<u64>(), share in 0_u32..=1_000_000,
            bounds in (1_000_u64..u64::MAX, 0_u64..u64::MAX), step in any::<u32>(),
        ) {
            let (floor_lamports, more) = bounds;
            let cap_lamports = floor_lamports.saturating_add(more);
            let policy = TipPolicy { share_ppm: share, floor_lamports, cap_lamports, retry_step_ppm: step, percentile: Some(Percentile::P75) };
            let floor = TipFloor { p75_lamports: led, ..FLOOR };
            if let Some(tip) = policy.tip_lamports(profit, attempt, Some(&floor)) {
                prop_assert!(tip >= floor_lamports && tip <= cap_lamports && tip <= profit);
                prop_assert!(policy.tip_lamports(profit, attempt + 1, Some(&floor)).unwrap() >= tip);
            }
        }

        #[test]
        fn whole_lamports_survive_the_way_through_sol(amount in any::<u64>()) {
            let text = format!("{}.{:09}", amount / 1_000_000_000, amount % 1_000_000_000);
            prop_assert_eq!(lamports(&text), Some(amount));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[-+0-9eE.]{0,80}") {
            let _ = lamports(&text);
        }
    }
}
