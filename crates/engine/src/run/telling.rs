//! What an engine says of itself as a whole: counts and times, what is under way, and that it stopped.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::following::Follower;
use crate::pipeline::Shared;

/// Between two lines of counts and times.
const STATUS_EVERY: Duration = Duration::from_secs(10);

pub(super) async fn tell_status(shared: Arc<Shared>, follower: Option<Arc<Follower>>) {
    loop {
        tokio::time::sleep(STATUS_EVERY).await;
        shared
            .log
            .info("status", "counts and times so far", shared.told());
        if let Some(follower) = &follower {
            tell_in_flight(&shared, &follower.in_flight());
        }
    }
}

pub(super) fn tell_in_flight(shared: &Shared, plans: &[String]) {
    let message = format!("{} plans are under way", plans.len());
    shared
        .log
        .info("in_flight", &message, json!({"plans": plans}));
}

pub(super) fn stopped(shared: &Shared, reason: &str, open: &[String]) {
    shared
        .log
        .info("status", "counts and times at the end", shared.told());
    let message = format!("stopped: {reason}");
    shared.log.info(
        "engine_stopped",
        &message,
        json!({"reason": reason, "open": open}),
    );
}
