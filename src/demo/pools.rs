//! What the demo's users have of the account's credits and minutes, and when they used it: given out one user after the
//! other, so that the pools end up as full as [`samples`](super::samples) says, whatever the number of users.

use super::calendar::Calendar;
use super::people::Person;
use super::random::Random;
use super::samples::{A_POOL_FOR, Pool, Sample};
use crate::credits::{AtCycleEnd, CreditKind};
use crate::teams::TeamId;
use chrono::{NaiveDate, NaiveDateTime};
use std::collections::BTreeMap;
use std::ops::Range;

/// So many of the first users use something day by day. Of those beyond them, a demo of a million takes two minutes as it is.
const DAILY: u32 = 1_500;
/// Percent of those beyond who have something.
const SELDOM: u32 = 10;
/// What is used at once, about.
const AT_ONCE: i64 = 3;

/// One user's part of one pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub kind: CreditKind,
    pub allocated: i64,
    /// In the cycle that runs.
    pub used: i64,
    pub cycle: i32,
    /// The cycle in which it was given.
    pub given_in: i32,
    pub uses: Vec<Use>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    pub at: NaiveDateTime,
    pub day: NaiveDate,
    pub amount: i64,
    /// What is left after it in its cycle.
    pub left: i64,
    pub cycle: i32,
}

/// What was given and used in a month of the history, of all users.
#[derive(Debug, Clone, Copy, Default)]
struct InMonth {
    given: i64,
    used: i64,
}

/// A pool that is being given out.
pub struct Filling {
    pub kind: CreditKind,
    pub total: i64,
    pub allocated: i64,
    /// All that was ever used; in the cycle that runs: [`Filling::used_now`].
    used: i64,
    months: Vec<InMonth>,
    pub plan: &'static Pool,
}

/// By kind, as [`CreditKind::ALL`] has them.
pub type Amounts = [i64; CreditKind::ALL.len()];

/// The four pools of an account.
pub struct Pools {
    pub all: Vec<Filling>,
    pub calendar: Calendar,
    /// By day of the calendar: of the account (None) and of each team.
    pub sums: BTreeMap<Option<TeamId>, Vec<Amounts>>,
    known: u32,
    met: u32,
    /// Users still to come who may get something.
    left: u32,
    entries: i64,
    random: Random,
}

impl Pools {
    pub fn new(sample: &Sample, users: u32, seed: u64, calendar: Calendar) -> Self {
        let left = users.min(DAILY) + users.saturating_sub(DAILY) * SELDOM / 100;
        let times = i64::from(left.div_ceil(A_POOL_FOR));
        let filling = |plan: &'static Pool| Filling {
            kind: plan.kind,
            total: plan.total * times,
            allocated: 0,
            used: 0,
            months: vec![InMonth::default(); calendar.months.len()],
            plan,
        };
        let all = sample.pools.iter().map(filling).collect();
        let known = sample.known.len() as u32;
        let random = Random::new(seed);
        Pools { all, calendar, sums: BTreeMap::new(), known, met: 0, left, entries: 0, random }
    }

    /// What the next user gets, and has used. Who has never signed in has nothing yet: new users get no credits. Who is
    /// pending deletion has given theirs back.
    pub fn give(&mut self, person: &Person) -> Vec<Part> {
        self.met += 1;
        let is_daily = self.met <= DAILY;
        if !is_daily && !self.random.chance(SELDOM as usize) {
            return vec![];
        }
        let left = self.left.max(1);
        self.left = left - 1;
        let mut parts = vec![];
        for filling in &mut self.all {
            let gets_some = self.random.chance(filling.plan.users) || self.met <= self.known;
            if person.has_signed_in() && person.erase_at.is_none() && gets_some {
                parts.extend(filling.give(person, left, is_daily, &self.calendar, &mut self.random));
            }
        }
        parts.iter().for_each(|part| self.add_up(person, part));
        parts
    }

    fn add_up(&mut self, person: &Person, part: &Part) {
        let first = self.calendar.days[0].date;
        let teams = person.details.teams.iter().copied().map(Some);
        for whose in [None].into_iter().chain(teams) {
            let days = self.calendar.days.len();
            let sums = self.sums.entry(whose).or_insert_with(|| vec![Amounts::default(); days]);
            for one in &part.uses {
                sums[(one.day - first).num_days() as usize][part.kind as usize] += one.amount;
            }
        }
    }

    /// The id of an entry of that time: rising with it.
    pub fn entry_id(&mut self, at: NaiveDateTime) -> i64 {
        self.entries += 1;
        (at.and_utc().timestamp_millis() << 20) | (self.entries & 0xF_FFFF)
    }
}

impl Filling {
    fn renews(&self) -> bool {
        self.plan.at_end != AtCycleEnd::Keep
    }

    /// The cycle of a month.
    pub fn cycle(&self, month: usize) -> i32 {
        if self.renews() { month as i32 + 1 } else { 1 }
    }

    /// The cycle that runs.
    pub fn cycle_now(&self) -> i32 {
        self.cycle(self.months.len() - 1)
    }

    /// What is used in the cycle that runs.
    pub fn used_now(&self) -> i64 {
        if self.renews() { self.used_in(self.months.len() - 1) } else { self.used }
    }

    pub fn used_in(&self, month: usize) -> i64 {
        self.months[month].used
    }

