//! JSON-RPC subscriptions of one connection: which were asked for, which number the node gave each, and what it tells.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A message of a node.
#[derive(Deserialize)]
struct Message<'a> {
    id: Option<u64>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<Value>,
    #[serde(borrow)]
    params: Option<Params<'a>>,
}

#[derive(Deserialize)]
struct Params<'a> {
    subscription: u64,
    #[serde(borrow)]
    result: &'a RawValue,
}

/// What a message means.
#[derive(Debug)]
pub(super) enum Told<'a> {
    /// A subscription was opened.
    Opened,
    /// Of the subscription at this place of the requests.
    News(usize, &'a RawValue),
    /// Nothing of ours.
    Nothing,
}

/// The subscriptions of one connection.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    asked: u64,
    places: HashMap<u64, usize>,
}

impl Subscriptions {
    /// A new connection: the requests, numbered from 0.
    pub(super) fn begin<'a>(
        &mut self,
        requests: impl Iterator<Item = (&'a str, String)>,
    ) -> Vec<String> {
        self.places.clear();
        let requests: Vec<_> = (0_u64..)
            .zip(requests)
            .map(|(id, (method, params))| {
                format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)
            })
            .collect();
        self.asked = requests.len() as u64;
        requests
    }

    pub(super) fn all_open(&self) -> bool {
        self.places.len() as u64 == self.asked
    }

    /// Reads a message; what is wrong with it in words.
    pub(super) fn read<'a>(&mut self, text: &'a str) -> Result<Told<'a>, String> {
        let message: Message<'a> =
            serde_json::from_str(text).map_err(|fault| format!("told nonsense: {fault}"))?;
        if let Some(error) = message.error {
            return Err(format!("refused the subscription: {error}"));
        }
        if let Some(params) = message.params {
            let place = self.places.get(&params.subscription);
            return Ok(place.map_or(Told::Nothing, |place| Told::News(*place, params.result)));
        }
        let (Some(id), Some(result)) = (message.id, message.result) else {
            return Ok(Told::Nothing);
        };
        let number: u64 = result
            .get()
            .parse()
            .map_err(|_| "gave a subscription no number".to_owned())?;
        if id >= self.asked {
            return Ok(Told::Nothing);
        }
        self.places
            .insert(number, usize::try_from(id).unwrap_or(usize::MAX));
        Ok(Told::Opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_told_apart_by_the_number_that_the_node_gave() {
        let mut open = Subscriptions::default();
        let requests = [("accountSubscribe", "[\"a\"]"), ("slotSubscribe", "[]")];
        let sent = open.begin(requests.map(|(m, p)| (m, p.to_owned())).into_iter());
        assert_eq!(
            sent[1],
            r#"{"jsonrpc":"2.0","id":1,"method":"slotSubscribe","params":[]}"#
        );
        open.read(r#"{"jsonrpc":"2.0","result":77,"id":1}"#)
            .unwrap();
        assert!(!open.all_open());
        open.read(r#"{"jsonrpc":"2.0","result":12,"id":0}"#)
            .unwrap();
        assert!(open.all_open());
        let news = r#"{"jsonrpc":"2.0","method":"slotNotification","params":{"result":{"slot":5},"subscription":77}}"#;
        match open.read(news).unwrap() {
            Told::News(place, result) => assert_eq!((place, result.get()), (1, r#"{"slot":5}"#)),
            other => panic!("{other:?}"),
        }
        // The numbers of a former connection mean nothing on the next.
        open.begin(std::iter::once(("slotSubscribe", "[]".to_owned())));
        assert!(matches!(open.read(news).unwrap(), Told::Nothing));
    }

    #[test]
    fn a_refusal_and_nonsense_end_the_connection() {
        let mut open = Subscriptions::default();
        open.begin(std::iter::once(("slotSubscribe", "[]".to_owned())));
        for wrong in [
            r#"{"id":0,"error":{"code":-32601,"message":"Method not found"}}"#,
            r#"{"id":0,"result":"x"}"#,
            "nonsense",
            "[]",
        ] {
            assert!(open.read(wrong).is_err(), "{wrong}");
        }
    }
}
