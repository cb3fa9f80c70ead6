//! What the chain is asked of a pool that was just found, once for each.

use std::time::Duration;

use tradewind_core::ChainAddress;
use tradewind_core::pools::{Pool, PoolMath as _};
use tradewind_core::solana::{AccountFields, TokenAccount};
use tradewind_solana::Key;
use tradewind_solana::token_accounts::{TokenProgram, token_account_address};

use super::Discovery;
use super::simulation::simulate;
use crate::fault::EngineFault;
use crate::feed::AccountUpdate;
use crate::inventory::{AccountReader as _, Launch, Loading, MintFacts, load};

/// The node that is asked may be behind the one that told: so often, and with this pause.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);
/// Where a curve, and a pool of `PumpSwap`, name the creator of the coin.
const CURVE_CREATOR_OFFSET: usize = 49;
const PUMPSWAP_CREATOR_OFFSET: usize = 211;

/// A stable code, and words.
type NotAdded = (&'static str, String);

impl Discovery {
    pub(super) async fn examine(&self, update: &AccountUpdate) -> Result<Launch, NotAdded> {
        let loading = self.load(update.key).await?;
        let pool = loading.pools.first().map(|loaded| &loaded.pool);
        let pool = pool.ok_or(("pool_unreadable", "it cannot be read".to_owned()))?;
        let coin = self.coin_of(pool)?;
        let account = loading.accounts.iter().find(|it| it.key == coin);
        let account = match account {
            Some(account) => account.clone(),
            None => self.one(coin).await?.ok_or((
                "mint_missing",
                format!("{coin}, the mint of its coin, is not there"),
            ))?,
        };
        let mint = MintFacts::decode(&account).map_err(|why| ("mint_malformed", why))?;
        let creator = creator_of(pool, update);
        let creator_held_raw = match creator {
            Some(creator) => self.held(creator, coin, account.owner).await?,
            None => 0,
        };
        let born_slot = self
            .reader
            .born_slot(coin)
            .await
            .map_err(|fault| unread(&fault))?;
        let simulated_fault = if self.terms.simulates {
            simulate(&self.shared, &self.reader, &loading, coin, &self.terms)
                .await
                .map_err(|fault| unread(&fault))?
        } else {
            None
        };
        Ok(Launch {
            pool: update.key,
            coin,
            found_slot: update.moment.slot,
            born_slot,
            mint,
            creator,
            creator_held_raw,
            simulated_fault,
        })
    }

    /// The pool as soon as the node that is asked knows it; one that cannot be traded is not asked for again.
    async fn load(&self, pool: ChainAddress) -> Result<Loading, NotAdded> {
        let mut why = String::new();
        for _ in 0..LOOKS {
            if self.shared.is_stopping() {
                break;
            }
            match load(self.reader.as_ref(), &[pool]).await {
                Ok(loading) if !loading.pools.is_empty() => return Ok(loading),
                Ok(loading) => match loading.left_out.into_iter().next() {
                    Some(left_out) if left_out.is_for_good() => {
                        return Err((left_out.code, left_out.why));
                    }
                    Some(left_out) => why = left_out.why,
                    None => {}
                },
                Err(fault) => why = fault.to_string(),
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(("pool_unreadable", why))
    }

    /// The other side of the pool than the base.
    fn coin_of(&self, pool: &Pool) -> Result<ChainAddress, NotAdded> {
        match pool.tokens() {
            [coin, base] | [base, coin] if *base == self.terms.base => Ok(*coin),
            _ => Err((
                "base_other",
                format!("it does not trade against {}", self.terms.base),
            )),
        }
    }

    async fn one(&self, key: ChainAddress) -> Result<Option<AccountUpdate>, NotAdded> {
        let read = self
            .reader
            .read(&[key])
            .await
            .map_err(|fault| unread(&fault))?;
        Ok(read.into_iter().next().flatten())
    }

    /// What an owner's own token account for a coin holds; nothing where there is none.
    async fn held(
        &self,
        owner: ChainAddress,
        coin: ChainAddress,
        program: ChainAddress,
    ) -> Result<u64, NotAdded> {
        let address = || {
            let program = TokenProgram::of(Key(program.solana()?))?;
            token_account_address(Key(owner.solana()?), Key(coin.solana()?), program)
        };
        let Some(address) = address() else {
            return Ok(0);
        };
        let account = self.one(address.into()).await?;
        let held = account.and_then(|it| TokenAccount::decode(it.key, &it.account()).ok());
        Ok(held.map_or(0, |held| held.amount_raw))
    }
}

fn unread(fault: &EngineFault) -> NotAdded {
    ("chain_unreadable", fault.to_string())
}

/// Who made the coin, where the bytes of the pool name one.
fn creator_of(pool: &Pool, update: &AccountUpdate) -> Option<ChainAddress> {
    let offset = match pool {
        Pool::PumpCurve(_) => CURVE_CREATOR_OFFSET,
        Pool::Pumpswap(_) => PUMPSWAP_CREATOR_OFFSET,
        _ => return None,
    };
    let account = update.account();
    let creator = AccountFields::new(&account).key("creator", offset).ok()?;
    (creator != ChainAddress::Solana([0; 32])).then_some(creator)
}
