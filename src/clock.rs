//! The time: always UTC, cut to microseconds, which is what both databases keep.

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};

/// Now, in UTC, to the microsecond.
pub fn now() -> NaiveDateTime {
    Utc::now().naive_utc().trunc_subsecs(6)
}

/// The moment that stands for "never" in columns that lists sort by: 1970-01-01 00:00 UTC.
pub fn never() -> NaiveDateTime {
    DateTime::UNIX_EPOCH.naive_utc()
}
