use crate::access::Operator;
use crate::error::{Error, Result};
use crate::mail::{self, MailId, Queued};
use crate::web::form::Query;
use crate::web::page::{self, Page};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

/// Messages on one page.
const ROWS: i64 = 50;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct MailQuery {
    /// Older than this message.
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "operator/mail.html")]
struct MailPage {
    page: Page,
    messages: Vec<Queued>,
    older: Option<MailId>,
    is_first: bool,
    sends: bool,
}

/// GET /operator/mail: the queue, newest first.
pub async fn mail(operator: Operator, Query(query): Query<MailQuery>) -> Result<HttpResponse> {
    let before = query.before.map(MailId);
    let mut messages = operator.db.read(move |conn| mail::newest(conn, before, ROWS + 1)).await?;
    let has_older = messages.len() > ROWS as usize;
    messages.truncate(ROWS as usize);
    let older = if has_older { messages.last().map(|message| message.id) } else { None };
    let sends = operator.app.config.smtp.is_some();
    page::html(StatusCode::OK, &MailPage { page: operator.page, messages, older, is_first: before.is_none(), sends })
}

#[derive(Template)]
#[template(path = "operator/message.html")]
struct MessagePage {
    page: Page,
    message: Queued,
    text: String,
}

/// GET /operator/mail/{id}: one message, as its reader gets it in plain text.
pub async fn message(operator: Operator, id: web::Path<String>) -> Result<HttpResponse> {
    let id = id.parse().map(MailId).map_err(|_| Error::NotFound)?;
    let (message, text) = operator.db.read(move |conn| mail::read(conn, id)).await?;
    page::html(StatusCode::OK, &MessagePage { page: operator.page, message, text })
}
