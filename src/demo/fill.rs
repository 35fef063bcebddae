//! Writing the demo, all in one transaction: its users are made up by one thread and written by another.

use super::calendar::Calendar;
use super::people::{Crowd, HISTORY, Person};
use super::pools::Pools;
use super::rows::{Batch, TABLES};
use super::samples::{HARBOURLINE, SUNFIELD, SUNFIELD_USERS, Sample, TEAMS};
use crate::access::{AccountId, Role, UserId};
use crate::db::{self, Conn, Db};
use crate::error::Result;
use crate::mail::{self, Brand, Message, Recipient};
use crate::plans::{self, Plan};
use crate::schema::accounts;
use crate::sessions::PasswordHash;
use crate::teams::TeamId;
use crate::users::{Seat, Status};
use crate::web::text::Times;
use crate::{clock, operator};
use anyhow::{Context, anyhow};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;

/// The same people each time. Ids, keys and dates differ.
const SEED: u64 = 0x5EA7;
/// Users that are made up together, beside those that are being written; fewer, where they have used much: what waits to
/// be written is kept in memory.
const BATCH: usize = 2_000;
const BATCH_USES: usize = 5_000;
/// The activity log tells of the first users only: a million entries would take long and show nothing new.
const LOGGED: usize = 150;
/// A line is logged after so many users.
const PROGRESS: i32 = 100_000;
/// Where the queued e-mails lead: the demo's address, unless --listen says another.
const SITE: &str = "http://127.0.0.1:8080";

/// Fills an empty, migrated database: an account of `users` users, at least the seven known ones, of whom
/// owner@demo.example is the operator too, and a small second account. `password` is everybody's. All or nothing.
pub fn fill(db: &Db, users: u32, password: &PasswordHash) -> anyhow::Result<()> {
    db.write_now(|conn| {
        plans::install_defaults(conn)?;
        let filler = Filler { password, plans: plans::all(conn)?, now: clock::now() };
        db::without_indexes(conn, &TABLES, |conn| {
            let size = users.max(HARBOURLINE.known.len() as u32);
            let (account, owner) = filler.account(conn, &HARBOURLINE, size, SEED)?;
            filler.account(conn, &SUNFIELD, SUNFIELD_USERS, SEED + 1)?;
            operator::appoint(conn, account, owner)
        })
    })?;
    // What was written is in the log still, as large as all of it.
    db.checkpoint()?;
    Ok(())
}

/// What has been written of an account.
#[derive(Default)]
pub struct Tally {
    enabled: i32,
    disabled: i32,
    pending: i32,
    seats: i32,
    owners: i32,
    /// Name and users, by folded name.
    pub companies: BTreeMap<String, (String, i32)>,
    /// The Owner and those who came next.
    pub first: Vec<Person>,
    /// Who has just been added.
    new: Vec<Person>,
}

impl Tally {
    fn count(&mut self, person: &Person) {
        let details = &person.details;
        let is_enabled = details.status == Status::Enabled;
        self.enabled += i32::from(is_enabled);
        self.disabled += i32::from(details.status == Status::Disabled);
        self.pending += i32::from(details.status == Status::Pending);
        self.seats += i32::from(is_enabled && details.seat == Seat::Package);
        self.owners += i32::from(is_enabled && details.role == Role::Owner);
        if !details.company.is_empty() {
            let company = self.companies.entry(details.company_key());
            company.or_insert_with(|| (details.company.clone(), 0)).1 += 1;
        }
        if self.first.len() < LOGGED {
            self.first.push(person.clone());
        }
        if person.is_new {
            self.new.push(person.clone());
        }
        let counted = self.enabled + self.disabled + self.pending;
        if counted % PROGRESS == 0 {
            tracing::info!("{counted} users made up");
        }
    }
}

struct Filler<'a> {
    password: &'a PasswordHash,
    plans: Vec<Plan>,
    now: NaiveDateTime,
}

