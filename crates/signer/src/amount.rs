//! Decimal token amounts of the configuration, as base units. By digits: no float is involved.

use alloy_primitives::U256;

/// Base units of `text` for a token with `decimals`: "1.5" with 6 is 1500000.
///
/// # Errors
/// What is wrong with the text.
pub fn parse_units(text: &str, decimals: u8) -> Result<U256, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
        return Err("must be a decimal number in a string, such as \"1.5\"".to_owned());
    }
    let places = usize::from(decimals);
    if fraction.len() > places {
        return Err(format!("has more than the token's {decimals} decimals"));
    }
    let raw = format!("{whole}{fraction:0<places$}");
    U256::from_str_radix(&raw, 10).map_err(|_| "is too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_whole_and_fractional_amounts_exactly() {
        for (text, decimals, raw) in [
            ("50000", 6, "50000000000"),
            ("0.000001", 6, "1"),
            ("1.5", 18, "1500000000000000000"),
            ("7", 0, "7"),
            ("007.10", 2, "710"),
        ] {
            assert_eq!(
                parse_units(text, decimals).unwrap().to_string(),
                raw,
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_amount_of_the_token() {
        for (text, decimals) in [
            ("", 6),
            (".5", 6),
            ("1.", 6),
            ("-1", 6),
            ("1e3", 6),
            ("1,5", 6),
            ("0.1", 0),
        ] {
            assert!(parse_units(text, decimals).is_err(), "{text}");
        }
        assert!(parse_units(&"9".repeat(79), 0).is_err());
    }
}
