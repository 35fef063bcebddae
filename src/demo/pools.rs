//! What the demo's users have of the account's credits and minutes: given out one user after the other, so that the
//! pools end up as full as [`samples`](super::samples) says, whatever the number of users.

use super::people::Person;
use super::random::Random;
use super::samples::{A_POOL_FOR, Pool, Sample};
use crate::credits::CreditKind;

/// One user's part of one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub kind: CreditKind,
    pub allocated: i64,
    pub used: i64,
}

/// A pool that is being given out.
pub struct Filling {
    pub kind: CreditKind,
    pub total: i64,
    pub allocated: i64,
    pub used: i64,
    plan: &'static Pool,
}

/// The four pools of an account.
pub struct Pools {
    pub all: Vec<Filling>,
    /// Users still to come.
    left: u32,
    random: Random,
}

impl Pools {
    pub fn new(sample: &Sample, users: u32, seed: u64) -> Self {
        let times = i64::from(users.div_ceil(A_POOL_FOR));
        let filling =
            |plan: &'static Pool| Filling { kind: plan.kind, total: plan.total * times, allocated: 0, used: 0, plan };
        Pools { all: sample.pools.iter().map(filling).collect(), left: users, random: Random::new(seed) }
    }

    /// What the next user gets. Who has never signed in has nothing yet: new users get no credits. Who is pending deletion
    /// has given theirs back.
    pub fn give(&mut self, person: &Person) -> Vec<Part> {
        let left = self.left.max(1);
        self.left = left - 1;
        let mut parts = vec![];
        for filling in &mut self.all {
            let gets_some = self.random.chance(filling.plan.users);
            if person.has_signed_in() && person.erase_at.is_none() && gets_some {
                parts.extend(filling.give(left, &mut self.random));
            }
        }
        parts
    }
}

impl Filling {
    /// About the share of one of the `left` users, in fives, of which about as much is used as is behind the plan. Both
    /// come back to the plan by themselves, since they go by what is left.
    fn give(&mut self, left: u32, random: &mut Random) -> Option<Part> {
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
        let behind = self.allocated as f64 * self.plan.used - self.used as f64;
        let used = ((behind * random.between(0.5, 1.5)) as i64).clamp(0, allocated);
        self.used += used;
        Some(Part { kind: self.kind, allocated, used })
    }
}
