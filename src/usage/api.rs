//! POST /api/v1/usage: what products report, one event or many. Each event is answered for itself.

mod draft;

use self::draft::Draft;
use super::report::{self, Direction, Event, Outcome};
use crate::access::Token;
use crate::clock;
use crate::credits::{CreditKind, Shortage};
use crate::error::Result;
use crate::tokens;
use crate::users::{self, Name};
use crate::web::json::JsonBody;
use crate::web::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

/// Bytes of a body.
pub const LARGEST: usize = 1024 * 1024;
/// Events of a batch.
const MOST: usize = 1000;
const KEY: &str = "Idempotency-Key";

/// A user's credits or minutes that were used, or are given back. The user is named by one of `user_id`, `email` and
/// `username`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Event)]
pub(crate) struct Sent {
    user_id: Option<Id>,
    email: Option<String>,
    username: Option<String>,
    #[schema(schema_with = kinds)]
    kind: String,
    /// Credits, or whole minutes.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    amount: i64,
    /// "use" where it is left out.
    #[serde(rename = "type")]
    #[schema(schema_with = directions)]
    direction: Option<String>,
    /// When it was used, as RFC 3339 has it; now, where it is left out. At most 5 minutes ahead and 31 days back.
    #[schema(format = DateTime)]
    time: Option<String>,
    /// What the product calls it; nothing is made of it.
    #[schema(max_length = 200)]
    reference: Option<String>,
    /// In a batch, what the header is for one event: 1 to 200 visible ASCII characters. Under a key nothing is counted twice.
    #[schema(min_length = 1, max_length = 200)]
    idempotency_key: Option<String>,
}

/// A user's id, which has more digits than some programs' numbers can hold.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged, expecting = "user_id must be text or a whole number")]
pub(crate) enum Id {
    Text(String),
    Number(i64),
}

/// Many events at once.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Batch {
    #[schema(value_type = Vec<Sent>, min_items = 1, max_items = 1000)]
    events: Vec<Box<RawValue>>,
}

/// One event, with its key in the header Idempotency-Key, or a batch.
#[derive(ToSchema)]
#[schema(as = Usage)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is there for its schema")]
pub(crate) enum Body {
    One(Sent),
    Many(Batch),
}

/// An event that is counted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// 201, or 200 where it was counted before.
    status: u16,
    /// The id of its entry in the ledger.
    entry: String,
    /// What the user had left after it.
    left: i64,
}

/// What became of an event.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Result)]
pub(crate) enum Answer {
    Counted(Receipt),
    Refused(Problem),
}

/// What became of each event of a batch, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Results {
    results: Vec<Answer>,
}

fn one_of(codes: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes)).build()
}

fn kinds() -> Object {
    one_of(CreditKind::ALL.iter().map(|kind| kind.code()))
}

fn directions() -> Object {
    one_of(Direction::ALL.iter().map(|direction| direction.code()))
}

/// Report usage
///
/// One event answers with what became of it: 201 counted, 200 counted before under its key, 404, 409 or 422 refused. A batch
/// answers 200 and has the same status, and the same numbers or problem, for each event; one that is refused takes nothing
/// from the others. Whatever else goes wrong, the request can be sent again under the same keys: nothing is counted twice.
#[utoipa::path(
    post,
    path = "/api/v1/usage",
    operation_id = "reportUsage",
    params(("Idempotency-Key" = Option<String>, Header, description = "For one event: 1 to 200 visible ASCII characters.")),
    request_body(content = Body, content_type = "application/json"),
    responses(
        (status = 201, description = "The event is counted.", body = Receipt),
        (status = 200, description = "The event was counted before under its key; or the results of a batch.",
            content((Answered = "application/json"))),
        (status = 400, description = "The body is no JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No API token that works on this host.", body = Problem,
            content_type = "application/problem+json", headers(("WWW-Authenticate" = String))),
        (status = 404, description = "No user of the account is named so.", body = Problem,
            content_type = "application/problem+json"),
        (status = 408, description = "The body took too long.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "More than the user has left (`kind`, `wanted`, `left` and `allocated` tell how much), or a \
            refund of more than they have used (`kind`, `wanted`, `used`). Under the same key it can come again.",
            body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is larger than 1 MB.", body = Problem,
            content_type = "application/problem+json"),
        (status = 415, description = "The body does not say that it is JSON.", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "The event is wrong, or its key belongs to another one; a batch has no events, or more than \
            1000.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Busy, or the database is away: send it again later.", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u64, description = "Seconds."))),
        (status = 507, description = "Nothing can be saved.", body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = []))
)]
pub async fn create(token: Token, req: HttpRequest, JsonBody(body): JsonBody) -> Result<HttpResponse> {
    let body: &RawValue = match serde_json::from_slice(&body) {
        Ok(body) => body,
        Err(error) => {
            return Problem::of_status(StatusCode::BAD_REQUEST, format!("This is no JSON: {error}.")).response();
        }
    };
    let now = clock::now();
    if !is_batch(body) {
        let read = header_key(&req).and_then(|key| Draft::read(body, Some(key), now));
        return match count(&token, vec![read]).await?.into_iter().next() {
            Some(Answer::Counted(receipt)) => Ok(HttpResponse::build(receipt.status()).json(receipt)),
            Some(Answer::Refused(problem)) => problem.response(),
            None => Ok(HttpResponse::InternalServerError().finish()),
        };
    }
    let events = match events_of(&req, body) {
        Ok(events) => events,
        Err(problem) => return problem.response(),
    };
    let drafts = events.iter().map(|event| Draft::read(event, None, now)).collect();
    Ok(HttpResponse::Ok().json(Results { results: count(&token, drafts).await? }))
}

