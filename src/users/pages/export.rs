use crate::access::{Can, ViewUsers};
use crate::activity::{self, Change};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::users::export::{COLUMNS, Cursor, XLSX_ROWS};
use crate::users::list::{ListQuery, Scope};
use crate::users::selected::Selected;
use crate::web::download::{self, Sheet};
use crate::web::flash::{self, Flash};
use crate::web::form::Query;
use crate::web::text::number;
use actix_web::HttpResponse;
use actix_web::web::{self, Bytes};
use futures_util::stream;

/// The selected users; without any, those who match the list's filter.
async fn cursor(can: &Can<ViewUsers>, selected: &Selected, query: ListQuery) -> Result<Cursor> {
    let (scope, times) = (Scope::of(&can.app, &can.viewer), can.page.times);
    // The bar says the filter in `back`, the menu above the list in the address itself.
    let query = if selected.back.is_empty() { query } else { selected.list()? };
    match selected.ids()?.filter(|ids| !ids.is_empty()) {
        Some(ids) => can.db.read(move |conn| Cursor::of(conn, scope, times, &ids)).await,
        None => Ok(Cursor::matching(scope, query, times)),
    }
}

/// That users are taken out, and which, is in the log before the first row leaves.
async fn record(can: &Can<ViewUsers>, format: &'static str, cursor: &Cursor) -> Result<()> {
    let (actor, viewer) = (can.actor.clone(), can.viewer.user);
    let changes: Vec<Change> = [Change::plain("format", "", format)].into_iter().chain(cursor.chosen()).collect();
    can.db.write(move |conn| activity::record(conn, &actor, "users.exported", viewer, changes.clone())).await
}

fn file_name(can: &Can<ViewUsers>, extension: &str) -> String {
    format!("users-{}.{extension}", can.page.times.today())
}

/// GET /users/export.csv: of any size, sent as it is read.
pub async fn csv(
    can: Can<ViewUsers>,
    Query(query): Query<ListQuery>,
    Query(selected): Query<Selected>,
) -> Result<HttpResponse> {
    let cursor = cursor(&can, &selected, query).await?;
    record(&can, "csv", &cursor).await?;
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

/// GET /users/export.xlsx: up to [`XLSX_ROWS`] users.
pub async fn xlsx(
    can: Can<ViewUsers>,
    Query(query): Query<ListQuery>,
    Query(selected): Query<Selected>,
) -> Result<HttpResponse> {
    let list = if selected.back.is_empty() { query.path() } else { selected.list()?.path() };
    let mut cursor = cursor(&can, &selected, query).await?;
    let turn = can.app.exports.take().await?;
    let (found, rest) = can.db.read(move |conn| Ok((cursor.gather(conn, XLSX_ROWS)?, cursor))).await?;
    if !found {
        let sentence = format!("An XLSX file holds {} users at most. Export these as CSV.", number(XLSX_ROWS));
        return Ok(flash::redirect(&list, Some(Flash::refused(sentence))));
    }
    record(&can, "xlsx", &rest).await?;
    let db = can.db.clone();
    let bytes = web::block(move || {
        let _turn = turn;
        workbook(&db, rest)
    });
    Ok(download::xlsx(&file_name(&can, "xlsx"), bytes.await.map_err(Error::from)??))
}

fn workbook(db: &Db, mut cursor: Cursor) -> Result<Vec<u8>> {
    let mut sheet = Sheet::new("Users", &COLUMNS)?;
    while let Some(rows) = db.read_now(|conn| cursor.next(conn))? {
        for row in &rows {
            sheet.add(row)?;
        }
    }
    sheet.finish()
}
