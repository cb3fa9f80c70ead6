//! Addresses as text: any unambiguous case in, EIP-55 out (`Address::to_checksum`).

use super::EvmError;
use alloy_primitives::Address;

/// Parses "0x" and 40 hex digits, all lower, all upper, or in the right EIP-55 case.
///
/// # Errors
/// `address_malformed`, or `address_checksum` when the case is mixed and wrong; both name `field`.
pub fn parse_address(field: &'static str, text: &str) -> Result<Address, EvmError> {
    let malformed = || EvmError::AddressMalformed {
        field,
        value: text.chars().take(64).collect(),
    };
    let digits = text.strip_prefix("0x").ok_or_else(malformed)?;
    if digits.len() != 40 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(malformed());
    }
    let address: Address = text.parse().map_err(|_| malformed())?;
    let lower = digits.bytes().any(|b| b.is_ascii_lowercase());
    let upper = digits.bytes().any(|b| b.is_ascii_uppercase());
    if lower && upper && address.to_checksum(None) != text {
        return Err(EvmError::AddressChecksum {
            field,
            value: text.to_owned(),
        });
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The examples of EIP-55 itself.
    const PUBLISHED: [&str; 4] = [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ];

    #[test]
    fn gives_the_published_checksums_from_lower_upper_and_mixed_case() {
        for published in PUBLISHED {
            let upper = format!("0x{}", published[2..].to_uppercase());
            for text in [published, &published.to_lowercase(), &upper] {
                let address = parse_address("wallet", text).unwrap();
                assert_eq!(address.to_checksum(None), published);
            }
        }
    }

    #[test]
    fn refuses_one_letter_in_the_wrong_case() {
        let wrong = PUBLISHED[0].replace("5aAe", "5aae");
        let error = parse_address("wallet", &wrong).unwrap_err();
        assert_eq!(error.code(), "address_checksum");
        assert!(error.to_string().starts_with("wallet:"));
    }

    #[test]
    fn refuses_what_is_not_forty_hex_digits_behind_0x() {
        let bare = &PUBLISHED[0][2..];
        for text in [
            "",
            "0x",
            bare,
            "0xgg",
            "0X5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xé",
        ] {
            let error = parse_address("token", text).unwrap_err();
            assert_eq!(error.code(), "address_malformed", "{text}");
        }
    }
}
