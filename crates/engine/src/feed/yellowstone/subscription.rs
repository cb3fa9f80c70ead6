//! `Subscription`: all that is followed, dealt out to as few streams as the sizes of requests allow.
//!
//! A request replaces the one before whole, so what does not fit into one needs another stream: a server takes messages
//! of 4 MiB (tonic's limit), which is some 90,000 addresses in base 58.

use std::collections::{BTreeSet, HashMap};

use tradewind_core::ChainAddress;

use super::messages::{
    AccountsFilter, Commitment, Condition, Demand, Memcmp, Ping, SlotsFilter, SubscribeRequest,
};
use crate::feed::ProgramFilter;

/// How much is asked at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portions {
    /// Addresses of one stream.
    pub(super) per_stream: usize,
    /// Addresses of one filter.
    pub(super) per_filter: usize,
}

#[derive(Debug)]
pub(super) struct Subscription {
    portions: Portions,
    /// The stream of each account.
    known: HashMap<ChainAddress, usize>,
    streams: Vec<Vec<ChainAddress>>,
    programs: BTreeSet<ProgramFilter>,
}

impl Subscription {
    pub(super) fn new(portions: Portions) -> Self {
        Self {
            portions,
            known: HashMap::new(),
            streams: vec![Vec::new()],
            programs: BTreeSet::new(),
        }
    }

    /// The stream that the account is dealt to; None when it is followed already.
    pub(super) fn add(&mut self, account: ChainAddress) -> Option<usize> {
        if self.known.contains_key(&account) {
            return None;
        }
        let has_room = |stream: &Vec<_>| stream.len() < self.portions.per_stream;
        let place = self.streams.iter().position(has_room).unwrap_or_else(|| {
            self.streams.push(Vec::new());
            self.streams.len() - 1
        });
        self.streams[place].push(account);
        self.known.insert(account, place);
        Some(place)
    }

    /// The stream that the account was dealt to; None when it is not followed.
    pub(super) fn remove(&mut self, account: ChainAddress) -> Option<usize> {
        let place = self.known.remove(&account)?;
        let stream = self.streams.get_mut(place)?;
        let found = stream.iter().position(|it| *it == account)?;
        stream.swap_remove(found);
        Some(place)
    }

    /// Programs belong to the first stream; false when it is followed already.
    pub(super) fn add_program(&mut self, program: &ProgramFilter) -> bool {
        self.programs.insert(program.clone())
    }

    pub(super) fn stream_count(&self) -> usize {
        self.streams.len()
    }

    /// Everything that one stream asks for.
    pub(super) fn request(&self, stream: usize) -> SubscribeRequest {
        let accounts = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let chunks = accounts.chunks(self.portions.per_filter).enumerate();
        let mut filters: HashMap<_, _> = chunks
            .map(|(place, keys)| (format!("accounts-{place}"), by_address(keys)))
            .collect();
        if stream == 0 {
            let programs = self.programs.iter().enumerate();
            filters.extend(
                programs.map(|(place, filter)| (format!("program-{place}"), by_owner(filter))),
            );
        }
        let slots = SlotsFilter {
            filter_by_commitment: Some(false),
            interslot_updates: Some(true),
        };
        SubscribeRequest {
            accounts: filters,
            slots: HashMap::from([("slots".to_owned(), slots)]),
            commitment: Some(Commitment::Processed as i32),
            ping: None,
            from_slot: None,
        }
    }
}

/// A request that only pings, and changes no filter.
pub(super) fn ping(id: i32) -> SubscribeRequest {
    SubscribeRequest {
        ping: Some(Ping { id }),
        ..SubscribeRequest::default()
    }
}

fn by_address(keys: &[ChainAddress]) -> AccountsFilter {
    AccountsFilter {
        account: keys.iter().map(ToString::to_string).collect(),
        ..AccountsFilter::default()
    }
}

fn by_owner(filter: &ProgramFilter) -> AccountsFilter {
    let size = filter.data_size.map(Demand::Datasize);
    let compared = filter.comparisons.iter().map(|comparison| {
        Demand::Memcmp(Memcmp {
            offset: comparison.offset,
            bytes: Some(comparison.bytes.to_vec()),
        })
    });
    let demands = size.into_iter().chain(compared);
    AccountsFilter {
        owner: vec![filter.program.to_string()],
        filters: demands
            .map(|demand| Condition {
                filter: Some(demand),
            })
            .collect(),
        ..AccountsFilter::default()
    }
}
