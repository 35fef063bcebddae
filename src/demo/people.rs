//! The users of an account, made up one by one in the order in which they joined.

use super::companies::{self, Company};
use super::names::{DEPARTMENTS, Name};
use super::random::Random;
use super::samples::{Known, Sample, job_titles};
use crate::access::{Role, UserId};
use crate::plans::Plan;
use crate::teams::TeamId;
use crate::users::{Details, Seat, Status, UseBalance, UserType};
use crate::{clock, db};
use chrono::{Duration, NaiveDateTime};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// About 14 months.
pub const HISTORY: Duration = Duration::days(425);

const ROLES: [(Role, usize); 6] =
    [(Role::Admin, 2), (Role::Manager, 4), (Role::Moderator, 4), (Role::Dev, 4), (Role::Agent, 38), (Role::Member, 48)];
/// Free, Standard, Professional, Enterprise.
const PLANS: [usize; 4] = [15, 40, 33, 12];

/// A user as the tables want them.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: UserId,
    pub details: Details,
    pub created_at: NaiveDateTime,
    /// [`clock::never`] for who has never signed in.
    pub last_activity: NaiveDateTime,
    /// Just added by e-mail, and not here yet.
    pub is_new: bool,
    /// When they are erased, where they are pending deletion.
    pub erase_at: Option<NaiveDateTime>,
}

impl Person {
    pub fn has_signed_in(&self) -> bool {
        self.last_activity != clock::never()
    }
}

/// Makes an address or a name the only one of its kind, by a number at its end. Keeps hashes, since a million texts
/// would take much room; where two hashes meet by chance, one more number is given.
#[derive(Default)]
struct Taken(HashMap<u64, u32>);

impl Taken {
    /// "" the first time, then "2", "3" and so on.
    fn number(&mut self, text: &str) -> String {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let times = self.0.entry(hasher.finish()).or_default();
        *times += 1;
        if *times == 1 { String::new() } else { times.to_string() }
    }
}

/// Who somebody is and how they sign in.
struct Identity {
    user_type: UserType,
    first_name: String,
    last_name: String,
    email: String,
    username: String,
    company: String,
    is_department: bool,
}

/// Users pending deletion, by the days that are left: in accounts of so many users that they are not in the way.
const PENDING: [i64; 3] = [2, 13, 27];
const FEW: u32 = 100;

/// The people of one account: an iterator that yields `size` of them, the known ones first, and those pending deletion.
pub struct Crowd<'a> {
    sample: &'static Sample,
    size: u32,
    pending: u32,
    plans: &'a [Plan],
    teams: &'a [TeamId],
    now: NaiveDateTime,
    index: u32,
    random: Random,
    companies: Vec<Company>,
    taken: Taken,
}

impl<'a> Crowd<'a> {
    pub fn new(
        sample: &'static Sample,
        size: u32,
        plans: &'a [Plan],
        teams: &'a [TeamId],
        now: NaiveDateTime,
        seed: u64,
    ) -> Self {
        let companies = companies::of_account(size);
        let pending = if sample.is_busy && size >= FEW { PENDING.len() as u32 } else { 0 };
        let size = size + pending;
        Crowd {
            sample,
            size,
            pending,
            plans,
            teams,
            now,
            index: 0,
            random: Random::new(seed),
            companies,
            taken: Taken::default(),
        }
    }

    fn known(&mut self, known: &Known) -> Person {
        let created_at = self.now - HISTORY + Duration::minutes(11 * i64::from(self.index));
        let minutes = self.random.between(2.0, 600.0) as i64;
        let identity = Identity {
            user_type: UserType::Email,
            first_name: known.name.0.into(),
            last_name: known.name.1.into(),
            email: known.email.into(),
            username: String::new(),
            company: self.sample.name.into(),
            is_department: false,
        };
        let plan = self.plans.iter().find(|plan| plan.name == known.plan).unwrap_or(&self.plans[0]);
        let mut details = self.details(identity, known.role, plan);
        details.job_title = known.job_title.into();
        details.seat = Seat::Package;
        details.use_balance = UseBalance::Company;
        details.status = Status::Enabled;
        details.phone = self.phone();
        details.phone_ext = self.extension();
        let last_activity = self.now - Duration::minutes(minutes);
        Person { id: UserId(db::new_id()), details, created_at, last_activity, is_new: false, erase_at: None }
    }

