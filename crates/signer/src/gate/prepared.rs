//! `Prepared`: statements that a connection keeps understood: to read the text again takes longer than most of them do.

use rusqlite::{Connection, Params, Row};

/// As the methods of [`Connection`] that these stand for, `execute` and `query_row`.
pub(super) trait Prepared {
    /// How many rows it changed.
    fn change<P: Params>(&self, text: &str, params: P) -> rusqlite::Result<usize>;

    /// Its one row.
    fn read_row<T, P, F>(&self, text: &str, params: P, read: F) -> rusqlite::Result<T>
    where
        P: Params,
        F: FnOnce(&Row<'_>) -> rusqlite::Result<T>;
}

impl Prepared for Connection {
    fn change<P: Params>(&self, text: &str, params: P) -> rusqlite::Result<usize> {
        self.prepare_cached(text)?.execute(params)
    }

    fn read_row<T, P, F>(&self, text: &str, params: P, read: F) -> rusqlite::Result<T>
    where
        P: Params,
        F: FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    {
        self.prepare_cached(text)?.query_row(params, read)
    }
}
