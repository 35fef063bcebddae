//! The two accounts of the demo and the people whose sign-ins are known.

use super::SIGN_INS;
use super::names::SPECIAL;
use crate::access::Role;
use crate::credits::{AtCycleEnd, CreditKind};

/// An account to be made up.
pub struct Sample {
    pub name: &'static str,
    pub country: &'static str,
    pub time_zone: &'static str,
    pub plan: &'static str,
    /// Users without a company of their own are at this one.
    pub domain: &'static str,
    /// Each telephone number begins with one of these; three or four digits follow.
    pub phones: &'static [&'static str],
    pub known: &'static [Known],
    /// Names that others must have, first and last.
    pub special: &'static [(&'static str, &'static str)],
    /// How many have just been added by e-mail: welcomed, and not yet signed in.
    pub new: u32,
    /// Whether there is a second Owner, and some are pending deletion: beside the users that are asked for.
    pub is_busy: bool,
    pub pools: &'static [Pool; 4],
}

/// Somebody whose sign-in is printed at the start.
pub struct Known {
    pub email: &'static str,
    pub role: Role,
    pub name: (&'static str, &'static str),
    pub job_title: &'static str,
    pub plan: &'static str,
}

/// How full a pool looks.
pub struct Pool {
    pub kind: CreditKind,
    /// For each [`A_POOL_FOR`] users.
    pub total: i64,
    /// Part of the total that is given to users.
    pub allocated: f64,
    /// Part of what is given that is used.
    pub used: f64,
    /// Percent of the users who get some.
    pub users: usize,
    /// What becomes of it with each month.
    pub at_end: AtCycleEnd,
    /// What it gets with each month, in percent of its total: of those that are kept, where they have a cycle.
    pub monthly: i64,
}

/// Users that the totals of [`Pool`] are meant for.
pub const A_POOL_FOR: u32 = 137;

/// Numbers with 555 behind the area code reach nobody.
#[rustfmt::skip]
const US_PHONES: &[&str] = &[
    "+1212555", "+1415555", "+1312555", "+1206555", "+1303555", "+1404555", "+1512555", "+1617555", "+1702555", "+1713555",
    "+1305555", "+1602555", "+1503555", "+1215555", "+1612555", "+1313555", "+1314555", "+1619555", "+1504555", "+1808555",
];

/// Berlin's block for films and books.
const DE_PHONES: &[&str] = &["+493023125"];

pub const HARBOURLINE: Sample = Sample {
    name: "Harbourline",
    country: "US",
    time_zone: "America/New_York",
    plan: "Professional",
    domain: "harbourline.example",
    phones: US_PHONES,
    special: &SPECIAL,
    new: 3,
    is_busy: true,
    known: &[
        Known {
            email: SIGN_INS[0],
            role: Role::Owner,
            name: ("Amara", "Okafor"),
            job_title: "Managing Director",
            plan: "Enterprise",
        },
        Known {
            email: SIGN_INS[1],
            role: Role::Admin,
            name: ("Jonas", "Lindqvist"),
            job_title: "Head of Operations",
            plan: "Professional",
        },
        Known {
            email: SIGN_INS[2],
            role: Role::Manager,
            name: ("Mei-Ling", "Chen"),
            job_title: "Call Center Manager",
            plan: "Professional",
        },
        Known {
            email: SIGN_INS[3],
            role: Role::Moderator,
            name: ("Tomás", "Herrera"),
            job_title: "Team Lead",
            plan: "Professional",
        },
        Known {
            email: SIGN_INS[4],
            role: Role::Dev,
            name: ("Priya", "Raghunathan"),
            job_title: "Integration Developer",
            plan: "Enterprise",
        },
        Known {
            email: SIGN_INS[5],
            role: Role::Agent,
            name: ("Liam", "O'Sullivan"),
            job_title: "Sales Representative",
            plan: "Standard",
        },
        Known {
            email: SIGN_INS[6],
            role: Role::Member,
            name: ("Zofia", "Wójcik"),
            job_title: "Recruiter",
            plan: "Standard",
        },
    ],
    pools: &[
        // Running low.
        Pool {
            kind: CreditKind::Export,
            total: 5000,
            allocated: 0.98,
            used: 0.96,
            users: 80,
            at_end: AtCycleEnd::Keep,
            monthly: 0,
        },
        Pool {
            kind: CreditKind::DirectDial,
            total: 2500,
            allocated: 0.75,
            used: 0.64,
            users: 65,
            at_end: AtCycleEnd::Keep,
            monthly: 2,
        },
        Pool {
            kind: CreditKind::Calling,
            total: 8000,
            allocated: 0.45,
            used: 0.55,
            users: 50,
            at_end: AtCycleEnd::Reset,
            monthly: 100,
        },
        Pool {
            kind: CreditKind::Minutes,
            total: 12_000,
            allocated: 0.8,
            used: 0.7,
            users: 50,
            at_end: AtCycleEnd::RollOver,
            monthly: 80,
        },
    ],
};