/// What is answered with status 200.
#[derive(ToSchema)]
#[schema(as = Answered)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is there for its schema")]
pub(crate) enum Answered {
    Before(Receipt),
    Batch(Results),
}

impl Receipt {
    fn status(&self) -> StatusCode {
        if self.status == 201 { StatusCode::CREATED } else { StatusCode::OK }
    }
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "This can't be counted", detail)
}

/// The key of a single event.
fn header_key(req: &HttpRequest) -> Result<String, Problem> {
    let mut all = req.headers().get_all(KEY);
    match (all.next(), all.next()) {
        (Some(key), None) => Ok(key.to_str().unwrap_or_default().to_owned()),
        (None, _) => Err(invalid("One event has its key in the header Idempotency-Key. This header is missing.")),
        (Some(_), Some(_)) => Err(invalid("The header Idempotency-Key is there more than once.")),
    }
}

fn is_object(json: &RawValue) -> bool {
    json.get().starts_with('{')
}

fn is_batch(body: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Events<'a> {
        #[serde(borrow)]
        events: Option<&'a RawValue>,
    }
    is_object(body) && serde_json::from_str::<Events>(body.get()).is_ok_and(|body| body.events.is_some())
}

fn events_of(req: &HttpRequest, body: &RawValue) -> Result<Vec<Box<RawValue>>, Problem> {
    let batch: Batch = serde_json::from_str(body.get()).map_err(|error| invalid(format!("The batch: {error}.")))?;
    if req.headers().contains_key(KEY) {
        return Err(invalid(
            "In a batch each event has an idempotency_key. The header Idempotency-Key is for one event.",
        ));
    }
    match batch.events.len() {
        1..=MOST => Ok(batch.events),
        0 => Err(invalid("The batch has no events.")),
        many => Err(invalid(format!("The batch has {many} events. Send {MOST} at most."))),
    }
}

/// Counts those that are right by themselves, all in one transaction, and answers each in its place.
async fn count(token: &Token, read: Vec<Result<Draft, Problem>>) -> Result<Vec<Answer>> {
    let mut drafts = vec![];
    let places: Vec<Option<Problem>> = read.into_iter().map(|one| one.map(|draft| drafts.push(draft)).err()).collect();
    let outcomes = if drafts.is_empty() { vec![] } else { write(token, drafts).await? };
    let mut outcomes = outcomes.into_iter();
    let answers = places.into_iter().filter_map(|place| match place {
        Some(problem) => Some(Answer::Refused(problem)),
        None => outcomes.next().map(Answer::from),
    });
    Ok(answers.collect())
}

async fn write(token: &Token, drafts: Vec<Draft>) -> Result<Vec<Outcome>> {
    let (app, actor) = (token.app.clone(), token.actor.clone());
    let names: Vec<Name> = drafts.iter().map(|draft| draft.name.clone()).collect();
    token
        .db
        .write(move |conn| {
            tokens::take_turn(conn, &actor)?;
            let users = users::named(conn, actor.account, &names)?;
            let events = drafts.iter().zip(users).map(|(draft, user)| Event { user, ..draft.event.clone() });
            report::report(conn, &app.config, &actor, &events.collect::<Vec<_>>())
        })
        .await
}

impl From<Outcome> for Answer {
    fn from(outcome: Outcome) -> Self {
        let receipt = |status, entry: crate::credits::EntryId, left| {
            Answer::Counted(Receipt { status, entry: entry.0.to_string(), left })
        };
        match outcome {
            Outcome::Counted { entry, left } => receipt(201, entry, left),
            Outcome::Known { entry, left } => receipt(200, entry, left),
            Outcome::Refused(shortage) => Answer::Refused(short(shortage)),
            Outcome::KeyReused => Answer::Refused(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "key-reused",
                "This key belongs to another event",
                "Something else was counted under this idempotency key: another user, kind, type or amount.",
            )),
            Outcome::UnknownUser => Answer::Refused(Problem::new(
                StatusCode::NOT_FOUND,
                "unknown-user",
                "Unknown user",
                "No user of this account is named so.",
            )),
        }
    }
}

fn short(shortage: Shortage) -> Problem {
    let problem = |name, title| {
        let problem = Problem::new(StatusCode::CONFLICT, name, title, shortage.to_string());
        problem.with("kind", shortage.kind().code())
    };
    match shortage {
        Shortage::Allocation { wanted, left, allocated, .. } => problem("beyond-allocation", "Beyond the allocation")
            .with("wanted", wanted)
            .with("left", left)
            .with("allocated", allocated),
        Shortage::Refund { wanted, used, .. } => {
            problem("beyond-usage", "More than was used").with("wanted", wanted).with("used", used)
        }
        Shortage::Pool { .. } | Shortage::Used { .. } => problem("shortage", "Not enough"),
    }
}
