//! `Launch`: what the chain said of a coin when its pool was found: who may mint, freeze and take, and who made it.

use tradewind_core::ChainAddress;
use tradewind_core::solana::AccountFields;

use super::Inventory;
use crate::feed::AccountUpdate;

/// Where the extensions of a mint of Token-2022 begin, behind the byte that says that it is a mint.
const EXTENSIONS_OFFSET: usize = 166;
/// Extensions that change no transfer, and by which nobody gets a say in one: close authority, interest and scale (both
/// display only), pointers, metadata, groups and members.
const HARMLESS: [u16; 9] = [3, 10, 18, 19, 20, 21, 22, 23, 25];

/// A mint, as far as a buyer has to fear it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MintFacts {
    /// Places behind the point.
    pub decimals: u8,
    /// All there is, in raw units.
    pub supply_raw: u64,
    /// Who may make more.
    pub mint_authority: Option<ChainAddress>,
    /// Who may stop an account.
    pub freeze_authority: Option<ChainAddress>,
    /// The higher of the fees on a transfer that it has.
    pub transfer_fee_bps: u16,
    /// What else of Token-2022 bites, in words.
    pub bites: Vec<String>,
}

impl MintFacts {
    /// Reads the bytes of a mint of either program.
    ///
    /// # Errors
    /// What of them is no mint.
    pub fn decode(account: &AccountUpdate) -> Result<Self, String> {
        let read = account.account();
        let fields = AccountFields::new(&read);
        let fault = |error: tradewind_core::pools::PoolError| error.to_string();
        let authority = |field, tag: usize| {
            let is_set = fields.u32(field, tag).map_err(fault)? != 0;
            let key = fields.key(field, tag + 4).map_err(fault)?;
            Ok::<_, String>(is_set.then_some(key))
        };
        let mut facts = Self {
            mint_authority: authority("mint_authority", 0)?,
            supply_raw: fields.u64("supply", 36).map_err(fault)?,
            decimals: fields.u8("decimals", 44).map_err(fault)?,
            freeze_authority: authority("freeze_authority", 46)?,
            transfer_fee_bps: 0,
            bites: Vec::new(),
        };
        facts.read_extensions(&account.data)?;
        Ok(facts)
    }

    fn read_extensions(&mut self, data: &[u8]) -> Result<(), String> {
        let mut rest = data.get(EXTENSIONS_OFFSET..).unwrap_or_default();
        while let [low, high, length_low, length_high, behind @ ..] = rest {
            let number = u16::from_le_bytes([*low, *high]);
            if number == 0 {
                return Ok(());
            }
            let length = usize::from(u16::from_le_bytes([*length_low, *length_high]));
            let value = behind
                .get(..length)
                .ok_or_else(|| format!("extension {number} is cut off"))?;
            self.read_extension(number, value);
            rest = behind.get(length..).unwrap_or_default();
        }
        Ok(())
    }

    fn read_extension(&mut self, number: u16, value: &[u8]) {
        let is_set = value.iter().any(|byte| *byte != 0);
        let bite = match number {
            // Two fees, each of epoch, most and basis points, behind two authorities and the withheld amount.
            1 => {
                let fee = |at: usize| {
                    value
                        .get(at..at + 2)
                        .map_or(u16::MAX, |it| u16::from_le_bytes([it[0], it[1]]))
                };
                self.transfer_fee_bps = fee(88).max(fee(106));
                return;
            }
            // A new account is frozen: state 2.
            6 => (value != [1]).then(|| "new accounts of it are frozen".to_owned()),
            9 => Some("it cannot be transferred".to_owned()),
            12 => {
                is_set.then(|| "somebody may take it from anybody (permanent delegate)".to_owned())
            }
            14 => is_set.then(|| "a program has a say in each transfer (transfer hook)".to_owned()),
            4 | 16 | 24 => Some("its amounts may be confidential".to_owned()),
            26 => Some("it can be paused".to_owned()),
            number if HARMLESS.contains(&number) => None,
            other => Some(format!("it has extension {other}")),
        };
        self.bites.extend(bite);
    }
}

/// A pool that was found while the engine ran, and the coin in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The pool.
    pub pool: ChainAddress,
    /// What is traded in it for the base.
    pub coin: ChainAddress,
    /// The slot of the write by which it was found.
    pub found_slot: u64,
    /// The slot of its oldest transaction; None when it has so many that it is old.
    pub born_slot: Option<u64>,
    /// Of the coin.
    pub mint: MintFacts,
    /// Who made the coin, where the pool says it.
    pub creator: Option<ChainAddress>,
    /// What that one's own token account holds of it.
    pub creator_held_raw: u64,
    /// What a node said of buying and selling it at once; None when it was not asked, or found nothing wrong.
    pub simulated_fault: Option<String>,
}

