use crate::db::Conn;
use crate::error::Result;
use crate::schema::plans;
use diesel::prelude::*;
use diesel_derive_newtype::DieselNewType;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, DieselNewType)]
pub struct PlanId(pub i64);

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = plans)]
pub struct Plan {
    pub id: PlanId,
    pub name: String,
    pub paid: bool,
    pub dialer: bool,
    pub local_presence: bool,
    pub api: bool,
    pub position: i32,
}

impl Plan {
    /// "dialer, local presence", "no dialer".
    pub fn products(&self) -> String {
        let has = [(self.dialer, "dialer"), (self.local_presence, "local presence"), (self.api, "API")];
        let names: Vec<&str> = has.iter().filter(|(has, _)| *has).map(|(_, name)| *name).collect();
        if names.is_empty() { "no dialer".into() } else { names.join(", ") }
    }
}

/// All plans, in the operator's order.
pub fn all(conn: &mut Conn) -> Result<Vec<Plan>> {
    Ok(plans::table.order(plans::position).select(Plan::as_select()).load(conn)?)
}

/// One of these plans.
pub fn among(plans: &[Plan], id: PlanId) -> Option<&Plan> {
    plans.iter().find(|plan| plan.id == id)
}

/// The name of one of these plans; "" for none of them.
pub fn name_among(plans: &[Plan], id: PlanId) -> &str {
    among(plans, id).map_or("", |plan| &plan.name)
}

pub fn find(conn: &mut Conn, id: PlanId) -> Result<Plan> {
    Ok(plans::table.find(id).select(Plan::as_select()).first(conn)?)
}

pub fn named(conn: &mut Conn, name: &str) -> Result<Plan> {
    Ok(plans::table.filter(plans::name.eq(name)).select(Plan::as_select()).first(conn)?)
}

/// The four plans of a new installation. Does nothing where there are plans.
pub fn install_defaults(conn: &mut Conn) -> Result<()> {
    let count: i64 = plans::table.count().get_result(conn)?;
    if count > 0 {
        return Ok(());
    }
    let products = [
        ("Free", false, false, false, false),
        ("Standard", true, true, false, false),
        ("Professional", true, true, true, false),
        ("Enterprise", true, true, true, true),
    ];
    for (position, (name, paid, dialer, local_presence, api)) in (1..).zip(products) {
        let id = PlanId(crate::db::new_id());
        let plan = Plan { id, name: name.into(), paid, dialer, local_presence, api, position };
        diesel::insert_into(plans::table).values(&plan).execute(conn)?;
    }
    Ok(())
}
