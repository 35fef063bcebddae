//! The days of an account's history, and how busy each was.

use crate::web::text::Times;
use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, Weekday};
use std::ops::Range;

pub struct Day {
    pub date: NaiveDate,
    /// When it begins, in UTC.
    pub start: NaiveDateTime,
    /// Which month of the history it is in.
    pub month: usize,
    /// How much is used on it, as against others.
    pub weight: f64,
}

pub struct Month {
    pub first: NaiveDate,
    pub start: NaiveDateTime,
    /// The weights of all its days, also of those to come.
    weight: f64,
}

pub struct Calendar {
    pub days: Vec<Day>,
    pub months: Vec<Month>,
    times: Times,
    now: NaiveDateTime,
}

impl Calendar {
    /// From the day of `begin` to that of `now`.
    pub fn new(times: Times, begin: NaiveDateTime, now: NaiveDateTime) -> Self {
        let (first, last) = (times.date(&begin), times.date(&now));
        let start = |day: NaiveDate| times.start_of(&day.to_string()).unwrap_or(begin);
        let mut calendar = Calendar { days: vec![], months: vec![], times, now };
        for date in first.iter_days().take_while(|day| *day <= last) {
            if calendar.months.last().is_none_or(|month| month.first.month() != date.month()) {
                let first = date.with_day(1).unwrap_or(date);
                let days = first.iter_days().take_while(|day| day.month() == first.month());
                calendar.months.push(Month { first, start: start(first), weight: days.map(weight).sum() });
            }
            let month = calendar.months.len() - 1;
            calendar.days.push(Day { date, start: start(date), month, weight: weight(date) });
        }
        calendar
    }

    /// The place of the day on which something was.
    fn index(&self, at: NaiveDateTime) -> usize {
        let days = self.days.first().map_or(0, |first| (self.times.date(&at) - first.date).num_days());
        usize::try_from(days).unwrap_or(0).min(self.days.len())
    }

    /// The days on which somebody was here: from the one after they were added, to the last.
    pub fn days_between(&self, added: NaiveDateTime, last: NaiveDateTime) -> Range<usize> {
        let first = self.index(added) + 1;
        first..(self.index(last) + 1).min(self.days.len()).max(first)
    }

    pub fn month_of(&self, at: NaiveDateTime) -> usize {
        self.days.get(self.index(at)).map_or(0, |day| day.month)
    }

    /// How much of a month these days of it are.
    pub fn part_of_month(&self, days: Range<usize>) -> f64 {
        let Some(month) = self.days.get(days.start).map(|day| &self.months[day.month]) else { return 0.0 };
        self.days[days].iter().map(|day| day.weight).sum::<f64>() / month.weight
    }

    /// How far an account had grown in a month: to 1 in the last.
    pub fn growth(&self, month: usize) -> f64 {
        0.55 + 0.45 * (month + 1) as f64 / self.months.len() as f64
    }

    /// Some time of a working day, before `last`. `unit`: from 0 to 1.
    pub fn time_of(&self, day: usize, last: NaiveDateTime, unit: f64) -> NaiveDateTime {
        let start = self.days[day].start;
        let at = start + Duration::seconds((3600.0 * (8.0 + 10.0 * unit)) as i64);
        if at < last {
            return at;
        }
        let until = (last.min(self.now) - start).num_seconds().max(0);
        start + Duration::seconds((until as f64 * unit) as i64)
    }

    /// When the month that follows begins.
    pub fn next_month(&self) -> Option<NaiveDateTime> {
        self.times.next_month_day(1, self.now)
    }
}

/// Weekdays more than weekends, least at the end of the year and in summer.
fn weight(day: NaiveDate) -> f64 {
    let of_week = match day.weekday() {
        Weekday::Mon => 0.9,
        Weekday::Tue | Weekday::Wed => 1.1,
        Weekday::Thu => 1.0,
        Weekday::Fri => 0.8,
        Weekday::Sat => 0.18,
        Weekday::Sun => 0.08,
    };
    let of_year = match (day.month(), day.day()) {
        (12, 23..) | (1, 1) => 0.2,
        (7 | 8, _) => 0.8,
        (3 | 10 | 11, _) => 1.1,
        _ => 1.0,
    };
    of_week * of_year
}
