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
        let noun = self.kind().noun();
        match *self {
            Shortage::Pool { wanted, unallocated, total, most, .. } => write!(
                f,
                "Cannot allocate {} {noun}: {} are unallocated of {}. Enter {} or less.",
                number(wanted),
                number(unallocated),
                number(total),
                number(most)
            ),
            Shortage::Used { wanted, used, .. } => write!(
                f,
                "Cannot allocate {} {noun}: {} are used already. Enter {} or more.",
                number(wanted),
                number(used),
                number(used)
            ),
            Shortage::Allocation { wanted, left, allocated, .. } => write!(
                f,
                "Cannot use {} {noun}: {} are left of {} allocated.",
                number(wanted),
                number(left),
                number(allocated)
            ),
            Shortage::Refund { wanted, used, .. } => {
                write!(f, "Cannot refund {} {noun}: {} are used in this cycle.", number(wanted), number(used))
            }
        }
    }
}
