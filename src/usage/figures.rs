//! What a report shows of one period: by day and by month, as charts and tables.

use super::chart::{Chart, Labels, Value};
use super::period::Period;
use crate::access::AccountId;
use crate::credits::sums::{self, Sum};
use crate::credits::{CreditKind, Whose};
use crate::db::Conn;
use crate::error::Result;
use crate::web::download::Cell;
use crate::web::text::{date, number};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// Which kind is drawn where nobody has chosen: the first that was used.
const FIRST: [CreditKind; 4] = [CreditKind::Calling, CreditKind::Minutes, CreditKind::DirectDial, CreditKind::Export];

/// What was used of each kind in a day or a month.
pub struct Row {
    pub start: NaiveDate,
    amounts: [i64; CreditKind::ALL.len()],
}

impl Row {
    pub fn amount(&self, kind: &CreditKind) -> i64 {
        self.amounts[*kind as usize]
    }

    /// As shown.
    pub fn text(&self, kind: &CreditKind) -> String {
        number(self.amount(kind))
    }

    pub fn date(&self) -> String {
        date(self.start)
    }

    /// "November 2026"
    pub fn month(&self) -> String {
        self.start.format("%B %Y").to_string()
    }

    pub fn cells(&self) -> Vec<Cell> {
        [Cell::Text(self.date())].into_iter().chain(self.amounts.map(Cell::Number)).collect()
    }

    fn is_blank(&self) -> bool {
        self.amounts.iter().all(|amount| *amount == 0)
    }
}

/// One row for each of these starts, in their order.
fn rows(starts: impl IntoIterator<Item = NaiveDate>, sums: Vec<Sum>) -> Vec<Row> {
    let mut amounts: BTreeMap<NaiveDate, [i64; CreditKind::ALL.len()]> = BTreeMap::new();
    for sum in sums {
        amounts.entry(sum.start).or_default()[sum.kind as usize] += sum.amount;
    }
    starts.into_iter().map(|start| Row { start, amounts: amounts.remove(&start).unwrap_or_default() }).collect()
}

pub struct Figures {
    pub period: Period,
    /// Which is drawn.
    pub kind: CreditKind,
    /// Each day of the period.
    days: Vec<Row>,
    /// Its last month, and the eleven before.
    months: Vec<Row>,
}

impl Figures {
    pub fn load(
        conn: &mut Conn,
        account: AccountId,
        whose: Whose,
        period: Period,
        kind: Option<CreditKind>,
    ) -> Result<Self> {
        let days = rows(period.days(), sums::days(conn, account, whose, period.from, period.to)?);
        let starts = period.twelve_months();
        let first = starts.first().copied().unwrap_or(period.to);
        let months = rows(starts, sums::months(conn, account, whose, first, period.to)?);
        let is_used = |kind: &CreditKind| days.iter().chain(&months).any(|row| row.amount(kind) > 0);
        let kind = kind.or_else(|| FIRST.into_iter().find(is_used)).unwrap_or(FIRST[0]);
        Ok(Figures { period, kind, days, months })
    }

    /// The days on which something was used, newest first.
    pub fn days(&self) -> Vec<&Row> {
        self.days.iter().rev().filter(|row| !row.is_blank()).collect()
    }

    /// The months, newest first, from the first in which something was used.
    pub fn months(&self) -> Vec<&Row> {
        self.months.iter().skip_while(|row| row.is_blank()).collect::<Vec<_>>().into_iter().rev().collect()
    }

    pub fn has_days(&self) -> bool {
        self.days.iter().any(|row| !row.is_blank())
    }

    pub fn has_months(&self) -> bool {
        self.months.iter().any(|row| !row.is_blank())
    }

    /// "Calling credits": what is drawn, as a title begins.
    fn noun(&self) -> String {
        match self.kind {
            CreditKind::Minutes => "Minutes".to_owned(),
            kind => kind.noun().to_owned(),
        }
    }

    pub fn by_day(&self) -> Chart {
        let value = |row: &Row| Value {
            label: row.start.format("%m-%d").to_string(),
            title: format!("{}: {} {}", row.date(), row.text(&self.kind), self.kind.noun()),
            amount: row.amount(&self.kind),
        };
        let values: Vec<Value> = self.days.iter().map(value).collect();
        let about = format!("{}, {}", self.period.text(), extent(&values, "a day"));
        Chart::of("days", format!("{} used per day", self.noun()), about, &values, Labels::Days)
    }

    pub fn by_month(&self) -> Chart {
        let value = |row: &Row| Value {
            label: row.start.format("%b").to_string(),
            title: format!("{}: {} {}", row.month(), row.text(&self.kind), self.kind.noun()),
            amount: row.amount(&self.kind),
        };
        let values: Vec<Value> = self.months.iter().map(value).collect();
        let months = [self.months.first(), self.months.last()].map(|row| row.map_or(String::new(), Row::month));
        let about = format!("{} to {}, {}", months[0], months[1], extent(&values, "a month"));
        Chart::of("months", format!("{} used per month", self.noun()), about, &values, Labels::Months)
    }
}

/// "0 to 66 a day"
fn extent(values: &[Value], each: &str) -> String {
    let amounts = values.iter().map(|value| value.amount);
    let (least, most) = (amounts.clone().min().unwrap_or(0), amounts.max().unwrap_or(0));
    format!("{} to {} {each}", number(least), number(most))
}
