//! The examples of the pages on pool formats are pools.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::PathBuf;

use tradewind_core::pools::{Pool, VENUES, read_pools};

#[test]
fn every_documented_example_parses_and_every_venue_has_a_page() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/pool-formats");
    let index = fs::read_to_string(folder.with_extension("md")).unwrap();
    for venue in VENUES {
        let family = if venue.starts_with("balancer") {
            "balancer"
        } else {
            venue
        };
        assert!(
            index.contains(&format!("](pool-formats/{family}.md)")),
            "{family}"
        );
        let page = fs::read_to_string(folder.join(format!("{family}.md"))).unwrap();
        assert!(page.starts_with(&format!("## `{family}")), "{family}");
        for example in page.split("```json\n").skip(1) {
            let (example, _) = example.split_once("```").unwrap();
            let [state] = &read_pools(example).unwrap()[..] else {
                panic!("{family}: one pool an example");
            };
            let pool = Pool::new(state).unwrap();
            assert!(pool.venue().starts_with(family));
            let written = serde_json::to_string(state).unwrap();
            assert_eq!(read_pools(&written).unwrap(), [pool.state()]);
        }
        assert!(page.contains("```json\n"), "{family} has an example");
    }
}
