//! One error for the whole program. Over HTTP it becomes a page: what the visitor may know, in plain words.
//! The cause of a 500 is logged once, here, under the request's id.

use crate::credits::Shortage;
use actix_web::{HttpResponse, ResponseError, http::StatusCode, http::header};
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Seconds after which a server that can't answer may be asked again.
pub const SOON: &str = "5";

#[derive(Debug)]
pub enum Error {
    /// Nobody is signed in: the sign-in page, which leads back to where they wanted to go.
    SignInRequired { back: String },
    /// 400: the request cannot be read at all.
    BadRequest,
    /// 401: a program without an API token that works.
    TokenRequired,
    /// 403: signed in, but not allowed to.
    Forbidden,
    /// 403: the account has no place yet where new users could sign in.
    NoDomainYet,
    /// 403: the request did not come from a page of ours.
    CrossSite,
    /// 404: not there, or not theirs to know of.
    NotFound,
    /// 408: the request did not arrive in time.
    TooSlow,
    /// 413: more than any form of ours sends.
    TooLarge,
    /// 415: not the kind of content that is read here.
    WrongKind,
    /// 422: understood and refused, with a sentence for the person who asked.
    Refused(Refusal),
    /// 429, with the seconds to wait.
    TooMany { seconds: i64 },
    /// 503: no connection free, or the database is busy or away.
    Busy,
    /// 503: the database went away over a commit. The change may be there or not.
    InDoubt,
    /// 507: the database takes no changes, its disk being full or failing; reading goes on. Not 503, at which load
    /// balancers take away an instance that still serves pages. The cause goes to the log.
    Full(anyhow::Error),
    /// 500. The cause goes to the log, never to the page.
    Internal(anyhow::Error),
}

/// A rule that stopped a change. Its `Display` is the sentence that people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    NoFreeSeat,
    LastOwner,
    Self_,
    EmailTaken,
    UsernameTaken,
    ExtensionTaken,
    /// Somebody else saved the same user in between.
    Conflict,
    WrongOwnPassword,
    OwnerNotOffered,
    UnknownPlan,
    /// Dialer or Local Presence.
    NotInPlan,
    UnknownTeam,
    HostTaken,
    DeleteSelf,
    PendingDeletion,
    /// The deletion was cancelled already.
    NotPending,
    EmailTakenSince,
    UsernameTakenSince,
    /// Somebody else gave another role in between.
    RoleChanged,
    /// Who was to take over what a deleted user leaves.
    HeirGone,
    HeirDeleted,
    /// More than there is, or less than is used.
    Credits(Shortage),
    /// Somebody else allocated in between.
    AllocationChanged,
    TokenMade,
    /// A batch whose credits are used in part, or that was taken back already.
    UsedSince,
    UndoneAlready,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Refusal::Credits(shortage) => return shortage.fmt(f),
            Refusal::NoFreeSeat => "No license is free. Disable a user first, or choose a seat outside the package.",
            Refusal::LastOwner => "This is the only Owner who can sign in. Make somebody else an Owner first.",
            Refusal::Self_ => "You can't disable yourself or change your own role. Ask another admin.",
            Refusal::EmailTaken => "Another user of this account has this email. Enter a different one.",
            Refusal::UsernameTaken => "Another user of this account has this username. Enter a different one.",
            Refusal::ExtensionTaken => "Another user of this account has this extension. Enter a different one.",
            Refusal::Conflict => "Somebody else changed this user while you were editing.",
            Refusal::WrongOwnPassword => "This is not your password. Enter the password that you sign in with.",
            Refusal::OwnerNotOffered => "A new user can't be an Owner. Add them first, then change the role.",
            Refusal::UnknownPlan => "Choose a subscription tier from the list.",
            Refusal::NotInPlan => "This tier has no dialer or no local presence. Choose No there, or another tier.",
            Refusal::UnknownTeam => "Choose teams from the list.",
            Refusal::HostTaken => "This host name belongs to another account.",
            Refusal::DeleteSelf => "You can't delete yourself. Ask another admin.",
            Refusal::PendingDeletion => "This user is pending deletion. Cancel the deletion first.",
            Refusal::NotPending => "This user is not pending deletion any more.",
            Refusal::EmailTakenSince => "Another user has this email by now. Change that user's email first.",
            Refusal::UsernameTakenSince => "Another user has this username by now. Change that user's username first.",
            Refusal::RoleChanged => "Somebody else changed this role meanwhile. Look at it, then choose again.",
            Refusal::TokenMade => {
                "This token was created already, and is not shown again. If you have not copied it, revoke it and create another."
            }
            Refusal::AllocationChanged => {
                "Somebody else changed these amounts meanwhile. Look at them, then enter yours again."
            }
            Refusal::UsedSince => "Some of it has been used since, so it can't be taken back as a whole.",
            Refusal::UndoneAlready => "This was taken back already.",
            Refusal::HeirDeleted => "This user is being deleted too. Enter another one.",
            Refusal::HeirGone => "No enabled user that can take this over has this email or username.",
        })
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Internal(cause) | Error::Full(cause) => write!(f, "{cause:#}"),
            Error::Refused(refusal) => refusal.fmt(f),
            Error::Busy => f.write_str("the database is busy or cannot be reached"),
            Error::InDoubt => f.write_str("the database went away over a commit"),
            other => write!(f, "{other:?}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<anyhow::Error> for Error {
    fn from(cause: anyhow::Error) -> Self {
        Error::Internal(cause)
    }
}

