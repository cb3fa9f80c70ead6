//! The examples of the pages on pool formats are pools.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use tradewind_core::pools::{Pool, VENUES, read_pools};

#[test]
fn every_venue_has_a_page_with_examples_that_are_pools() {
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
        let mut shown = BTreeSet::new();
        for example in page.split("```json\n").skip(1) {
            let (example, _) = example.split_once("```").unwrap();
            let [state] = &read_pools(example).unwrap()[..] else {
                panic!("{family}: one pool an example");
            };
            let pool = Pool::new(state).unwrap();
            shown.insert(pool.venue());
            let written = serde_json::to_string(state).unwrap();
            assert_eq!(read_pools(&written).unwrap(), [pool.state()]);
        }
        assert!(shown.contains(venue), "{venue} has an example");
        assert!(shown.iter().all(|one| one.starts_with(family)), "{family}");
    }
}