impl Filler<'_> {
    /// Writes an account with all its users; its id and its Owner's.
    fn account(&self, conn: &mut Conn, sample: &'static Sample, users: u32, seed: u64) -> Result<(AccountId, UserId)> {
        let id = AccountId(db::new_id());
        let plan = self.plans.iter().find(|plan| plan.name == sample.plan);
        let plan =
            plan.with_context(|| format!("the database has plans of its own, but none named {}", sample.plan))?;
        let teams = TEAMS.map(|name| (TeamId(db::new_id()), name));
        let begin = self.now - HISTORY - Duration::hours(1);
        let calendar = Calendar::new(Times::new(sample.time_zone, self.now), begin, self.now);
        Batch::account(id, sample, plan.id, &teams, begin).insert(conn)?;

        let teams = teams.map(|(team, _)| team);
        let maker = Maker {
            account: id,
            password: self.password,
            crowd: Crowd::new(sample, users, &self.plans, &teams, self.now, seed),
            pools: Pools::new(sample, users, seed, calendar),
            tally: Tally::default(),
        };
        let (tally, mut pools) = maker.write(conn)?;
        Batch::sums(id, &tally, &mut pools, begin)?.insert(conn)?;
        tally.welcome(conn, id, sample)?;
        tally.save(conn, id, users)?;
        let owner = tally.first.first().context("an account has an Owner")?;
        Ok((id, owner.id))
    }
}

/// Makes up the users of an account, some thousands at a time.
struct Maker<'a> {
    account: AccountId,
    password: &'a PasswordHash,
    crowd: Crowd<'a>,
    pools: Pools,
    tally: Tally,
}

impl Maker<'_> {
    fn next(&mut self) -> Option<Result<Batch>> {
        let (mut people, mut uses) = (vec![], 0);
        while people.len() < BATCH
            && uses < BATCH_USES
            && let Some(person) = self.crowd.next()
        {
            self.tally.count(&person);
            let parts = self.pools.give(&person);
            uses += parts.iter().map(|part| part.uses.len()).sum::<usize>();
            people.push((person, parts));
        }
        (!people.is_empty()).then(|| Batch::people(self.account, &people, &mut self.pools, self.password))
    }

    /// Writes all of them, while a thread makes up the next.
    fn write(mut self, conn: &mut Conn) -> Result<(Tally, Pools)> {
        let (ready, written) = mpsc::sync_channel(1);
        thread::scope(|scope| {
            let maker = scope.spawn(move || {
                // Where nothing is taken any more, writing has failed.
                while let Some(batch) = self.next()
                    && ready.send(batch).is_ok()
                {}
                (self.tally, self.pools)
            });
            for batch in written {
                batch?.insert(conn)?;
            }
            maker.join().map_err(|_| anyhow!("the demo's people could not be made up").into())
        })
    }
}

impl Tally {
    /// Writes the account's counts.
    fn save(&self, conn: &mut Conn, account: AccountId, users: u32) -> Result<()> {
        diesel::update(accounts::table.find(account))
            .set((
                accounts::seat_limit.eq(licenses(users)),
                accounts::seats_used.eq(self.seats),
                accounts::enabled_users.eq(self.enabled),
                accounts::disabled_users.eq(self.disabled),
                accounts::pending_users.eq(self.pending),
                accounts::owners.eq(self.owners),
            ))
            .execute(conn)?;
        Ok(())
    }

    /// Queues the welcome of those who have just been added.
    fn welcome(&self, conn: &mut Conn, account: AccountId, sample: &Sample) -> Result<()> {
        let brand = Brand { name: sample.name.into(), url: SITE.into() };
        for person in &self.new {
            let details = &person.details;
            let to = Recipient { account, user: person.id, email: &details.email };
            let message = Message::Welcome { first_name: &details.first_name, username: "", email: &details.email };
            mail::queue(conn, &brand, to, &message)?;
        }
        Ok(())
    }
}

/// Total Licenses for so many users: a few more, in tens.
fn licenses(users: u32) -> i32 {
    let wanted = (u64::from(users) * 109 / 100).next_multiple_of(10);
    i32::try_from(wanted).unwrap_or(i32::MAX)
}
