//! `seatkeeper credits`: what the operator does about an account's pools.

use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};
use seatkeeper::access::{AccountId, Actor};
use seatkeeper::credits::{self, AtCycleEnd, Book, CYCLE_DAYS, CreditKind, CycleSettings};
use seatkeeper::db::{Conn, Db};
use seatkeeper::error::Result;
use seatkeeper::{accounts, users};

/// More than any pool holds.
const MOST: i64 = 1_000_000_000_000;

#[derive(Subcommand)]
pub enum Credits {
    /// Add credits or minutes to a pool
    Grant(Grant),
    /// Say how the billing cycles of a pool go; the one that runs ends on the next such day
    Cycle(Cycle),
    /// Say at how many percent of a pool its admins are told that it runs low
    Warn(Warn),
}

#[derive(Args)]
struct Which {
    /// Id of the account, where there are several
    #[arg(long)]
    account: Option<i64>,
}

#[derive(Args)]
pub struct Grant {
    #[command(flatten)]
    which: Which,
    /// export, direct_dial, calling or minutes
    #[arg(long, value_parser = kind)]
    kind: CreditKind,
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=MOST))]
    amount: i64,
    /// Why: kept in the ledger
    #[arg(long, default_value = "")]
    reason: String,
}

#[derive(Args)]
pub struct Cycle {
    #[command(flatten)]
    which: Which,
    /// export, direct_dial, calling or minutes
    #[arg(long, value_parser = kind)]
    kind: CreditKind,
    /// Day of the month on which a cycle begins, in the account's time zone
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i32).range(*CYCLE_DAYS.start() as i64..=*CYCLE_DAYS.end() as i64))]
    day: i32,
    /// keep (nothing changes), reset (nothing is used any more, what was left expires) or roll_over (what was left is kept, up
    /// to a cap)
    #[arg(long, value_parser = at_end)]
    at_end: AtCycleEnd,
    /// What the pool gets with each cycle; what is allocated stays allocated, so it never gets less
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..=MOST))]
    grant: i64,
    /// How much of what was left rolls over
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..=MOST))]
    cap: i64,
}

#[derive(Args)]
pub struct Warn {
    #[command(flatten)]
    which: Which,
    /// Percents, such as "80 95"; none for no warnings
    #[arg(value_parser = clap::value_parser!(i32).range(1..=100))]
    at: Vec<i32>,
}

fn kind(code: &str) -> std::result::Result<CreditKind, String> {
    CreditKind::from_code(code).ok_or_else(|| "export, direct_dial, calling or minutes".to_owned())
}

fn at_end(code: &str) -> std::result::Result<AtCycleEnd, String> {
    AtCycleEnd::from_code(code).ok_or_else(|| "keep, reset or roll_over".to_owned())
}

impl Which {
    /// The account that is named, or the only one.
    fn find(&self, db: &Db) -> anyhow::Result<AccountId> {
        let all = db.read_now(accounts::ids)?;
        match (self.account.map(AccountId), all.as_slice()) {
            (Some(id), all) if all.contains(&id) => Ok(id),
            (Some(id), _) => Err(anyhow!("there is no account {}", id.0)),
            (None, [one]) => Ok(*one),
            (None, []) => bail!("there is no account"),
            (None, several) => {
                let ids: Vec<String> = several.iter().map(|id| id.0.to_string()).collect();
                bail!("there are several accounts: name one with --account {}", ids.join(" or "))
            }
        }
    }
}

impl Credits {
    /// Does it; a sentence that says what was done.
    pub fn run(&self, db: &Db) -> anyhow::Result<String> {
        match self {
            Credits::Grant(args) => {
                let account = args.which.find(db)?;
                let total = db.write_now(|conn| args.grant(conn, account))?;
                Ok(format!("{} were granted; the pool has {total} in all.", args.kind.label()))
            }
            Credits::Cycle(args) => {
                let account = args.which.find(db)?;
                db.write_now(|conn| args.set(conn, account))?;
                Ok(format!("The cycles of {} begin on day {} of each month.", args.kind.label(), args.day))
            }
            Credits::Warn(args) => {
                let account = args.which.find(db)?;
                db.write_now(|conn| credits::set_thresholds(conn, account, &args.at))?;
                let percents: Vec<String> = args.at.iter().map(|percent| format!("{percent}%")).collect();
                Ok(match percents.is_empty() {
                    true => "Nobody is told when a pool runs low.".to_owned(),
                    false => format!("Admins are told when {} of a pool are used.", percents.join(" and ")),
                })
            }
        }
    }
}

impl Grant {
    fn grant(&self, conn: &mut Conn, account: AccountId) -> Result<i64> {
        users::take_turn(conn, account)?;
        let actor = Actor::system(account);
        let mut book = Book::open(conn, &actor, &[])?;
        book.grant(self.kind, self.amount)?;
        let total = book.pool(self.kind)?.total;
        book.save(conn, &actor, &self.reason)?;
        Ok(total)
    }
}

impl Cycle {
    fn set(&self, conn: &mut Conn, account: AccountId) -> Result<()> {
        users::take_turn(conn, account)?;
        let times = accounts::times(conn, account)?;
        let (day, at_end, grant, roll_over_cap) = (self.day, self.at_end, self.grant, self.cap);
        credits::set_cycle(conn, account, &times, self.kind, CycleSettings { day, at_end, grant, roll_over_cap })
    }
}
