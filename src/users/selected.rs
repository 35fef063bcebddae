//! Who is selected, as the bar below the list sends it.

use super::list::ListQuery;
use crate::access::UserId;
use crate::error::{Error, Result};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Selected {
    id: Vec<String>,
    /// The head's box without script: all that the page shows.
    page: String,
    shown: Vec<String>,
    /// All that match the list's filter, instead.
    all: String,
    /// The list: its query string.
    pub back: String,
    /// The button that was pressed.
    pub action: String,
}

impl Selected {
    /// The ids, each of them a number; None for all that match.
    pub fn ids(&self) -> Result<Option<Vec<UserId>>> {
        if !self.all.is_empty() {
            return Ok(None);
        }
        let shown = if self.page.is_empty() { &[] } else { self.shown.as_slice() };
        let ids = self.id.iter().chain(shown).map(|id| id.parse().map(UserId).map_err(|_| Error::NotFound));
        ids.collect::<Result<Vec<_>>>().map(Some)
    }

    /// The list whose filter counts. One that can't be read is an error: it must not come to mean everybody.
    pub fn list(&self) -> Result<ListQuery> {
        ListQuery::parse(&self.back).ok_or(Error::BadRequest)
    }
}
