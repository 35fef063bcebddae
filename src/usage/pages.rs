//! The Usage Report: one's own, of the whole team, and of each user.

use super::chart::Chart;
use super::figures::Figures;
use super::forecast::pool_meters;
use super::members::Members;
use super::period::{Period, Span};
use super::query::ReportQuery;
use crate::access::{AccountId, Can, Own, UserId, ViewUsers, user_id};
use crate::credits::{self, Allocation, CreditKind, Meter, Whose};
use crate::db::Conn;
use crate::error::Result;
use crate::users;
use crate::users::tabs::{Tab, tabs};
use crate::web::download;
use crate::web::flash;
use crate::web::form::{Errors, Query};
use crate::web::page::{self, Page};
use crate::web::text::Times;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

/// Whose report it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Own(UserId),
    User(UserId),
    Team,
}

impl Subject {
    fn whose(self) -> Whose {
        match self {
            Subject::Own(user) | Subject::User(user) => Whose::User(user),
            Subject::Team => Whose::Account,
        }
    }

    fn path(self) -> String {
        match self {
            Subject::Own(_) => "/usage".to_owned(),
            Subject::User(user) => format!("/users/{user}/usage"),
            Subject::Team => "/usage/team".to_owned(),
        }
    }
}

/// What is read of the database.
struct Loaded {
    /// Of [`Subject::User`].
    name: String,
    meters: Vec<Meter>,
    figures: Figures,
    members: Option<Members>,
}

impl Loaded {
    fn read(
        conn: &mut Conn,
        account: AccountId,
        subject: Subject,
        period: Period,
        query: &ReportQuery,
        times: &Times,
    ) -> Result<Self> {
        let name = match subject {
            Subject::User(user) => users::find(conn, account, user)?.details.name(),
            Subject::Own(_) | Subject::Team => String::new(),
        };
        let figures = Figures::load(conn, account, subject.whose(), period, query.kind())?;
        let (meters, members) = match subject {
            Subject::Own(user) | Subject::User(user) => (meters_of(conn, account, user, times)?, None),
            Subject::Team => {
                let pools = pool_meters(conn, account, times)?.into_iter().map(|(_, meter)| meter).collect();
                (pools, Some(Members::load(conn, account, &figures, query)?))
            }
        };
        Ok(Loaded { name, meters, figures, members })
    }
}

/// What one user has, of each kind.
fn meters_of(conn: &mut Conn, account: AccountId, user: UserId, times: &Times) -> Result<Vec<Meter>> {
    let parts = credits::allocations_of(conn, account, &[user])?;
    let pools = credits::pools(conn, account)?;
    let part = |kind| {
        let found = parts.iter().find(|part| part.kind == kind).cloned();
        found.unwrap_or_else(|| Allocation::none(user, kind))
    };
    Ok(pools.iter().map(|pool| Meter::of_part(&part(pool.kind), pool, times)).collect())
}

#[derive(Template)]
#[template(path = "usage/report.html")]
struct ReportPage {
    page: Page,
    subject: Subject,
    query: ReportQuery,
    errors: Errors,
    loaded: Loaded,
    by_day: Chart,
    by_month: Chart,
}

impl ReportPage {
    fn is_team(&self) -> bool {
        self.subject == Subject::Team
    }

    /// Of whom somebody else reads.
    fn user(&self) -> Option<UserId> {
        match self.subject {
            Subject::User(user) => Some(user),
            Subject::Own(_) | Subject::Team => None,
        }
    }

    fn path(&self) -> String {
        self.subject.path()
    }

    /// "Your assigned credits, 11-01-2026 to 11-20-2026"
    fn subtitle(&self) -> String {
        let period = self.loaded.figures.period.text();
        match self.subject {
            Subject::Own(_) => format!("Your assigned credits, {period}"),
            Subject::User(_) => format!("{}, {period}", self.loaded.name),
            Subject::Team => format!("{}, {period}", self.page.viewer.account_name),
        }
    }

