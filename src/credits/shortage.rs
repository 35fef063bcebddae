//! What credits refuse, with the numbers.

use super::model::CreditKind;
use crate::web::text::number;

/// Why an amount can't be given, taken or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// More than the pool has to give. `most`: what the user could have at most.
    Pool { kind: CreditKind, wanted: i64, unallocated: i64, total: i64, most: i64 },
    /// Less than is used already.
    Used { kind: CreditKind, wanted: i64, used: i64 },
    /// Used beyond what is allocated.
    Allocation { kind: CreditKind, wanted: i64, left: i64, allocated: i64 },
    /// More given back than was used.
    Refund { kind: CreditKind, wanted: i64, used: i64 },
}

impl Shortage {
    pub fn kind(&self) -> CreditKind {
        match *self {
            Shortage::Pool { kind, .. }
            | Shortage::Used { kind, .. }
            | Shortage::Allocation { kind, .. }
            | Shortage::Refund { kind, .. } => kind,
        }
    }
}

impl std::fmt::Display for Shortage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The number of what is there decides: 1 is unallocated, 2 are.
        let are = |count: i64| format!("{} {}", number(count), if count == 1 { "is" } else { "are" });
        match *self {
            Shortage::Pool { kind, wanted, unallocated, total, most } => write!(
                f,
                "Cannot allocate {}: {} unallocated of {}. Enter {} or less.",
                kind.amount(wanted),
                are(unallocated),
                number(total),
                number(most)
            ),
            Shortage::Used { kind, wanted, used } => write!(
                f,
                "Cannot allocate {}: {} used already. Enter {} or more.",
                kind.amount(wanted),
                are(used),
                number(used)
            ),
            Shortage::Allocation { kind, wanted, left, allocated } => {
                write!(f, "Cannot use {}: {} left of {} allocated.", kind.amount(wanted), are(left), number(allocated))
            }
            Shortage::Refund { kind, wanted, used } => {
                write!(f, "Cannot refund {}: {} used in this cycle.", kind.amount(wanted), are(used))
            }
        }
    }
}
