//! The JSON form of pools: what is read is what is written, and each fault says where it is.

use crate::wbtc_weth;
use tradewind_core::pools::{Pool, PoolMath, read_pools};

const PAIR: &str = r#"{"venue": "uniswap_v2",
  "pool": "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc",
  "token0": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
  "token1": "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
  "reserve0_raw": "10000000000000", "reserve1_raw": 5000, "fee_ppm": 3000}"#;

#[test]
fn what_is_written_is_read_again_as_the_same_state() {
    for pool in [
        wbtc_weth::pool(),
        Pool::new(&read_pools(PAIR).unwrap()[0]).unwrap(),
    ] {
        let written = serde_json::to_string(&pool.state()).unwrap();
        assert_eq!(read_pools(&written).unwrap(), [pool.state()]);
        assert_eq!(read_pools(&format!("[{written}]")).unwrap(), [pool.state()]);
        assert_eq!(
            read_pools(&format!("{{\"pools\": [{written}]}}")).unwrap(),
            [pool.state()]
        );
        assert!(written.starts_with(&format!("{{\"venue\":\"{}\"", pool.venue())));
        assert_eq!(Pool::new(&pool.state()).unwrap().address(), pool.address());
    }
}

#[test]
fn each_fault_has_a_code_and_says_where_it_is() {
    let with = |from: &str, to: &str| format!("[{PAIR}, {}]", PAIR.replace(from, to));
    let cases = [
        ("{", "json_malformed", "not JSON"),
        (
            "3",
            "json_shape",
            "pools: must be a list of pools, not a number",
        ),
        (
            r#"{"pools": {}}"#,
            "json_shape",
            "pools: must be a list of pools, not an object",
        ),
        (
            r#"{"pools": [], "tokens": 1}"#,
            "json_shape",
            "tokens: must be absent",
        ),
        ("[4]", "json_shape", "pools[0]: must be an object"),
        (
            "{}",
            "json_shape",
            "pool.venue: must be the name of a family, not nothing",
        ),
        (
            &with("uniswap_v2", "curve"),
            "venue_unknown",
            r#"pools[1].venue: "curve" is not one of uniswap_v2, "#,
        ),
        (
            &with("\"fee_ppm\": 3000", "\"fee\": 3000"),
            "pool_field_invalid",
            "pools[1] (uniswap_v2): fee: unknown field `fee`",
        ),
        (
            &with(", \"fee_ppm\": 3000", ""),
            "pool_field_invalid",
            "pools[1] (uniswap_v2): missing field `fee_ppm`",
        ),
        (
            &with("5000", "5000.5"),
            "pool_field_invalid",
            "pools[1] (uniswap_v2): reserve1_raw: invalid type: floating point",
        ),
        (
            &with("5000", "\"-1\""),
            "pool_field_invalid",
            "pools[1] (uniswap_v2): reserve1_raw: -1 does not fit",
        ),
        (
            &with("0xB4e16d", "0xb4e16d"),
            "pool_field_invalid",
            "pools[1] (uniswap_v2): pool: address",
        ),
    ];
    for (text, code, message) in cases {
        let error = read_pools(text).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().starts_with(message), "{error}");
    }
}