    /// What was allocated before a month began.
    pub fn allocated_before(&self, month: usize) -> i64 {
        self.months[..month].iter().map(|month| month.given).sum()
    }

    /// About the share of one of the `left` users, in fives.
    fn give(
        &mut self,
        person: &Person,
        left: u32,
        is_daily: bool,
        calendar: &Calendar,
        random: &mut Random,
    ) -> Option<Part> {
        /// Part of the users who have signed in.
        const SIGNED_IN: f64 = 0.92;
        let budget = (self.total as f64 * self.plan.allocated) as i64 - self.allocated;
        let receivers = f64::from(left) * SIGNED_IN * self.plan.users as f64 / 100.0;
        let share = budget as f64 / receivers.max(1.0) * random.between(0.4, 1.6);
        let allocated = ((share / 5.0).round() as i64 * 5).clamp(0, budget.max(0));
        if allocated == 0 {
            return None;
        }
        self.allocated += allocated;
        let month = calendar.month_of(person.created_at);
        self.months[month].given += allocated;
        let days = calendar.days_between(person.created_at, person.last_activity);
        let mut uses = vec![];
        for (days, amount) in self.amounts(allocated, days, calendar, random) {
            let entries = if is_daily { amount / AT_ONCE + 1 } else { 1 };
            let mut left = allocated;
            for (day, amount) in spread(amount, days, entries as usize, calendar, random) {
                left -= amount;
                let at = calendar.time_of(day, person.last_activity, random.unit());
                let day = &calendar.days[day];
                uses.push(Use { at, day: day.date, amount, left, cycle: self.cycle(day.month) });
                self.months[day.month].used += amount;
                self.used += amount;
            }
            if !is_daily && !uses.is_empty() {
                break;
            }
        }
        let cycle = self.cycle_now();
        let used = uses.iter().filter(|one| one.cycle == cycle).map(|one| one.amount).sum();
        Some(Part { kind: self.kind, allocated, used, cycle, given_in: self.cycle(month), uses })
    }

    /// How much was used in which days: of a pool that is kept, once and about as much as is behind the plan, which comes back
    /// to it by itself; of one that renews, month by month.
    fn amounts(
        &self,
        allocated: i64,
        days: Range<usize>,
        calendar: &Calendar,
        random: &mut Random,
    ) -> Vec<(Range<usize>, i64)> {
        if days.is_empty() {
            return vec![];
        }
        if !self.renews() {
            let behind = self.allocated as f64 * self.plan.used - self.used as f64;
            return vec![(days, ((behind * random.between(0.5, 1.5)) as i64).clamp(0, allocated))];
        }
        let eager = random.between(0.5, 1.4);
        let mut months = vec![];
        let mut start = days.start;
        while start < days.end {
            let month = calendar.days[start].month;
            let end = (start..days.end).find(|day| calendar.days[*day].month != month).unwrap_or(days.end);
            let part = calendar.part_of_month(start..end) * calendar.growth(month) * random.between(0.75, 1.25);
            let amount = allocated as f64 * self.plan.used * eager * part;
            months.push((start..end, (amount.round() as i64).clamp(0, allocated)));
            start = end;
        }
        months
    }
}

/// Spreads an amount over about so many of these days: more on busy ones, each at most once.
fn spread(
    amount: i64,
    days: Range<usize>,
    entries: usize,
    calendar: &Calendar,
    random: &mut Random,
) -> Vec<(usize, i64)> {
    let total: f64 = calendar.days[days.clone()].iter().map(|day| day.weight).sum();
    let entries = entries.clamp(1, days.len());
    let step = total / entries as f64;
    let (mut chosen, mut passed, mut next): (Vec<(usize, f64)>, _, _) = (vec![], 0.0, random.between(0.0, step));
    for day in days {
        passed += calendar.days[day].weight;
        if next < passed {
            // As many as fall on one day are one.
            let hits = ((passed - next) / step).floor() + 1.0;
            next += step * hits;
            chosen.push((day, hits * random.between(0.5, 1.5)));
        }
    }
    let whole: f64 = chosen.iter().map(|(_, share)| share).sum();
    let (mut shared, mut given) = (0.0, 0);
    let amounts = chosen.into_iter().map(|(day, share)| {
        shared += share;
        let until = ((amount as f64 * shared / whole).round() as i64).min(amount);
        let one = until - given;
        given = until;
        (day, one)
    });
    amounts.filter(|(_, amount)| *amount > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::demo::people::HISTORY;
    use crate::web::text::Times;

    #[test]
    fn an_amount_is_spread_whole_and_over_weekdays_first() {
        let now = clock::now();
        let calendar = Calendar::new(Times::new("America/New_York", now), now - HISTORY, now);
        let mut random = Random::new(7);
        let (mut weekdays, mut weekends) = (0, 0);
        for (amount, entries) in [(0, 1), (1, 1), (1, 9), (500, 100), (100_000, 400), (3, 4000)] {
            let days = spread(amount, 0..calendar.days.len(), entries, &calendar, &mut random);
            assert_eq!(days.iter().map(|(_, amount)| amount).sum::<i64>(), amount);
            assert!(days.is_sorted_by(|one, next| one.0 < next.0), "{days:?}");
            for (day, amount) in days {
                *if calendar.days[day].weight < 0.3 { &mut weekends } else { &mut weekdays } += amount;
            }
        }
        assert!(weekdays > 8 * weekends, "{weekdays} {weekends}");
    }
}