impl From<askama::Error> for Error {
    fn from(cause: askama::Error) -> Self {
        Error::Internal(cause.into())
    }
}

impl From<actix_web::error::BlockingError> for Error {
    fn from(_: actix_web::error::BlockingError) -> Self {
        Error::Busy
    }
}

/// The pool has no connection to give.
impl From<diesel::r2d2::PoolError> for Error {
    fn from(_: diesel::r2d2::PoolError) -> Self {
        Error::Busy
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Error::Refused(refusal)
    }
}

impl From<Shortage> for Error {
    fn from(shortage: Shortage) -> Self {
        Refusal::Credits(shortage).into()
    }
}

impl From<DieselError> for Error {
    fn from(cause: DieselError) -> Self {
        match cause {
            DieselError::NotFound => Error::NotFound,
            // SQLite takes a commit back by itself where the disk is full; what failed first is what went wrong.
            DieselError::RollbackErrorOnCommit { commit_error, .. } => Error::from(*commit_error),
            DieselError::DatabaseError(kind, ref info) => match from_database(kind, info.as_ref()) {
                Some(error) => error,
                None if says_any(info.message(), &FULL) => Error::Full(cause.into()),
                None => Error::Internal(cause.into()),
            },
            // A connection that broke earlier in the same piece of work.
            DieselError::BrokenTransactionManager => Error::Busy,
            other => Error::Internal(other.into()),
        }
    }
}

/// Time-outs and locks, by the words of SQLite and Postgres: diesel keeps no code of theirs.
const BUSY: [&str; 4] = ["database is locked", "lock timeout", "statement timeout", "idle-in-transaction timeout"];
/// A disk that is full or fails (SQLite calls a full quota an I/O error), or a database that was made read-only.
const FULL: [&str; 6] = [
    "database or disk is full",
    "disk I/O error",
    "attempt to write a readonly database",
    "No space left on device",
    "Disk quota exceeded",
    "in a read-only transaction",
];

fn says_any(message: &str, words: &[&str]) -> bool {
    words.iter().any(|words| message.contains(words))
}

/// Postgres names the constraint, SQLite the columns: both are told apart here and nowhere else.
fn from_database(kind: DatabaseErrorKind, info: &dyn DatabaseErrorInformation) -> Option<Error> {
    let message = info.message();
    let constraint = info.constraint_name().unwrap_or_default();
    let hit = |name: &str, columns: &str| constraint == name || message.contains(columns);
    match kind {
        DatabaseErrorKind::UniqueViolation if hit("users_email", "users.email_key") => Some(Refusal::EmailTaken.into()),
        DatabaseErrorKind::UniqueViolation if hit("users_username", "users.username_key") => {
            Some(Refusal::UsernameTaken.into())
        }
        DatabaseErrorKind::UniqueViolation if hit("users_phone_ext", "users.phone_ext") => {
            Some(Refusal::ExtensionTaken.into())
        }
        DatabaseErrorKind::UniqueViolation if hit("domains_host_key", "domains.host") => {
            Some(Refusal::HostTaken.into())
        }
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => Some(Error::Busy),
        _ if says_any(message, &BUSY) => Some(Error::Busy),
        _ => None,
    }
}

/// Title and sentence of an error page. The response carries them to [`crate::app`], which knows who asked.
#[derive(Debug, Clone)]
pub struct Words {
    pub title: &'static str,
    pub sentence: String,
}

impl Error {
    pub fn words(&self) -> Words {
        let (title, sentence) = self.title_and_sentence();
        Words { title, sentence }
    }

