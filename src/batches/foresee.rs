//! What a batch will do, told before it does it. The same rules are asked as when it is applied, once for all users who
//! are alike to them, so that a million cost one query.

use super::action::Action;
use super::model::{Batch, Why, first};
use crate::access::{AccountId, Actor, Role, UserId};
use crate::accounts;
use crate::credits::{self, Allocation, CreditKind, Pool};
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::operator;
use crate::plans::{self, Plan, PlanId};
use crate::schema::{batch_items, users as people};
use crate::users::{self, Row, Seat, Status, Target};
use crate::web::text::number;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

/// Users whom the rules can't tell apart.
#[derive(Debug, Clone, Copy, QueryableByName)]
struct Alike {
    /// Of one who is special; 0 for all others.
    #[diesel(sql_type = BigInt)]
    id: UserId,
    #[diesel(sql_type = Text)]
    status: Status,
    #[diesel(sql_type = Text)]
    role: Role,
    #[diesel(sql_type = Text)]
    seat: Seat,
    #[diesel(sql_type = BigInt)]
    plan_id: PlanId,
    #[diesel(sql_type = Bool)]
    dialer: bool,
    #[diesel(sql_type = Bool)]
    local_presence: bool,
    #[diesel(sql_type = BigInt)]
    users: i64,
}

/// What will become of how many.
#[derive(Debug, Clone, Default)]
pub struct Foresight {
    pub done: i64,
    pub unchanged: i64,
    /// By reason, each once.
    pub refused: Vec<(Why, i64)>,
    /// Of those who get a plan: who lose a product that it does not have.
    pub losing: i64,
    /// Of those who are deleted: erased at once, and later.
    pub erased: i64,
    pub scheduled: i64,
    /// What those who are deleted leave.
    pub extensions: i64,
    pub unused: Vec<(CreditKind, i64)>,
    /// The first of those who are refused, and why.
    pub refused_rows: Vec<(Row, Why)>,
    /// The first of all, each with what becomes of them.
    pub named: Vec<Named>,
}

impl Foresight {
    pub fn refused(&self) -> i64 {
        self.refused.iter().map(|(_, users)| users).sum()
    }

    fn refuse(&mut self, why: Why, users: i64) {
        match self.refused.iter_mut().find(|(known, _)| *known == why) {
            Some((_, count)) => *count += users,
            None => self.refused.push((why, users)),
        }
    }
}

/// One of the users that the confirmation names.
#[derive(Debug, Clone)]
pub struct Named {
    pub row: Row,
    /// Whether something will be done to them.
    pub is_meant: bool,
    /// Whether their plan is a paid one.
    pub is_paid: bool,
    pub allocations: Vec<Allocation>,
}

impl Named {
    pub fn allocated(&self, kind: CreditKind) -> i64 {
        self.allocations.iter().find(|one| one.kind == kind).map_or(0, |one| one.allocated)
    }

    /// "extension 104, 120 Export, 30 Minutes": what goes to others. Numbers and teams' leads are not there yet.
    pub fn holds(&self) -> String {
        let extension = (!self.row.phone_ext.is_empty()).then(|| format!("extension {}", self.row.phone_ext));
        let unused = self.allocations.iter().filter(|one| one.left() > 0);
        let unused = unused.map(|one| format!("{} {}", number(one.left()), one.kind.name()));
        extension.into_iter().chain(unused).collect::<Vec<_>>().join(", ")
    }
}

/// Who must be asked about one by one: the actor and operators.
struct Special {
    ids: Vec<UserId>,
    operators: Vec<UserId>,
}

struct Prophet<'a> {
    actor: &'a Actor,
    batch: &'a Batch,
    action: Action,
    plans: Vec<Plan>,
    special: Special,
}

/// Users that are named: all of a page.
pub const NAMED: i64 = 100;

/// `action`: the batch's, with what is about to be decided.
pub fn foresee(conn: &mut Conn, actor: &Actor, batch: &Batch, action: Action) -> Result<Foresight> {
    let operators = operator::of_account(conn, batch.account_id)?;
    let ids = operators.iter().copied().chain(actor.user).collect();
    let special = Special { ids, operators };
    let prophet = Prophet { actor, batch, action, plans: plans::all(conn)?, special };
    let mut told = Foresight::default();
    let (mut enabling, mut refused_roles, mut refused_ids) = (0, vec![], vec![]);
    for group in prophet.groups(conn)?.into_iter().chain(prophet.one_by_one(conn)?) {
        match prophet.judge(prophet.target(group.id, group.role, group.status), group.plan_id) {
            Ok(false) => told.unchanged += group.users,
            Ok(true) => prophet.count(&mut told, &group, &mut enabling),
            Err(error) => {
                told.refuse(Why::of(&error).ok_or(error)?, group.users);
                match group.id {
                    UserId(0) => refused_roles.push(group.role),
                    id => refused_ids.push(id),
                }
            }
        }
    }
    prophet.ration_seats(conn, &mut told, enabling)?;
    prophet.ration_pool(conn, &mut told)?;
    told.refused_rows = prophet.refused_rows(conn, &refused_roles, &refused_ids)?;
    told.named = prophet.named(conn)?;
    if prophet.action == Action::Delete {
        prophet.count_estate(conn, &mut told, &refused_roles, &refused_ids)?;
    }
    Ok(told)
}

