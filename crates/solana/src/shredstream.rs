//! The entries of a Shredstream proxy: `shredstream.ShredstreamProxy/SubscribeEntries` (jito-protos: shredstream).
//!
//! The proxy asks nobody who they are, filters nothing, and tells of transactions before they are executed.

use std::time::Duration;

use hyper::http::uri::PathAndQuery;
use prost::Message;
use tonic::client::Grpc;
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::fault::Fault;
use crate::http_client::{http2, parse_address};

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
        let (origin, _) = parse_address(address)?;
        let patience_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        let client = http2(origin.scheme_str() == Some("https"), patience_ms)?;
        let mut grpc = Grpc::with_origin(client, origin).max_decoding_message_size(most_bytes);
        let codec: ProstCodec<SubscribeEntriesRequest, SlotEntries> = ProstCodec::default();
        let opening = async {
            grpc.ready()
                .await
                .map_err(|error| unavailable(&error.to_string()))?;
            let request = Request::new(SubscribeEntriesRequest {});
            let path = PathAndQuery::from_static(SUBSCRIBE);
            let opened = grpc.server_streaming(request, path, codec).await;
            opened.map_err(|status| refused(&status))
        };
        let opened = tokio::time::timeout(patience, opening).await;
        let opened = opened.map_err(|_| unavailable("it did not answer in time"))??;
        Ok(Self(opened.into_inner()))
    }

    /// The next message. May be dropped while it waits.
    ///
    /// # Errors
    /// `entries_unavailable` when the stream has ended.
    pub async fn next(&mut self) -> Result<SlotEntries, Fault> {
        let told = self.0.message().await;
        told.map_err(|status| refused(&status))?
            .ok_or_else(|| unavailable("it ended the stream"))
    }
}

fn refused(status: &Status) -> Fault {
    unavailable(&format!("{:?}: {}", status.code(), status.message()))
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