    fn title_and_sentence(&self) -> (&'static str, String) {
        match self {
            Error::SignInRequired { .. } => ("Sign in", String::new()),
            Error::BadRequest => (
                "This request can't be read",
                "Go back, reload the page and try again.".into(),
            ),
            Error::TokenRequired => (
                "An API token is needed",
                "Send one that works here, as Authorization: Bearer sk_….".into(),
            ),
            Error::WrongKind => ("This kind of content is not read here", "Nothing was changed.".into()),
            Error::Forbidden => (
                "You don't have access to this page",
                "Your role doesn't allow it. An admin of your account can change your role.".into(),
            ),
            Error::NoDomainYet => (
                "No users can be added yet",
                "You do not have permission to add users yet. Set up a domain in the White Label tab first.".into(),
            ),
            Error::CrossSite => (
                "This request came from another site",
                "Nothing was changed. Open the page here and try again.".into(),
            ),
            Error::NotFound => (
                "Page not found",
                "The address may be mistyped, or what was here is gone.".into(),
            ),
            Error::TooSlow => (
                "This took too long to arrive",
                "Nothing was changed. Check your connection, go back and try again.".into(),
            ),
            Error::TooLarge => ("This form is too large", "Nothing was changed. Go back and enter less.".into()),
            Error::Refused(refusal) => ("This can't be done", refusal.to_string()),
            Error::TooMany { seconds } => ("Too many attempts", format!("Wait {} and try again.", duration(*seconds))),
            Error::Busy => (
                "Busy right now",
                "The server can't answer at the moment. Nothing was changed. Try again in a minute.".into(),
            ),
            Error::InDoubt => (
                "Your change may be saved or not",
                "The database stopped answering while it was saved. Look whether it is there before you try again.".into(),
            ),
            Error::Full(_) => (
                "Nothing can be saved right now",
                "The server's disk is full or fails. Nothing was changed, and pages can still be read. Tell whoever runs this installation."
                    .into(),
            ),
            Error::Internal(_) => (
                "Something went wrong",
                "It was not your doing, and nothing was changed. Try again; if it stays, tell whoever runs this installation."
                    .into(),
            ),
        }
    }
}

/// "40 seconds", "5 minutes".
fn duration(seconds: i64) -> String {
    match seconds {
        ..=1 => "1 second".into(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", (seconds + 59) / 60),
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Error::SignInRequired { .. } => StatusCode::SEE_OTHER,
            Error::BadRequest => StatusCode::BAD_REQUEST,
            Error::TokenRequired => StatusCode::UNAUTHORIZED,
            Error::WrongKind => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Error::Forbidden | Error::NoDomainYet | Error::CrossSite => StatusCode::FORBIDDEN,
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Error::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Error::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Error::Busy | Error::InDoubt => StatusCode::SERVICE_UNAVAILABLE,
            Error::Full(_) => StatusCode::INSUFFICIENT_STORAGE,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Error::SignInRequired { back } => {
                return response.insert_header((header::LOCATION, crate::sessions::sign_in_url(back))).finish();
            }
            Error::TokenRequired => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            Error::TooMany { seconds } => {
                response.insert_header((header::RETRY_AFTER, seconds.to_string()));
            }
            Error::Busy => {
                response.insert_header((header::RETRY_AFTER, SOON));
                tracing::warn!("busy");
            }
            Error::InDoubt => tracing::error!("a change may be saved or not: the database went away over its commit"),
            Error::Full(cause) => tracing::error!(error = format!("{cause:#}"), "nothing can be saved"),
            Error::Internal(cause) => tracing::error!(error = format!("{cause:#}"), "internal error"),
            _ => {}
        }
        let words = self.words();
        let mut response = response.content_type("text/plain; charset=utf-8").body(words.sentence.clone());
        response.extensions_mut().insert(words);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(kind: DatabaseErrorKind, message: &str) -> u16 {
        Error::from(DieselError::DatabaseError(kind, Box::new(message.to_owned()))).status_code().as_u16()
    }

    #[test]
    fn what_databases_say_on_a_bad_day_is_told_apart() {
        use DatabaseErrorKind::{ClosedConnection, ReadOnlyTransaction, UnableToSendCommand, Unknown};
        for (kind, message, expected) in [
            (ClosedConnection, "terminating connection due to administrator command", 503),
            (UnableToSendCommand, "no connection to the server", 503),
            (Unknown, "canceling statement due to statement timeout", 503),
            (Unknown, "canceling statement due to lock timeout", 503),
            (Unknown, "database is locked", 503),
            (Unknown, "could not extend file \"base/5/1259\": No space left on device", 507),
            (Unknown, "could not write to file \"base/pgsql_tmp/1\": Disk quota exceeded", 507),
            (ReadOnlyTransaction, "cannot execute INSERT in a read-only transaction", 507),
            (Unknown, "database or disk is full", 507),
            (Unknown, "disk I/O error", 507),
            (Unknown, "attempt to write a readonly database", 507),
            (Unknown, "division by zero", 500),
        ] {
            assert_eq!(status(kind, message), expected, "{message}");
        }
    }

    #[test]
    fn a_commit_that_sqlite_took_back_by_itself_is_told_by_its_cause() {
        let full = DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new("disk I/O error".to_owned()));
        let none = DieselError::NotInTransaction;
        let both = DieselError::RollbackErrorOnCommit { rollback_error: Box::new(none), commit_error: Box::new(full) };
        assert!(matches!(Error::from(both), Error::Full(_)));
    }
}
