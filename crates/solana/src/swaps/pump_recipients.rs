//! The fee recipients that pump's settings list, one of which every trade must name.

use tradewind_core::solana::AccountFields;

use super::{SwapError, key};
use crate::Key;

/// Recipients in the order of the settings, without the empty places; never none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipients(Vec<Key>);

impl Recipients {
    /// Those given, unless there are none.
    #[must_use]
    pub fn new(recipients: Vec<Key>) -> Option<Self> {
        (!recipients.is_empty()).then_some(Self(recipients))
    }

    /// Reads lists of keys that begin at these offsets.
    ///
    /// # Errors
    /// `account_malformed` when the account ends before them, or none is set.
    pub(super) fn read(
        fields: &AccountFields<'_>,
        field: &'static str,
        lists: &[(usize, usize)],
    ) -> Result<Self, SwapError> {
        let mut recipients = Vec::new();
        for (offset, count) in lists {
            for place in 0..*count {
                recipients.push(key(fields.key(field, offset + 32 * place)?));
            }
        }
        recipients.retain(|recipient| *recipient != Key([0; 32]));
        Self::new(recipients).ok_or_else(|| {
            let fault = "names nobody, so the program refuses every trade".to_owned();
            fields.malformed(field, fault).into()
        })
    }

    /// The one at a place, counted around.
    pub(super) fn at(&self, place: u8) -> Key {
        let place = usize::from(place).checked_rem(self.0.len());
        let recipient = place.and_then(|place| self.0.get(place));
        recipient.copied().unwrap_or(Key([0; 32]))
    }
}