impl Inventory {
    /// Says what is known of a pool that was found.
    pub fn add_launch(&mut self, launch: Launch) {
        self.launches.insert(launch.pool, launch);
    }

    /// What is known of a pool that was found while the engine ran.
    #[must_use]
    pub fn launch(&self, pool: ChainAddress) -> Option<&Launch> {
        self.launches.get(&pool)
    }

    /// Takes a pool that was found out again, with what only it was known for. Gives the accounts that nobody reads now.
    pub fn forget_launch(&mut self, pool: ChainAddress) -> Vec<ChainAddress> {
        let id = self.graph.pool_id(pool);
        let mut accounts = id.map(|id| self.accounts_of(id)).unwrap_or_default();
        self.remove(pool);
        accounts.retain(|account| !self.is_read(*account));
        for account in &accounts {
            self.moments.remove(account);
        }
        if let Some(launch) = self.launches.remove(&pool)
            && self
                .graph
                .token(launch.coin)
                .is_none_or(|token| self.graph.edges(token).is_empty())
        {
            self.token_programs.remove(&launch.coin);
        }
        accounts
    }

    /// The slot of a pool's newest write, or of the one by which it was found.
    #[must_use]
    pub fn written_slot(&self, pool: ChainAddress) -> u64 {
        let standing = self.graph.pool_id(pool).and_then(|id| self.standing(id));
        let found = self.launches.get(&pool).map(|launch| launch.found_slot);
        let written = standing.map(|standing| standing.moment.slot);
        written.max(found).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Moment;

    /// A mint with these authorities and extensions.
    fn mint(authorities: [u8; 2], extensions: &[(u16, Vec<u8>)]) -> AccountUpdate {
        let mut data = vec![0; 82];
        data[0] = authorities[0];
        data[4..36].fill(authorities[0]);
        data[36..44].copy_from_slice(&1_000_u64.to_le_bytes());
        data[44] = 6;
        data[46] = authorities[1];
        data[50..82].fill(authorities[1]);
        if !extensions.is_empty() {
            data.resize(EXTENSIONS_OFFSET, 0);
            data[165] = 1;
        }
        for (number, value) in extensions {
            data.extend(number.to_le_bytes());
            data.extend(u16::try_from(value.len()).expect("short").to_le_bytes());
            data.extend(value);
        }
        AccountUpdate {
            key: ChainAddress::Solana([7; 32]),
            moment: Moment::default(),
            lamports: 1,
            owner: ChainAddress::Solana([0; 32]),
            data: data.into(),
        }
    }

    #[test]
    fn authorities_are_read_and_none_is_none() {
        let facts = MintFacts::decode(&mint([0, 0], &[])).expect("a mint");
        assert_eq!((facts.mint_authority, facts.freeze_authority), (None, None));
        assert_eq!((facts.decimals, facts.supply_raw), (6, 1_000));
        let facts = MintFacts::decode(&mint([1, 1], &[])).expect("a mint");
        assert_eq!(facts.mint_authority, Some(ChainAddress::Solana([1; 32])));
        assert_eq!(facts.freeze_authority, Some(ChainAddress::Solana([1; 32])));
        MintFacts::decode(&AccountUpdate {
            data: vec![0; 40].into(),
            ..mint([0, 0], &[])
        })
        .expect_err("too short");
    }

    #[test]
    fn extensions_that_bite_are_told_and_the_others_are_not() {
        let harmless = [
            (18, vec![1; 64]),
            (19, vec![1; 90]),
            (3, vec![1; 32]),
            (14, vec![0; 64]),
            (6, vec![1]),
        ];
        let facts = MintFacts::decode(&mint([0, 0], &harmless)).expect("a mint");
        assert_eq!(facts.bites, Vec::<String>::new());
        for (number, value) in [
            (6, vec![2]),
            (9, vec![]),
            (12, vec![1; 32]),
            (14, vec![1; 64]),
            (4, vec![0; 65]),
            (26, vec![0; 33]),
            (99, vec![]),
        ] {
            let facts = MintFacts::decode(&mint([0, 0], &[(number, value)])).expect("a mint");
            assert_eq!(facts.bites.len(), 1, "extension {number}");
        }
        let mut fees = vec![0; 108];
        fees[88..90].copy_from_slice(&250_u16.to_le_bytes());
        fees[106..108].copy_from_slice(&300_u16.to_le_bytes());
        let facts = MintFacts::decode(&mint([0, 0], &[(1, fees)])).expect("a mint");
        assert_eq!((facts.transfer_fee_bps, facts.bites.len()), (300, 0));
        MintFacts::decode(&mint([0, 0], &[(19, vec![])])).expect("empty");
        let mut cut = mint([0, 0], &[(19, vec![1; 9])]).data.to_vec();
        cut.pop();
        MintFacts::decode(&AccountUpdate {
            data: cut.into(),
            ..mint([0, 0], &[])
        })
        .expect_err("cut off");
    }
}
