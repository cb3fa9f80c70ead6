//! What the chain says of coins that were bought before this start, by nodes that have come as far as the purchase.

use std::time::Duration;

use tradewind_core::ChainAddress;
use tradewind_core::solana::TokenAccount;

use crate::fault::EngineFault;
use crate::inventory::{AccountReader, CLOCK};

/// A node may be behind the one that told of the purchase: so often is asked, with this pause.
const LOOKS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// A coin as it was written down, and where the wallet keeps it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) coin: ChainAddress,
    pub(super) amount_raw: u64,
    pub(super) account: ChainAddress,
    /// The slot in which it was bought: whoever has not come so far knows nothing of it.
    pub(super) since_slot: u64,
}

/// What each of the accounts holds; None where no node has come far enough. Less than was written down counts when two
/// readings agree: one alone may be of a slot that dies.
pub(super) async fn read_held<R: AccountReader>(
    reader: &R,
    held: &[Held],
) -> Result<Vec<Option<u64>>, EngineFault> {
    let mut known = Vec::with_capacity(held.len());
    for held in held {
        known.push(read_one(reader, held).await?);
    }
    Ok(known)
}

async fn read_one<R: AccountReader>(reader: &R, held: &Held) -> Result<Option<u64>, EngineFault> {
    let mut before = None;
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let Some((slot, amount_raw)) = look_at(reader, held.account).await? else {
            continue;
        };
        if slot < held.since_slot {
            continue;
        }
        let agrees =
            before.is_some_and(|(told_slot, told_raw)| slot > told_slot && amount_raw == told_raw);
        if amount_raw >= held.amount_raw || agrees {
            return Ok(Some(amount_raw));
        }
        if before.is_none_or(|(_, told_raw)| told_raw != amount_raw) {
            before = Some((slot, amount_raw));
        }
    }
    Ok(None)
}

/// The slot of a reading, and what the account holds in it.
async fn look_at<R: AccountReader>(
    reader: &R,
    account: ChainAddress,
) -> Result<Option<(u64, u64)>, EngineFault> {
    // The clock is always there, and says of which slot the answer is, also when the account is not.
    let read = reader.read(&[CLOCK, account]).await?;
    let slot = read.first().and_then(Option::as_ref);
    let Some(slot) = slot.map(|clock| clock.moment.slot) else {
        return Ok(None);
    };
    let account = read.into_iter().nth(1).flatten();
    let account = account.and_then(|it| TokenAccount::decode(it.key, &it.account()).ok());
    Ok(Some((
        slot,
        account.map_or(0, |account| account.amount_raw),
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{AccountUpdate, Moment};
    use std::sync::Mutex;
    use tradewind_core::solana::TOKEN_PROGRAM;

    const COIN: ChainAddress = ChainAddress::Solana([3; 32]);
    const HELD: Held = Held {
        coin: COIN,
        amount_raw: 777,
        account: ChainAddress::Solana([4; 32]),
        since_slot: 50,
    };

    /// A node that says these slots and amounts one after the other, and stays with the last; None: no account.
    struct Node(Mutex<Vec<(u64, Option<u64>)>>);

    impl Node {
        fn saying(answers: &[(u64, Option<u64>)]) -> Self {
            Self(Mutex::new(answers.iter().rev().copied().collect()))
        }
    }

    impl AccountReader for Node {
        async fn read(
            &self,
            keys: &[ChainAddress],
        ) -> Result<Vec<Option<AccountUpdate>>, EngineFault> {
            let mut answers = self.0.lock().expect("a lock");
            let (slot, amount_raw) = *answers.last().expect("an answer");
            if answers.len() > 1 {
                answers.pop();
            }
            let update = |key: &ChainAddress| {
                let mut data = vec![0; 165];
                data[..32].fill(3);
                data[64..72].copy_from_slice(&amount_raw.unwrap_or_default().to_le_bytes());
                data[108] = 1;
                let moment = Moment {
                    slot,
                    write_version: 0,
                };
                let account = AccountUpdate {
                    key: *key,
                    moment,
                    lamports: 1,
                    owner: TOKEN_PROGRAM,
                    data: data.into(),
                };
                (*key == CLOCK || amount_raw.is_some()).then_some(account)
            };
            Ok(keys.iter().map(update).collect())
        }
    }

    async fn held(answers: &[(u64, Option<u64>)]) -> Option<u64> {
        let read = read_held(&Node::saying(answers), &[HELD]).await;
        read.expect("read")[0]
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_has_not_come_to_the_purchase_has_no_say() {
        assert_eq!(
            held(&[(49, None)]).await,
            None,
            "for as long as it is asked"
        );
        let behind = [(48, None), (49, None), (50, Some(777))];
        assert_eq!(held(&behind).await, Some(777));
        assert_eq!(held(&[(50, Some(900))]).await, Some(900), "a gift");
    }

    #[tokio::test(start_paused = true)]
    async fn less_than_was_bought_counts_when_two_slots_agree() {
        let gone = [(60, None), (61, None)];
        assert_eq!(held(&gone).await, Some(0));
        let dies = [(60, None), (61, Some(777))];
        assert_eq!(held(&dies).await, Some(777));
        assert_eq!(held(&[(60, None)]).await, None, "of one slot alone");
        let goes = [(60, Some(5)), (61, Some(4)), (62, Some(4))];
        assert_eq!(held(&goes).await, Some(4));
    }
}
