//! `verify`: every balance and every sum, rebuilt from the entries.

use super::model::{Pool, pools};
use crate::access::AccountId;
use crate::db::Conn;
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// What `verify` found wrong, one sentence each.
pub type Differences = Vec<String>;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// What the entries of a pool come to.
#[derive(QueryableByName, Debug, PartialEq, Eq)]
struct Balances {
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = BigInt)]
    allocated: i64,
    #[diesel(sql_type = BigInt)]
    used: i64,
}

/// What was used in earlier cycles is gone from the total. ($1, $2 and $3 in the order in which they first stand: SQLite counts
/// them so.)
const OF_ENTRIES: &str = "\
    SELECT CAST(COALESCE(SUM(CASE WHEN entry = 'grant' THEN amount WHEN entry = 'expire' THEN -amount \
    WHEN entry = 'use' AND cycle < $1 THEN -amount WHEN entry = 'refund' AND cycle < $1 THEN amount ELSE 0 END), 0) \
    AS BIGINT) AS total, \
    CAST(COALESCE(SUM(CASE entry WHEN 'allocate' THEN amount WHEN 'take_back' THEN -amount ELSE 0 END), 0) AS BIGINT) \
    AS allocated, \
    CAST(COALESCE(SUM(CASE WHEN cycle <> $1 THEN 0 WHEN entry = 'use' THEN amount WHEN entry = 'refund' THEN -amount \
    ELSE 0 END), 0) AS BIGINT) AS used \
    FROM ledger WHERE account_id = $2 AND kind = $3";

const OF_PARTS: &str = "\
    SELECT CAST(0 AS BIGINT) AS total, CAST(COALESCE(SUM(allocated), 0) AS BIGINT) AS allocated, \
    CAST(COALESCE(SUM(CASE WHEN cycle = $1 THEN used ELSE 0 END), 0) AS BIGINT) AS used \
    FROM allocations WHERE account_id = $2 AND kind = $3";

/// What users have, against what their entries come to: what differs is left.
const USERS: &str = "\
    SELECT COUNT(*) AS n FROM (SELECT user_id, kind FROM (\
    SELECT allocations.user_id, allocations.kind, allocations.allocated AS allocated, \
    CASE WHEN allocations.cycle = credit_pools.cycle THEN allocations.used ELSE 0 END AS used \
    FROM allocations JOIN credit_pools ON credit_pools.account_id = allocations.account_id \
    AND credit_pools.kind = allocations.kind WHERE allocations.account_id = $1 \
    UNION ALL \
    SELECT ledger.user_id, ledger.kind, \
    CASE ledger.entry WHEN 'allocate' THEN -ledger.amount WHEN 'take_back' THEN ledger.amount ELSE 0 END, \
    CASE WHEN ledger.cycle <> credit_pools.cycle THEN 0 WHEN ledger.entry = 'use' THEN -ledger.amount \
    WHEN ledger.entry = 'refund' THEN ledger.amount ELSE 0 END \
    FROM ledger JOIN credit_pools ON credit_pools.account_id = ledger.account_id AND credit_pools.kind = ledger.kind \
    JOIN users ON users.account_id = ledger.account_id AND users.id = ledger.user_id WHERE ledger.account_id = $1\
    ) AS both_sides GROUP BY user_id, kind HAVING SUM(allocated) <> 0 OR SUM(used) <> 0) AS differing";

/// What each entry says that its user had left, against the entries up to it.
const ENTRIES: &str = "\
    SELECT COUNT(*) AS n FROM (SELECT balance, \
    SUM(CASE entry WHEN 'allocate' THEN amount WHEN 'take_back' THEN -amount ELSE 0 END) \
    OVER (PARTITION BY user_id, kind ORDER BY id) \
    - SUM(CASE entry WHEN 'use' THEN amount WHEN 'refund' THEN -amount ELSE 0 END) \
    OVER (PARTITION BY user_id, kind, cycle ORDER BY id) AS counted \
    FROM ledger WHERE account_id = $1 AND user_id IS NOT NULL) AS running WHERE balance <> counted";

