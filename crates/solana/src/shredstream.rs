//! The entries of a Shredstream proxy: `shredstream.ShredstreamProxy/SubscribeEntries` (jito-protos: shredstream).
//!
//! The proxy asks nobody who they are, filters nothing, and tells of transactions before they are executed.

use std::time::Duration;

use prost::Message;

use crate::fault::Fault;
use crate::grpc::{GrpcLimits, GrpcService, Streaming, said};

const SUBSCRIBE: &str = "/shredstream.ShredstreamProxy/SubscribeEntries";

#[derive(Clone, PartialEq, Message)]
struct SubscribeEntriesRequest {}

/// Some entries of one slot.
#[derive(Clone, PartialEq, Message)]
pub struct SlotEntries {
    /// The slot.
    #[prost(uint64, tag = "1")]
    pub slot: u64,
    /// Bincode of a vector of Agave's `Entry`.
    #[prost(bytes = "vec", tag = "2")]
    pub entries: Vec<u8>,
}

/// A subscription that stands.
#[derive(Debug)]
pub struct EntryStream(Streaming<SlotEntries>);

impl EntryStream {
    /// Subscribes at `http://host:port`, or `https://…`; a message above `most_bytes` ends the stream.
    ///
    /// # Errors
    /// `endpoint_malformed`, `tls_unavailable`; `entries_unavailable` when the proxy does not answer in time, or refuses.
    pub async fn open(address: &str, patience: Duration, most_bytes: usize) -> Result<Self, Fault> {
        let limits = GrpcLimits {
            timeout_ms: u64::try_from(patience.as_millis()).unwrap_or(u64::MAX),
            max_message_bytes: most_bytes,
        };
        let proxy = GrpcService::new(address, None, limits)?;
        let opened = proxy.listen(SUBSCRIBE, SubscribeEntriesRequest {}).await;
        opened.map(Self).map_err(|why| unavailable(&why))
    }

    /// The next message. May be dropped while it waits.
    ///
    /// # Errors
    /// `entries_unavailable` when the stream has ended.
    pub async fn next(&mut self) -> Result<SlotEntries, Fault> {
        let told = self.0.message().await;
        told.map_err(|status| unavailable(&said(&status)))?
            .ok_or_else(|| unavailable("it ended the stream"))
    }
}

fn unavailable(why: &str) -> Fault {
    let message = format!("the Shredstream proxy: {why}; see that it runs");
    Fault::new("entries_unavailable", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_googles_protobuf_writes_it() {
        // Entry(slot=300, entries=b"\1\2") of protobuf's own Python package.
        let recorded: &[u8] = &[8, 172, 2, 18, 2, 1, 2];
        let read = SlotEntries::decode(recorded).unwrap();
        assert_eq!((read.slot, read.entries), (300, vec![1, 2]));
    }
}