pub const SUNFIELD: Sample = Sample {
    name: "Sunfield Energy",
    country: "DE",
    time_zone: "Europe/Berlin",
    plan: "Enterprise",
    domain: "sunfield.example",
    phones: DE_PHONES,
    special: &[],
    new: 0,
    is_busy: false,
    known: &[Known {
        email: SIGN_INS[7],
        role: Role::Owner,
        name: ("Katharina", "Brandt"),
        job_title: "Geschäftsführerin",
        plan: "Enterprise",
    }],
    pools: &[
        Pool {
            kind: CreditKind::Export,
            total: 1000,
            allocated: 0.6,
            used: 0.5,
            users: 80,
            at_end: AtCycleEnd::Keep,
            monthly: 0,
        },
        Pool {
            kind: CreditKind::DirectDial,
            total: 1000,
            allocated: 0.9,
            used: 0.8,
            users: 80,
            at_end: AtCycleEnd::Keep,
            monthly: 2,
        },
        Pool {
            kind: CreditKind::Calling,
            total: 1500,
            allocated: 0.3,
            used: 0.4,
            users: 60,
            at_end: AtCycleEnd::Reset,
            monthly: 100,
        },
        Pool {
            kind: CreditKind::Minutes,
            total: 3000,
            allocated: 0.5,
            used: 0.9,
            users: 60,
            at_end: AtCycleEnd::RollOver,
            monthly: 80,
        },
    ],
};

/// Users of [`SUNFIELD`].
pub const SUNFIELD_USERS: u32 = 12;

#[rustfmt::skip]
pub const TEAMS: [&str; 8] = [
    "Outbound West", "Outbound East", "Inbound Sales", "Support", "Billing", "Onboarding", "Field Service", "Reception",
];

/// What people of a role do.
#[rustfmt::skip]
pub fn job_titles(role: Role) -> &'static [&'static str] {
    match role {
        Role::Owner => &["Managing Director"],
        Role::Admin => &["Office Manager", "IT Administrator", "Head of Operations"],
        Role::Manager => &["Sales Manager", "Call Center Manager", "Regional Manager", "Support Manager"],
        Role::Moderator => &["Team Lead", "Shift Supervisor", "HR Coordinator"],
        Role::Dev => &["Integration Developer", "Systems Engineer", "Data Analyst"],
        Role::Agent => &[
            "Sales Representative", "Account Executive", "Support Agent", "Telemarketer", "Collections Agent", "Field Agent",
            "Business Development Representative",
        ],
        Role::Member => &[
            "", "Recruiter", "Nurse Coordinator", "Dispatcher", "Bookkeeper", "Marketing Specialist", "Claims Adjuster",
            "Scheduler", "Paralegal", "Warehouse Clerk", "Customer Success Manager", "Buyer",
        ],
    }
}