/// What a pool can still give.
pub fn unallocated(conn: &mut Conn, account: AccountId, kind: CreditKind) -> Result<i64> {
    Ok(credits::pools(conn, account)?.iter().find(|pool| pool.kind == kind).map_or(0, Pool::unallocated))
}

impl Prophet<'_> {
    fn target(&self, id: UserId, role: Role, status: Status) -> Target {
        Target::of(id, role, status, &self.special.operators)
    }

    /// Whether something will be done, or why not: what the verb will ask.
    fn judge(&self, target: Target, plan: PlanId) -> Result<bool> {
        let status = |status: Status| {
            users::switching(self.actor, target, status)?;
            Ok(target.status != status)
        };
        match self.action {
            Action::Enable => status(Status::Enabled),
            Action::Disable => status(Status::Disabled),
            Action::Role(role) => {
                users::giving_role(self.actor, target, role, false)?;
                Ok(target.role != role)
            }
            Action::Plan(wanted) => {
                users::giving_plan(self.actor, target)?;
                self.plan(wanted).ok_or(Refusal::UnknownPlan)?;
                Ok(plan != wanted)
            }
            Action::Allocate(..) | Action::TakeBack(..) => {
                users::allocating(self.actor, target)?;
                Ok(true)
            }
            Action::Delete => {
                users::deleting(self.actor, target)?;
                Ok(target.status != Status::Pending)
            }
        }
    }

    fn count(&self, told: &mut Foresight, group: &Alike, enabling: &mut i64) {
        told.done += group.users;
        match self.action {
            Action::Enable if group.seat == Seat::Package => *enabling += group.users,
            Action::Plan(wanted) => {
                let has = (group.dialer, group.local_presence);
                if self.plan(wanted).is_some_and(|plan| users::products(plan, has) != has) {
                    told.losing += group.users;
                }
            }
            Action::Delete if self.plan(group.plan_id).is_some_and(|plan| plan.paid) => told.scheduled += group.users,
            Action::Delete => told.erased += group.users,
            _ => {}
        }
    }

    fn plan(&self, id: PlanId) -> Option<&Plan> {
        plans::among(&self.plans, id)
    }

    /// Who is enabled takes a seat, while there are any.
    fn ration_seats(&self, conn: &mut Conn, told: &mut Foresight, enabling: i64) -> Result<()> {
        if self.action == Action::Enable {
            let account = accounts::find(conn, self.batch.account_id)?;
            let over = enabling - i64::from(account.seat_limit - account.seats_used);
            if over > 0 {
                told.done -= over;
                told.refuse(Why::NoFreeSeat, over);
            }
        }
        Ok(())
    }

    /// Who comes first gets credits, while there are any.
    fn ration_pool(&self, conn: &mut Conn, told: &mut Foresight) -> Result<()> {
        if let Action::Allocate(kind, amount @ 1..) = self.action {
            let over = told.done - unallocated(conn, self.batch.account_id, kind)? / amount;
            if over > 0 {
                told.done -= over;
                told.refuse(Why::PoolEmpty, over);
            }
        }
        Ok(())
    }

    /// All but the special ones, by what the rules ask.
    fn groups(&self, conn: &mut Conn) -> Result<Vec<Alike>> {
        const BY: &str = "users.status, users.role, users.seat, users.plan_id, user_settings.dialer, \
                          user_settings.local_presence";
        self.ask(conn, &format!("SELECT CAST(0 AS BIGINT) AS id, {BY}, COUNT(*) AS users"), "NOT IN", BY)
    }

    /// The special ones among those who are meant.
    fn one_by_one(&self, conn: &mut Conn) -> Result<Vec<Alike>> {
        let select = "SELECT users.id, users.status, users.role, users.seat, users.plan_id, user_settings.dialer, \
                      user_settings.local_presence, COUNT(*) AS users";
        let by = "users.account_id, users.id, user_settings.account_id, user_settings.user_id";
        self.ask(conn, select, "IN", by)
    }

    /// Diesel's own GROUP BY takes the columns of one table only.
    fn ask(&self, conn: &mut Conn, select: &str, within: &str, group_by: &str) -> Result<Vec<Alike>> {
        let special: Vec<String> = self.special.ids.iter().map(ToString::to_string).collect();
        let query = diesel::sql_query(format!(
            "{select} FROM batch_items \
             JOIN users ON users.account_id = batch_items.account_id AND users.id = batch_items.user_id \
             JOIN user_settings ON user_settings.account_id = users.account_id AND user_settings.user_id = users.id \
             WHERE batch_items.account_id = $1 AND batch_items.batch_id = $2 AND users.id {within} ({}) \
             GROUP BY {group_by}",
            special.join(", ")
        ));
        let query = query.bind::<BigInt, _>(self.batch.account_id).bind::<BigInt, _>(self.batch.id);
        Ok(query.load(conn)?)
    }

    fn named(&self, conn: &mut Conn) -> Result<Vec<Named>> {
        let ids = first(conn, self.batch, NAMED)?;
        let allocations = credits::allocations_of(conn, self.batch.account_id, &ids)?;
        let named = users::rows(conn, self.batch.account_id, &ids)?.into_iter().map(|row| Named {
            is_meant: matches!(self.judge(self.target(row.id, row.role, row.status), row.plan_id), Ok(true)),
            is_paid: self.plan(row.plan_id).is_some_and(|plan| plan.paid),
            allocations: allocations.iter().filter(|one| one.user_id == row.id).cloned().collect(),
            row,
        });
        Ok(named.collect())
    }

    /// Names for the first who are refused. Who gets the last free seat is not known before.
    fn refused_rows(&self, conn: &mut Conn, roles: &[Role], ids: &[UserId]) -> Result<Vec<(Row, Why)>> {
        let found: Vec<UserId> = batch_items::table
            .inner_join(people::table.on(is_item()))
            .filter(batch_items::account_id.eq(self.batch.account_id))
            .filter(batch_items::batch_id.eq(self.batch.id))
            .filter(people::role.eq_any(roles.to_vec()).or(people::id.eq_any(ids.to_vec())))
            .order(batch_items::user_id)
            .limit(NAMED)
            .select(people::id)
            .load(conn)?;
        let rows = users::rows(conn, self.batch.account_id, &found)?;
        let refused = rows.into_iter().filter_map(|row| {
            let error = self.judge(self.target(row.id, row.role, row.status), row.plan_id).err()?;
            Some((row, Why::of(&error)?))
        });
        Ok(refused.collect())
    }

    /// Extensions and unused credits of those who will be deleted.
    fn count_estate(&self, conn: &mut Conn, told: &mut Foresight, roles: &[Role], ids: &[UserId]) -> Result<()> {
        let roles: Vec<String> = roles.iter().map(|role| format!("'{}'", role.code())).chain(["''".into()]).collect();
        let ids: Vec<String> = ids.iter().map(ToString::to_string).chain(["0".into()]).collect();
        // CROSS JOIN: SQLite would begin with all allocations of the account.
        let those = format!(
            "batch_items CROSS JOIN users {{more}} WHERE batch_items.account_id = $1 AND batch_items.batch_id = $2 \
             AND users.account_id = batch_items.account_id AND users.id = batch_items.user_id \
             AND users.status <> 'pending' AND users.role NOT IN ({}) AND users.id NOT IN ({})",
            roles.join(", "),
            ids.join(", ")
        );
        let extensions = those.replace("{more}", "");
        let extensions = format!("SELECT '' AS kind, COUNT(*) AS amount FROM {extensions} AND users.phone_ext <> ''");
        told.extensions = self.amounts(conn, &extensions)?.first().map_or(0, |one| one.amount);
        let unused = those.replace("{more}", "CROSS JOIN allocations CROSS JOIN credit_pools");
        let unused = format!(
            "SELECT allocations.kind, CAST(SUM(allocations.allocated - CASE WHEN allocations.cycle = credit_pools.cycle \
             THEN allocations.used ELSE 0 END) AS BIGINT) AS amount \
             FROM {unused} AND allocations.account_id = users.account_id AND allocations.user_id = users.id \
             AND credit_pools.account_id = allocations.account_id AND credit_pools.kind = allocations.kind \
             GROUP BY allocations.kind"
        );
        let unused = self.amounts(conn, &unused)?.into_iter().filter(|one| one.amount > 0);
        told.unused = unused.filter_map(|one| Some((CreditKind::from_code(&one.kind)?, one.amount))).collect();
        told.unused.sort_by_key(|(kind, _)| *kind);
        Ok(())
    }

    fn amounts(&self, conn: &mut Conn, sql: &str) -> Result<Vec<Amount>> {
        let query = diesel::sql_query(sql);
        Ok(query.bind::<BigInt, _>(self.batch.account_id).bind::<BigInt, _>(self.batch.id).load(conn)?)
    }
}

#[derive(QueryableByName)]
struct Amount {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

#[diesel::dsl::auto_type]
fn is_item() -> _ {
    people::account_id.eq(batch_items::account_id).and(people::id.eq(batch_items::user_id))
}
