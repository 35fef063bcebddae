//! When a pool runs out, if it goes on as in the last four weeks.

use crate::access::AccountId;
use crate::credits::{self, CreditKind, Meter, Pool, Whose, sums};
use crate::db::Conn;
use crate::error::Result;
use crate::web::text::Times;
use chrono::{Days, NaiveDate};

/// The days before today that the pace is taken from.
const PACE_DAYS: u64 = 28;
/// As many of them there must be since the first usage.
const ENOUGH_DAYS: i64 = 14;
/// Nothing is said of what is further away.
const HORIZON_DAYS: i64 = 365;

/// The pools that run out before their cycle ends, and when: one query for all of them.
fn run_out(conn: &mut Conn, account: AccountId, pools: &[Pool], times: &Times) -> Result<Vec<(CreditKind, NaiveDate)>> {
    let today = times.this_day();
    let (Some(from), Some(to)) = (today.checked_sub_days(Days::new(PACE_DAYS)), today.pred_opt()) else {
        return Ok(vec![]);
    };
    let used = sums::days(conn, account, Whose::Account, from, to)?;
    let run_out = |pool: &Pool| {
        let days = used.iter().filter(|sum| sum.kind == pool.kind).map(|sum| (sum.start, sum.amount));
        let pace = Pace::of(&days.collect::<Vec<_>>(), today)?;
        let cycle_end = pool.cycle_ends_at.map(|end| times.date(&end));
        Some((pool.kind, pace.last_day_of(pool.left(), today, cycle_end)?))
    };
    Ok(pools.iter().filter_map(run_out).collect())
}

/// The account's pools as bars, with when they run out.
pub fn pool_meters(conn: &mut Conn, account: AccountId, times: &Times) -> Result<Vec<(CreditKind, Meter)>> {
    let pools = credits::pools(conn, account)?;
    let out = run_out(conn, account, &pools, times)?;
    let meter = |pool: &Pool| {
        let runs_out = out.iter().find(|(kind, _)| *kind == pool.kind).map(|(_, day)| *day);
        (pool.kind, Meter::of_pool(pool, runs_out, times))
    };
    Ok(pools.iter().map(meter).collect())
}

/// So much in so many days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pace {
    used: i64,
    days: i64,
}

impl Pace {
    /// What was used by day before today; None where that is too little to say anything.
    fn of(days: &[(NaiveDate, i64)], today: NaiveDate) -> Option<Self> {
        let first = days.iter().filter(|(_, amount)| *amount > 0).map(|(day, _)| *day).min()?;
        let pace = Pace { used: days.iter().map(|(_, amount)| amount).sum(), days: (today - first).num_days() };
        (pace.used > 0 && pace.days >= ENOUGH_DAYS).then_some(pace)
    }

    /// The day on which `left` is used up: None where nothing is left, after the cycle's end, and beyond a year.
    fn last_day_of(self, left: i64, today: NaiveDate, cycle_end: Option<NaiveDate>) -> Option<NaiveDate> {
        let days = i128::from(left) * i128::from(self.days) / i128::from(self.used);
        let days = i64::try_from(days).ok().filter(|days| left > 0 && *days <= HORIZON_DAYS)?;
        let day = today.checked_add_days(Days::new(u64::try_from(days).ok()?))?;
        cycle_end.is_none_or(|end| day < end).then_some(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn today() -> NaiveDate {
        day("2026-11-20")
    }

    /// So much on each of the last `days` days.
    fn daily(days: u64, amount: i64) -> Option<Pace> {
        let all: Vec<_> = (1..=days).map(|back| (today() - Days::new(back), amount)).collect();
        Pace::of(&all, today())
    }

    #[test]
    fn the_pace_is_that_of_the_days_since_the_first_usage_if_these_are_enough() {
        assert_eq!(daily(28, 10), Some(Pace { used: 280, days: 28 }));
        assert_eq!(daily(14, 10), Some(Pace { used: 140, days: 14 }));
        assert_eq!(daily(13, 10), None);
        assert_eq!(daily(0, 10), None);
        let quiet = [(day("2026-10-30"), 5), (day("2026-11-02"), 9)];
        assert_eq!(Pace::of(&quiet, today()), Some(Pace { used: 14, days: 21 }), "days without usage count");
        let refunded = [(day("2026-10-30"), 5), (day("2026-11-02"), -9)];
        assert_eq!(Pace::of(&refunded, today()), None);
    }

    #[test]
    fn a_pool_runs_out_before_its_cycle_ends_and_within_a_year_or_nothing_is_said() {
        let pace = daily(28, 10).unwrap();
        let out = |left, end: Option<&str>| pace.last_day_of(left, today(), end.map(day));
        assert_eq!(out(100, None), Some(day("2026-11-30")));
        assert_eq!(out(109, None), Some(day("2026-11-30")), "in the course of that day");
        assert_eq!(out(5, None), Some(today()));
        assert_eq!(out(100, Some("2026-12-01")), Some(day("2026-11-30")));
        assert_eq!(out(110, Some("2026-12-01")), None, "the next cycle has begun by then");
        assert_eq!(out(0, None), None);
        assert_eq!(out(3650, None), Some(day("2027-11-20")));
        assert_eq!(out(3660, None), None);
        assert_eq!(out(i64::MAX, None), None);
    }
}
