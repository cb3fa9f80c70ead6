//! The examples of the pages on pool formats are pools.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::PathBuf;

use tradewind_core::pools::{Pool, read_pools};

#[test]
fn every_documented_example_parses_and_is_named_by_its_page() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/pool-formats");
    for venue in ["uniswap_v2", "raydium_amm_v4", "raydium_cpmm"] {
        let page = fs::read_to_string(folder.join(format!("{venue}.md"))).unwrap();
        let (_, rest) = page.split_once("```json\n").unwrap();
        let (example, _) = rest.split_once("```").unwrap();
        let [state] = &read_pools(example).unwrap()[..] else {
            panic!("{venue}: one pool a page");
        };
        let pool = Pool::new(state).unwrap();
        assert_eq!(pool.venue(), venue);
        assert_eq!(
            read_pools(&serde_json::to_string(state).unwrap()).unwrap(),
            [pool.state()]
        );
    }
}
