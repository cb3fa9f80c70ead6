//! The checksum by which Kraken's book channel (WebSocket v2) lets a reader find out that its book differs.
//!
//! CRC-32 (ISO-HDLC, the one of zip) over the ten best asks, then the ten best bids, best first: for each level the
//! digits of its price and of its size at the pair's precision, without the point and without leading zeros. Those
//! are the decimal digits of the integers themselves.

const LEVELS: usize = 10;
const POLYNOMIAL: u32 = 0xEDB8_8320;
const TABLE: [u32; 256] = table();

/// The checksum of these sides, best first; prices and sizes are integers at the pair's precision.
#[must_use]
pub fn kraken_checksum(
    asks: impl Iterator<Item = (u128, u128)>,
    bids: impl Iterator<Item = (u128, u128)>,
) -> u32 {
    let mut crc = u32::MAX;
    for (price, size) in asks.take(LEVELS).chain(bids.take(LEVELS)) {
        crc = digits(digits(crc, price), size);
    }
    !crc
}

fn digits(crc: u32, number: u128) -> u32 {
    number.to_string().bytes().fold(crc, |crc, digit| {
        TABLE[((crc ^ u32::from(digit)) & 0xFF) as usize] ^ (crc >> 8)
    })
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0_u32;
    while index < 256 {
        let mut value = index;
        let mut bit = 0;
        while bit < 8 {
            value = (value >> 1) ^ (POLYNOMIAL * (value & 1));
            bit += 1;
        }
        table[index as usize] = value;
        index += 1;
    }
    table
}
