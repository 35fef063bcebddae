use super::user_id;
use crate::access::{Can, UserId, ViewUsers};
use crate::activity::{self, Change};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::users::export::{COLUMNS, Cursor};
use crate::users::list::{ListQuery, Scope};
use crate::web::download::{self, Sheet};
use crate::web::flash::{self, Flash};
use crate::web::form::Query;
use crate::web::text::number;
use actix_web::HttpResponse;
use actix_web::web::{self, Bytes};
use futures_util::stream;
use serde::Deserialize;

/// Users of one XLSX file.
const MOST: usize = 100_000;

/// The selected users; without any, or with `all`, those who match the list's filter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExportQuery {
    id: Vec<String>,
    page: String,
    shown: Vec<String>,
    all: String,
    /// Where the bar below the list says its filter.
    back: String,
}

impl ExportQuery {
    fn list(&self, query: ListQuery) -> ListQuery {
        if self.back.is_empty() { query } else { ListQuery::from_text(&self.back) }
    }

    fn ids(&self) -> Result<Option<Vec<UserId>>> {
        let shown = if self.page.is_empty() { &[] } else { self.shown.as_slice() };
        if !self.all.is_empty() || self.id.is_empty() && shown.is_empty() {
            return Ok(None);
        }
        self.id.iter().chain(shown).map(|id| user_id(id)).collect::<Result<Vec<_>>>().map(Some)
    }
}

/// Who is meant. That they were taken out is in the log before the first row is.
async fn start(can: &Can<ViewUsers>, asked: &ExportQuery, query: ListQuery, format: &'static str) -> Result<Cursor> {
    let (scope, times, actor) = (Scope::of(&can.app, &can.viewer), can.page.times, can.actor.clone());
    let (ids, query, viewer) = (asked.ids()?, asked.list(query), can.viewer.user);
    can.db
        .write(move |conn| {
            activity::record(conn, &actor, "users.exported", viewer, vec![Change::plain("format", "", format)])?;
            match &ids {
                Some(ids) => Cursor::of(conn, scope, times, ids),
                None => Ok(Cursor::matching(scope, query.clone(), times)),
            }
        })
        .await
}

fn file_name(can: &Can<ViewUsers>, extension: &str) -> String {
    format!("users-{}.{extension}", can.page.times.today())
}

/// GET /users/export.csv: of any size, sent as it is read.
pub async fn csv(
    can: Can<ViewUsers>,
    Query(query): Query<ListQuery>,
    Query(asked): Query<ExportQuery>,
) -> Result<HttpResponse> {
    let cursor = start(&can, &asked, query, "csv").await?;
    let name = file_name(&can, "csv");
    let head = download::csv_head(&COLUMNS)?;
    let parts = stream::try_unfold((can.db, Some(head), cursor), |(db, head, cursor)| async move {
        match head {
            Some(head) => Ok(Some((head, (db, None, cursor)))),
            None => next_part(db, cursor).await,
        }
    });
    Ok(download::streamed(&name, parts))
}

type Part = (Bytes, (Db, Option<Bytes>, Cursor));

/// The next slice that has rows.
async fn next_part(db: Db, mut cursor: Cursor) -> Result<Option<Part>> {
    loop {
        let (found, rest) = db
            .read(move |conn| {
                let rows = cursor.next(conn)?;
                Ok((rows, cursor))
            })
            .await?;
        cursor = rest;
        match found {
            Some(rows) if rows.is_empty() => {}
            Some(rows) => return Ok(Some((download::csv(rows)?, (db, None, cursor)))),
            None => return Ok(None),
        }
    }
}

/// GET /users/export.xlsx: up to [`MOST`] users.
pub async fn xlsx(
    can: Can<ViewUsers>,
    Query(query): Query<ListQuery>,
    Query(asked): Query<ExportQuery>,
) -> Result<HttpResponse> {
    let list = asked.list(query.clone());
    let cursor = start(&can, &asked, query, "xlsx").await?;
    let name = file_name(&can, "xlsx");
    let db = can.db.clone();
    let made = web::block(move || workbook(&db, cursor)).await.map_err(Error::from)??;
    match made {
        Some(sheet) => sheet.finish(&name),
        None => {
            let sentence = format!("An XLSX file holds {} users at most. Export these as CSV.", number(MOST as i64));
            Ok(flash::redirect(&list.path(), Some(Flash::refused(sentence))))
        }
    }
}

/// None where there are too many.
fn workbook(db: &Db, mut cursor: Cursor) -> Result<Option<Sheet>> {
    let mut sheet = Sheet::new("Users", &COLUMNS)?;
    let mut written = 0;
    while let Some(rows) = db.read_now(|conn| cursor.next(conn))? {
        written += rows.len();
        if written > MOST {
            return Ok(None);
        }
        for row in &rows {
            sheet.add(row)?;
        }
    }
    Ok(Some(sheet))
}