    fn somebody(&mut self) -> Person {
        let is_new = self.index + self.sample.new >= self.size;
        let identity = self.identity(is_new);
        let role = match self.role() {
            _ if identity.is_department => Role::Member,
            // Whoever tries what only Owners may do needs another one.
            _ if self.order() == 0 && self.sample.is_busy => Role::Owner,
            role => role,
        };
        let plan = self.plan(role);
        let mut details = self.details(identity, role, plan);
        if is_new || role == Role::Owner {
            details.status = Status::Enabled;
        }
        let (created_at, last_activity) = self.times(&details, is_new);
        let id = UserId(db::new_id());
        self.perhaps_deleted(Person { id, details, created_at, last_activity, is_new, erase_at: None })
    }

    /// A few are pending deletion, as `users::delete` leaves them: without what they held, on a paid plan; but one on a plan
    /// that has been made a free one since.
    fn perhaps_deleted(&self, mut person: Person) -> Person {
        let order = self.order();
        let turn = order.checked_sub(20).filter(|later| later % 20 == 0).map(|later| later / 20);
        let Some(days) = turn.filter(|turn| *turn < self.pending as usize).and_then(|turn| PENDING.get(turn)) else {
            return person;
        };
        person.details.status = Status::Pending;
        person.details.phone_ext.clear();
        let is_paid = turn != Some(0);
        if let Some(plan) = self.plans.iter().find(|plan| plan.paid == is_paid) {
            person.details.plan = plan.id;
            person.details.dialer &= plan.dialer;
            person.details.local_presence &= plan.local_presence;
        }
        person.erase_at = Some(self.now + Duration::days(*days));
        person
    }

    /// How many there were before, without the known ones.
    fn order(&self) -> usize {
        (self.index as usize).saturating_sub(self.sample.known.len())
    }

    fn role(&mut self) -> Role {
        ROLES[self.random.weighted(&ROLES.map(|(_, weight)| weight))].0
    }

