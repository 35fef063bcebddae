//! Queries that are prepared once a connection, though Diesel would prepare them each time.

use super::{Backend, Conn};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// Diesel prepares whatever holds a piece of SQL (`sql`) or a list (`eq_any`) anew each time, since there might be no end of
/// different texts. Of these there are few: pieces that the program has written, lists as long as a page at most. SQLite
/// needs as long for preparing as for answering. For what is loaded: `execute` does not ask the wrapper, so each UPDATE is
/// prepared anew.
pub struct Prepared<Q>(pub Q);

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

impl<Q: QueryFragment<Backend>> QueryFragment<Backend> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &Backend) -> QueryResult<bool> {
        Ok(true)
    }
}

/// Known by its text.
impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> RunQueryDsl<Conn> for Prepared<Q> {}