/// The account's usage by day, against the entries that have one.
const DAYS: &str = "\
    SELECT COUNT(*) AS n FROM (SELECT kind, day FROM (\
    SELECT kind, day, amount FROM usage_days WHERE account_id = $1 AND scope = 'account' \
    UNION ALL \
    SELECT kind, day, CASE entry WHEN 'use' THEN -amount ELSE amount END FROM ledger \
    WHERE account_id = $1 AND day IS NOT NULL\
    ) AS both_sides GROUP BY kind, day HAVING SUM(amount) <> 0) AS differing";

/// The same of each user that there is.
const USER_DAYS: &str = "\
    SELECT COUNT(*) AS n FROM (SELECT user_id, kind, day FROM (\
    SELECT of_id AS user_id, kind, day, amount FROM usage_days WHERE account_id = $1 AND scope = 'user' \
    UNION ALL \
    SELECT ledger.user_id, ledger.kind, ledger.day, CASE ledger.entry WHEN 'use' THEN -ledger.amount ELSE ledger.amount END \
    FROM ledger JOIN users ON users.account_id = ledger.account_id AND users.id = ledger.user_id \
    WHERE ledger.account_id = $1 AND ledger.day IS NOT NULL\
    ) AS both_sides GROUP BY user_id, kind, day HAVING SUM(amount) <> 0) AS differing";

/// Usage by month, against usage by day, of everybody.
const MONTHS: &str = "\
    SELECT COUNT(*) AS n FROM (SELECT scope, of_id, kind, month FROM (\
    SELECT scope, of_id, kind, CAST(month AS TEXT) AS month, amount FROM usage_months WHERE account_id = $1 \
    UNION ALL \
    SELECT scope, of_id, kind, SUBSTR(CAST(day AS TEXT), 1, 8) || '01', -amount FROM usage_days WHERE account_id = $1\
    ) AS both_sides GROUP BY scope, of_id, kind, month HAVING SUM(amount) <> 0) AS differing";

/// Adds everything up again.
pub fn recount(conn: &mut Conn, account: AccountId) -> Result<Differences> {
    let mut wrong = vec![];
    for pool in pools(conn, account)? {
        wrong.extend(recount_pool(conn, account, &pool)?);
    }
    for (what, query) in [
        ("amounts of users are not what their entries in the ledger come to", USERS),
        ("entries in the ledger have another balance than those before them come to", ENTRIES),
        ("days of usage are not what the ledger says", DAYS),
        ("days of users' usage are not what the ledger says", USER_DAYS),
        ("months of usage are not the sum of their days", MONTHS),
    ] {
        let differing = diesel::sql_query(query).bind::<BigInt, _>(account).get_result::<Count>(conn)?.n;
        if differing > 0 {
            wrong.push(format!("account {}: {differing} {what}", account.0));
        }
    }
    Ok(wrong)
}

fn recount_pool(conn: &mut Conn, account: AccountId, pool: &Pool) -> Result<Differences> {
    let mut ask = |query: &str| -> Result<Balances> {
        use diesel::sql_types::{Integer, Text};
        let query = diesel::sql_query(query).bind::<Integer, _>(pool.cycle).bind::<BigInt, _>(account);
        Ok(query.bind::<Text, _>(pool.kind).get_result(conn)?)
    };
    let kept = Balances { total: pool.total, allocated: pool.allocated, used: pool.used };
    let of_entries = ask(OF_ENTRIES)?;
    let of_parts = ask(OF_PARTS)?;
    let of_parts =
        Balances { total: pool.total, allocated: of_parts.allocated + pool.erased, used: of_parts.used + pool.erased };
    let differing = |what: &str, found: Balances| {
        (found != kept).then(|| {
            format!(
                "account {}: pool {} says {} in all, {} allocated and {} used, its {what} add up to {}, {} and {}",
                account.0,
                pool.kind.code(),
                kept.total,
                kept.allocated,
                kept.used,
                found.total,
                found.allocated,
                found.used
            )
        })
    };
    Ok([differing("entries", of_entries), differing("allocations", of_parts)].into_iter().flatten().collect())
}