    /// An Agent is a Member with a dialer, so they have a plan with one.
    fn plan(&mut self, role: Role) -> &'a Plan {
        let index = self.random.weighted(&PLANS).min(self.plans.len() - 1);
        let plan = &self.plans[index];
        if role == Role::Agent && !plan.dialer {
            return self.plans.iter().find(|plan| plan.dialer).unwrap_or(plan);
        }
        plan
    }

    /// Most sign in by e-mail; some by username, and of those some are a department's.
    fn identity(&mut self, is_new: bool) -> Identity {
        let special = self.sample.special.get(self.order());
        let by_username = special.is_none() && !is_new && self.random.chance(12);
        if by_username && self.random.chance(35) {
            return self.department();
        }
        let name = special.map_or_else(|| Name::draw(&mut self.random), |(first, last)| Name::new(first, last));
        let (company, domain) = if self.random.chance(92) {
            let company = companies::draw(&self.companies, &mut self.random);
            (company.name.clone(), company.domain.clone())
        } else {
            (String::new(), self.sample.domain.to_owned())
        };
        let (email, username) = if by_username {
            let initial: String = name.first_latin.chars().take(1).collect();
            let username = format!("{initial}{}", name.last_latin);
            (String::new(), format!("{username}{}", self.taken.number(&username)))
        } else {
            let dot = if name.last_latin.is_empty() { "" } else { "." };
            let local = format!("{}{dot}{}", name.first_latin, name.last_latin);
            let number = self.taken.number(&format!("{local}@{domain}"));
            (format!("{local}{number}@{domain}"), String::new())
        };
        let user_type = if by_username { UserType::Username } else { UserType::Email };
        let (first_name, last_name) = (name.first, name.last);
        Identity { user_type, first_name, last_name, email, username, company, is_department: false }
    }

    fn department(&mut self) -> Identity {
        let department = *self.random.pick(&DEPARTMENTS);
        let number = self.taken.number(department);
        Identity {
            user_type: UserType::Username,
            first_name: format!("{department} {number}").trim().to_owned(),
            last_name: String::new(),
            email: String::new(),
            username: format!("{}{number}", department.to_lowercase().replace(' ', "-")),
            company: self.sample.name.into(),
            is_department: true,
        }
    }

    fn details(&mut self, who: Identity, role: Role, plan: &Plan) -> Details {
        let wants_dialer = role == Role::Agent || self.random.chance(40);
        let dialer = plan.dialer && wants_dialer;
        let seat = [Seat::Package, Seat::Card, Seat::Direct][self.random.weighted(&[88, 6, 6])];
        let pays_alone = seat == Seat::Direct && self.random.chance(70);
        let phone = if self.random.chance(90) { self.phone() } else { String::new() };
        Details {
            user_type: who.user_type,
            first_name: who.first_name,
            last_name: who.last_name,
            email: who.email,
            username: who.username,
            phone,
            phone_ext: if self.random.chance(70) { self.extension() } else { String::new() },
            job_title: if who.is_department { "" } else { self.random.pick(job_titles(role)) }.into(),
            company: who.company,
            role,
            plan: plan.id,
            status: if self.random.chance(9) { Status::Disabled } else { Status::Enabled },
            dialer,
            local_presence: dialer && plan.local_presence && self.random.chance(60),
            use_balance: if pays_alone { UseBalance::User } else { UseBalance::Company },
            ext_phone: if !dialer && self.random.chance(15) { self.phone() } else { String::new() },
            seat,
            teams: self.some_teams(),
        }
    }

    /// A number of nobody's, while there are any: at a million users they repeat, which numbers may.
    fn phone(&self) -> String {
        let prefixes = self.sample.phones;
        let (index, number) = (self.index as usize % prefixes.len(), 100 + self.index as usize / prefixes.len());
        // German ones have three digits behind the block, American ones four.
        let digits = if prefixes[index].starts_with("+1") { 4 } else { 3 };
        format!("{}{:0digits$}", prefixes[index], number % 10_usize.pow(digits as u32))
    }

    /// 101 and so on.
    fn extension(&self) -> String {
        (101 + self.index).to_string()
    }

    /// None, one or two, by id.
    fn some_teams(&mut self) -> Vec<TeamId> {
        let count = self.random.weighted(&[20, 55, 25]);
        let mut teams: Vec<TeamId> = (0..count).map(|_| *self.random.pick(self.teams)).collect();
        teams.sort();
        teams.dedup();
        teams
    }

    /// When they were added, each later than the one before and most of them lately, and when they were last here.
    fn times(&mut self, details: &Details, is_new: bool) -> (NaiveDateTime, NaiveDateTime) {
        const MINUTES: f64 = 60.0;
        const DAYS: f64 = 24.0 * 60.0 * MINUTES;
        let others = self.size as usize - self.sample.known.len();
        let part = (self.order() as f64 + self.random.unit()) / others as f64;
        // The first minutes are those of the known people; the newest was added some minutes ago.
        let history = HISTORY.num_seconds() as f64 - 200.0 * MINUTES;
        let mut age = (history * (1.0 - part.sqrt())).max(20.0 * MINUTES);
        if is_new {
            let newer = f64::from(self.size - self.index - 1);
            age = age.min((20.0 + 170.0 * newer) * MINUTES);
        }
        let away = match (details.status, self.random.below(100)) {
            (Status::Disabled, _) => self.random.between(10.0 * DAYS, 200.0 * DAYS),
            (_, 0..30) => self.random.between(1.0 * MINUTES, 120.0 * MINUTES),
            (_, 30..60) => self.random.between(120.0 * MINUTES, 1.5 * DAYS),
            (_, 60..85) => self.random.between(1.5 * DAYS, 8.0 * DAYS),
            _ => self.random.between(8.0 * DAYS, 60.0 * DAYS),
        };
        // Who was added after that was here soon after.
        let away = if away < age { away } else { age * self.random.between(0.1, 0.99) };
        let ago = |seconds: f64| self.now - Duration::seconds(seconds as i64);
        let never = is_new || self.random.chance(8);
        (ago(age), if never { clock::never() } else { ago(away) })
    }
}

impl Iterator for Crowd<'_> {
    type Item = Person;

    fn next(&mut self) -> Option<Person> {
        if self.index >= self.size {
            return None;
        }
        let sample = self.sample;
        let person = match sample.known.get(self.index as usize) {
            Some(known) => self.known(known),
            None => self.somebody(),
        };
        self.index += 1;
        Some(person)
    }
}

#[cfg(test)]
mod tests;
