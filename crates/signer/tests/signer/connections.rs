//! Connections that are only held open keep nobody out.

use crate::process::{Client, Folder};
use serde_json::json;
use std::time::Duration;
use tradewind_signer::client;

const PLACES: usize = 64;

#[test]
fn a_halt_gets_through_when_all_places_are_taken_and_the_longest_idle_gives_way() {
    let folder = Folder::new();
    let signer = folder.start();
    let hello = json!({ "op": "hello" });
    let mut clients: Vec<Client> = (0..PLACES).map(|_| signer.connect()).collect();
    // Asked in this order, the second one is idle for longest and the first is not.
    for index in (1..PLACES).chain([0]) {
        clients[index].ask(&hello).expect("all have a place");
    }
    assert_eq!(signer.halt(), json!({ "kill_epoch": 1, "halted": true }));
    assert_eq!(clients[1].read(), None, "the longest idle is closed");
    for index in [0, 2, PLACES - 1] {
        assert_eq!(clients[index].ask(&hello).unwrap()["ok"]["halted"], true);
    }
}

#[test]
fn connections_that_never_ask_or_stop_in_the_middle_of_a_line_give_way_too() {
    let folder = Folder::new();
    let signer = folder.start();
    let mut held: Vec<Client> = (0..3 * PLACES).map(|_| signer.connect()).collect();
    for client in &mut held {
        client.send(b"{");
    }
    // Shorter than the time that a line may take: nobody leaves by itself.
    let halt = json!({ "op": "halt", "reason": "drill", "by": "test" });
    let answer = client::ask(
        &folder.path("run/signer.sock"),
        &halt,
        Duration::from_secs(4),
    );
    assert_eq!(answer.unwrap()["ok"]["halted"], true);
    drop(signer);
}
