//! How numbers, times and names look on screen.

use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use std::ops::RangeInclusive;

/// Years that both databases can be asked for, and then some: beyond, Postgres fails.
pub const YEARS: RangeInclusive<i32> = 1..=9998;

/// "5000", "12,400": five digits and more get a comma.
pub fn number(n: impl std::fmt::Display) -> String {
    let text = n.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    if digits.len() < 5 {
        return text;
    }
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    format!("{sign}{out}")
}

/// "1 user", "1240 users".
pub fn counted(n: impl std::fmt::Display, one: &str, many: &str) -> String {
    match number(n) {
        n if n == "1" => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}

/// A day as `MM-DD-YYYY`.
pub fn date(day: NaiveDate) -> String {
    day.format("%m-%d-%Y").to_string()
}

/// "AO" of Amara Okafor: the first letters of the first and the last word.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let letters = first.into_iter().chain(words.next_back());
    letters.flat_map(char::to_uppercase).collect()
}

/// The account's clock.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    zone: Tz,
    now: NaiveDateTime,
}

impl Times {
    /// An unknown zone reads as UTC.
    pub fn new(zone: &str, now: NaiveDateTime) -> Self {
        Times { zone: zone.parse().unwrap_or(Tz::UTC), now }
    }

    /// `MM-DD-YYYY HH:MM`
    pub fn full(&self, at: &NaiveDateTime) -> String {
        self.zone.from_utc_datetime(at).format("%m-%d-%Y %H:%M").to_string()
    }

    /// Today, as file names have it: `YYYY-MM-DD`.
    pub fn today(&self) -> String {
        self.this_day().to_string()
    }

    /// Today.
    pub fn this_day(&self) -> NaiveDate {
        self.date(&self.now)
    }

    /// The day on which something was.
    pub fn date(&self, at: &NaiveDateTime) -> NaiveDate {
        self.zone.from_utc_datetime(at).date_naive()
    }

    /// `MM-DD-YYYY`
    pub fn day(&self, at: &NaiveDateTime) -> String {
        date(self.date(at))
    }

    /// `YYYY-MM-DDTHH:MM:SSZ`, for `<time datetime>`.
    pub fn machine(&self, at: &NaiveDateTime) -> String {
        Utc.from_utc_datetime(at).format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// "Now", "12 min ago", "3 hours ago", "Yesterday 17:42", then the date; "Never" for the epoch.
    pub fn ago(&self, at: &NaiveDateTime) -> String {
        if *at == crate::clock::never() {
            return "Never".into();
        }
        let age = self.now - *at;
        let (then, today) = (self.zone.from_utc_datetime(at), self.zone.from_utc_datetime(&self.now).date_naive());
        match age {
            _ if age < Duration::minutes(1) => "Now".into(),
            _ if age < Duration::hours(1) => format!("{} min ago", age.num_minutes()),
            _ if then.date_naive() == today => match age.num_hours() {
                1 => "1 hour ago".into(),
                hours => format!("{hours} hours ago"),
            },
            _ if Some(then.date_naive()) == today.pred_opt() => then.format("Yesterday %H:%M").to_string(),
            _ => self.full(at),
        }
    }

    /// The moment at which a day (`YYYY-MM-DD`) begins in this zone, in UTC; None if it is no day.
    pub fn start_of(&self, day: &str) -> Option<NaiveDateTime> {
        let day = chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").ok().filter(|day| YEARS.contains(&day.year()))?;
        // A day whose midnight is skipped by summer time begins an hour later.
        let start = (0..3).find_map(|hour| self.zone.from_local_datetime(&day.and_hms_opt(hour, 0, 0)?).earliest())?;
        Some(start.naive_utc())
    }

    /// The next moment after `after` at which such a day of a month begins in this zone, in UTC.
    pub fn next_month_day(&self, day: i32, after: NaiveDateTime) -> Option<NaiveDateTime> {
        let first = self.date(&after).with_day(1)?;
        let starts = (0..=2).filter_map(|months| {
            let month = first.checked_add_months(chrono::Months::new(months))?;
            self.start_of(&month.with_day(u32::try_from(day).ok()?)?.to_string())
        });
        starts.into_iter().find(|start| *start > after)
    }

    /// The moment at which a day is over: the start of the next.
    pub fn end_of(&self, day: &str) -> Option<NaiveDateTime> {
        let day = chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
        self.start_of(&day.succ_opt()?.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_get_a_comma_from_five_digits_on() {
        for (n, text) in [(0, "0"), (5000, "5000"), (12400, "12,400"), (1234567, "1,234,567"), (-12400, "-12,400")] {
            assert_eq!(number(n), text);
        }
    }

    #[test]
    fn initials_take_the_first_and_the_last_word() {
        for (name, letters) in
            [("Amara Okafor", "AO"), ("Prince", "P"), ("Mei-Ling van der Berg", "MB"), ("", ""), ("(x) öz", "XÖ")]
        {
            assert_eq!(initials(name), letters);
        }
    }

    #[test]
    fn times_are_told_in_the_accounts_zone() {
        let at = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
        let times = Times::new("America/New_York", at("2026-11-22 14:00"));
        assert_eq!(times.full(&at("2026-03-11 18:38")), "03-11-2026 14:38");
        assert_eq!(times.ago(&at("2026-11-22 13:48")), "12 min ago");
        assert_eq!(times.ago(&at("2026-11-22 12:30")), "1 hour ago");
        assert_eq!(times.ago(&at("2026-11-21 22:42")), "Yesterday 17:42");
        assert_eq!(times.ago(&at("2026-11-20 22:42")), "11-20-2026 17:42");
        assert_eq!(times.ago(&crate::clock::never()), "Never");
        assert_eq!(times.start_of("2026-11-22"), Some(at("2026-11-22 05:00")));
        assert_eq!(times.end_of("2026-11-22"), Some(at("2026-11-23 05:00")));
        assert_eq!(times.start_of("2026-02-30"), None);
        // The night of November's last day is December in UTC already.
        assert_eq!(times.next_month_day(1, at("2026-12-01 03:00")), Some(at("2026-12-01 05:00")));
        assert_eq!(times.next_month_day(1, at("2026-12-01 05:00")), Some(at("2027-01-01 05:00")));
        assert_eq!(times.next_month_day(15, at("2026-03-01 05:00")), Some(at("2026-03-15 04:00")));
    }
}
