//! From which day to which a report goes, as it is asked for in its address.

use crate::credits::month_of;
use crate::text_enum;
use crate::web::form::{Errors, trimmed};
use crate::web::text::{Times, YEARS, date};
use chrono::{Datelike, Days, Months, NaiveDate};

text_enum! {
    /// What the report offers.
    pub enum Span {
        ThisMonth = "", "This month";
        LastMonth = "last-month", "Last month";
        Days90 = "90-days", "Last 90 days";
        Months12 = "12-months", "Last 12 months";
        Dates = "dates", "From – to";
    }
}

/// The longest period, in days: a leap year.
pub const LONGEST: i64 = 366;

/// Both days belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Period {
    /// What is asked for. `None`, with sentences, where dates are that make no period.
    pub fn asked(span: Span, from: &str, to: &str, today: NaiveDate) -> Result<Self, Errors> {
        let month = month_of(today);
        let back = |months| month.checked_sub_months(Months::new(months)).unwrap_or(month);
        let (from, to) = match span {
            Span::ThisMonth => (month, today),
            Span::LastMonth => (back(1), month.pred_opt().unwrap_or(month)),
            Span::Days90 => (today.checked_sub_days(Days::new(89)).unwrap_or(today), today),
            Span::Months12 => (back(11), today),
            Span::Dates => return Self::of_dates(from, to),
        };
        Ok(Period { from, to })
    }

    pub fn this_month(times: &Times) -> Self {
        let today = times.this_day();
        Period { from: month_of(today), to: today }
    }

    fn of_dates(from: &str, to: &str) -> Result<Self, Errors> {
        let mut errors = Errors::default();
        let mut read = |field, text: &str, which: &str| {
            let day = read_day(text);
            if day.is_none() {
                errors.add(field, format!("Enter the {which} day as a date, such as 11-01-2026."));
            }
            day
        };
        let (from, to) = (read("from", from, "first"), read("to", to, "last"));
        let (Some(from), Some(to)) = (from, to) else { return Err(errors) };
        let period = Period { from, to };
        if to < from {
            return Err(Errors::one("to", format!("The last day is before the first. Enter {} or later.", date(from))));
        }
        if period.len() > LONGEST {
            let last = from.checked_add_days(Days::new(LONGEST as u64 - 1)).unwrap_or(from);
            let sentence = format!("A report covers {LONGEST} days at most. Enter {} or earlier.", date(last));
            return Err(Errors::one("to", sentence));
        }
        Ok(period)
    }

    /// Its days.
    pub fn len(&self) -> i64 {
        (self.to - self.from).num_days() + 1
    }

    pub fn days(&self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take(usize::try_from(self.len()).unwrap_or(0))
    }

    /// The first days of its last month and the eleven before.
    pub fn twelve_months(&self) -> Vec<NaiveDate> {
        let last = month_of(self.to);
        (0..12).rev().filter_map(|back| last.checked_sub_months(Months::new(back))).collect()
    }

    pub fn has_several_months(&self) -> bool {
        month_of(self.from) != month_of(self.to)
    }

    /// The month that teams and users are compared in.
    pub fn last_month(&self) -> NaiveDate {
        month_of(self.to)
    }

    /// "11-01-2026 to 11-20-2026"
    pub fn text(&self) -> String {
        match self.from == self.to {
            true => date(self.from),
            false => format!("{} to {}", date(self.from), date(self.to)),
        }
    }
}

/// As browsers send a date, or as pages show it.
fn read_day(text: &str) -> Option<NaiveDate> {
    let text = trimmed(text);
    let read = |format| NaiveDate::parse_from_str(&text, format).ok();
    read("%Y-%m-%d").or_else(|| read("%m-%d-%Y")).filter(|day| YEARS.contains(&day.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        read_day(text).unwrap()
    }

    fn asked(span: Span, today: &str) -> String {
        Period::asked(span, "", "", day(today)).unwrap().text()
    }

    #[test]
    fn spans_end_today_or_with_last_month() {
        assert_eq!(asked(Span::ThisMonth, "2026-11-20"), "11-01-2026 to 11-20-2026");
        assert_eq!(asked(Span::ThisMonth, "2026-11-01"), "11-01-2026");
        assert_eq!(asked(Span::LastMonth, "2026-11-20"), "10-01-2026 to 10-31-2026");
        assert_eq!(asked(Span::LastMonth, "2026-01-01"), "12-01-2025 to 12-31-2025");
        assert_eq!(asked(Span::LastMonth, "2028-03-31"), "02-01-2028 to 02-29-2028");
        assert_eq!(asked(Span::Days90, "2026-11-20"), "08-23-2026 to 11-20-2026");
        assert_eq!(asked(Span::Months12, "2026-11-20"), "12-01-2025 to 11-20-2026");
        let leap = Period::asked(Span::Months12, "", "", day("2028-12-31")).unwrap();
        assert_eq!(leap.len(), LONGEST);
    }

    #[test]
    fn dates_are_read_as_browsers_send_and_as_pages_show_them() {
        let period = Period::of_dates(" 2026-11-01", "11-20-2026").unwrap();
        assert_eq!((period.text().as_str(), period.len()), ("11-01-2026 to 11-20-2026", 20));
        assert_eq!(period.days().count(), 20);
    }

    #[test]
    fn what_is_no_period_is_told_beside_its_field() {
        let first = "Enter the first day as a date, such as 11-01-2026.";
        let last = "Enter the last day as a date, such as 11-01-2026.";
        let long = "A report covers 366 days at most. Enter 01-01-2027 or earlier.";
        for (from, to, field, sentence) in [
            ("", "2026-11-20", "from", first),
            ("2026-02-30", "2026-11-20", "from", first),
            ("99999-01-01", "2026-11-20", "from", first),
            ("2026-11-20", "tomorrow", "to", last),
            ("2026-11-20", "2026-11-19", "to", "The last day is before the first. Enter 11-20-2026 or later."),
            ("2026-01-01", "2027-01-02", "to", long),
        ] {
            let errors = Period::of_dates(from, to).unwrap_err();
            assert_eq!(errors.iter().collect::<Vec<_>>(), [&(field, sentence.to_owned())], "{from} {to}");
        }
        assert!(Period::of_dates("2026-01-01", "2027-01-01").is_ok());
        assert_eq!(Period::of_dates("", "").unwrap_err().iter().count(), 2);
    }

    #[test]
    fn twelve_months_end_with_the_periods_last() {
        let months = Period::of_dates("2026-01-15", "2026-02-03").unwrap().twelve_months();
        assert_eq!((months.len(), months[0], months[11]), (12, day("2025-03-01"), day("2026-02-01")));
    }
}