    fn credits_title(&self) -> &'static str {
        match self.subject {
            Subject::Own(_) => "Your credits",
            Subject::User(_) => "Credits",
            Subject::Team => "Team Credit Overview",
        }
    }

    fn csv_path(&self) -> String {
        let path = format!("{}.csv", self.path());
        // Of what is shown, where dates are wrong.
        if self.errors.is_empty() { self.query.at(&path) } else { self.query.without_dates().at(&path) }
    }

    fn is_span(&self, span: &Span) -> bool {
        self.query.span() == *span
    }

    fn is_kind(&self, kind: &CreditKind) -> bool {
        self.loaded.figures.kind == *kind
    }

    /// In the date fields: what was typed, or what is shown.
    fn from(&self) -> String {
        if self.is_span(&Span::Dates) { self.query.from.clone() } else { self.loaded.figures.period.from.to_string() }
    }

    fn to(&self) -> String {
        if self.is_span(&Span::Dates) { self.query.to.clone() } else { self.loaded.figures.period.to.to_string() }
    }

    fn user_path(&self, user: &UserId) -> String {
        self.query.first().at(&Subject::User(*user).path())
    }

    fn user_tabs(&self) -> Vec<Tab> {
        self.user().map_or(vec![], |user| tabs(user, &self.query.back).to_vec())
    }

    fn whose_tabs(&self) -> [Tab; 2] {
        [("/usage/team".to_owned(), "Team"), ("/usage".to_owned(), "Your own")]
    }

    fn whose(&self) -> &'static str {
        if self.is_team() { "Team" } else { "Your own" }
    }

    fn list_path(&self) -> String {
        users::list::ListQuery::from_text(&self.query.back).path()
    }
}

async fn show<P>(can: Can<P>, subject: Subject, query: ReportQuery) -> Result<HttpResponse> {
    let (account, times) = (can.viewer.account, can.page.times);
    let (period, errors) = match query.period(&times) {
        Ok(period) => (period, Errors::default()),
        Err(errors) => (Period::this_month(&times), errors),
    };
    let asked = query.clone();
    let loaded = can.db.read(move |conn| Loaded::read(conn, account, subject, period, &asked, &times)).await?;
    let (by_day, by_month) = (loaded.figures.by_day(), loaded.figures.by_month());
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = can.page.at(query.at(&subject.path()));
    page::html(status, &ReportPage { page, subject, query, errors, by_day, by_month, loaded })
}

/// The days of the period as a file. Dates that make no period are told on the page.
async fn send<P>(can: Can<P>, subject: Subject, name: &str, query: ReportQuery) -> Result<HttpResponse> {
    let (account, times) = (can.viewer.account, can.page.times);
    let Ok(period) = query.period(&times) else { return Ok(flash::redirect(&query.at(&subject.path()), None)) };
    let figures = can
        .db
        .read(move |conn| {
            if let Subject::User(user) = subject {
                users::find(conn, account, user)?;
            }
            Figures::load(conn, account, subject.whose(), period, None)
        })
        .await?;
    let head = download::csv_head(&["Date", "Export", "Direct Dial", "Calling", "Minutes"])?;
    let rows = download::csv(figures.days().into_iter().map(|row| row.cells()))?;
    let name = format!("{name}-{}-{}.csv", period.from, period.to);
    Ok(download::whole_csv(&name, [head, rows].concat()))
}

/// GET /usage
pub async fn own(can: Can<Own>, Query(query): Query<ReportQuery>) -> Result<HttpResponse> {
    let subject = Subject::Own(can.viewer.user);
    show(can, subject, query).await
}

/// GET /usage.csv
pub async fn own_csv(can: Can<Own>, Query(query): Query<ReportQuery>) -> Result<HttpResponse> {
    let subject = Subject::Own(can.viewer.user);
    send(can, subject, "usage", query).await
}

/// GET /usage/team
pub async fn team(can: Can<ViewUsers>, Query(query): Query<ReportQuery>) -> Result<HttpResponse> {
    show(can, Subject::Team, query).await
}

/// GET /usage/team.csv
pub async fn team_csv(can: Can<ViewUsers>, Query(query): Query<ReportQuery>) -> Result<HttpResponse> {
    send(can, Subject::Team, "team-usage", query).await
}

/// GET /users/{id}/usage
pub async fn user(
    can: Can<ViewUsers>,
    id: web::Path<String>,
    Query(query): Query<ReportQuery>,
) -> Result<HttpResponse> {
    show(can, Subject::User(user_id(&id)?), query).await
}

/// GET /users/{id}/usage.csv
pub async fn user_csv(
    can: Can<ViewUsers>,
    id: web::Path<String>,
    Query(query): Query<ReportQuery>,
) -> Result<HttpResponse> {
    send(can, Subject::User(user_id(&id)?), "user-usage", query).await
}
