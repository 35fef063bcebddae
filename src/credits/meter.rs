//! A bar that shows how full something is, with what it says in words.

use super::model::{Allocation, Pool, share};
use crate::web::text::{Times, date, number};
use chrono::NaiveDate;

pub struct Meter {
    pub title: &'static str,
    /// "340 / 600"
    pub figures: String,
    /// "warn" from 90 percent, "bad" when used up.
    pub tone: &'static str,
    /// For those who do not see the bar.
    pub words: String,
    /// Allocated and used, in thousandths.
    pub given: i64,
    pub used: i64,
    /// The lines under the bar.
    pub notes: Vec<String>,
}

impl Meter {
    /// What the account has of a kind, and when that runs out.
    pub fn of_pool(pool: &Pool, runs_out: Option<NaiveDate>, times: &Times) -> Self {
        let pace = |day| format!("Runs out about {} at the pace of the last 28 days", date(day));
        Meter {
            title: pool.kind.label(),
            figures: format!("{} / {}", number(pool.used), number(pool.total)),
            tone: tone(pool.used, pool.total),
            words: pool.in_words(),
            given: share(pool.allocated, pool.total),
            used: pool.used_share(),
            notes: [Some(pool.note()), cycle_end(pool, times), runs_out.map(pace)].into_iter().flatten().collect(),
        }
    }

    /// What one user has of a kind.
    pub fn of_part(part: &Allocation, pool: &Pool, times: &Times) -> Self {
        let (used, allocated, left) = (number(part.used), number(part.allocated), number(part.left()));
        Meter {
            title: part.kind.title(),
            figures: format!("{used} / {allocated}"),
            tone: tone(part.used, part.allocated),
            words: format!("{used} used of {allocated} allocated, {left} left"),
            given: 0,
            used: share(part.used, part.allocated),
            notes: [Some(part.left_in_words()), cycle_end(pool, times)].into_iter().flatten().collect(),
        }
    }
}

impl Allocation {
    /// "288 left", "Running low, 12 left", "Used up".
    pub fn left_in_words(&self) -> String {
        let left = number(self.left());
        match tone(self.used, self.allocated) {
            _ if self.allocated == 0 => "Nothing allocated".to_owned(),
            "bad" => "Used up".to_owned(),
            "warn" => format!("Running low, {left} left"),
            _ => format!("{left} left"),
        }
    }
}

fn cycle_end(pool: &Pool, times: &Times) -> Option<String> {
    Some(format!("Cycle ends {}", times.day(&pool.cycle_ends_at?)))
}

fn tone(used: i64, total: i64) -> &'static str {
    match share(used, total) {
        _ if total == 0 => "",
        1000.. => "bad",
        900.. => "warn",
        _ => "",
    }
}
