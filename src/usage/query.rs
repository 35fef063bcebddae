//! What a report's address asks for.

use super::period::{Period, Span};
use crate::credits::CreditKind;
use crate::web::form::Errors;
use crate::web::list::{Cursor, Kind, Window};
use crate::web::text::Times;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ReportQuery {
    kind: String,
    period: String,
    pub from: String,
    pub to: String,
    /// The place in the list of users.
    after: String,
    before: String,
    /// The list of Manage Users to come back to.
    pub back: String,
}

impl ReportQuery {
    /// Which is to be drawn; None where nobody has chosen.
    pub fn kind(&self) -> Option<CreditKind> {
        CreditKind::from_code(&self.kind)
    }

    pub fn span(&self) -> Span {
        Span::from_code(&self.period).unwrap_or(Span::ThisMonth)
    }

    pub fn period(&self, times: &Times) -> Result<Period, Errors> {
        Period::asked(self.span(), &self.from, &self.to, times.this_day())
    }

    pub fn window(&self) -> Window {
        let cursor = |text: &str| Cursor::decode(text, Kind::Number);
        match (cursor(&self.after), cursor(&self.before)) {
            (Some(cursor), _) => Window::After(cursor),
            (None, Some(cursor)) => Window::Before(cursor),
            (None, None) => Window::First,
        }
    }

    /// The same of the period that is shown where nobody has chosen one.
    pub fn without_dates(&self) -> Self {
        ReportQuery { period: String::new(), from: String::new(), to: String::new(), ..self.clone() }
    }

    /// The same from the first user on.
    pub fn first(&self) -> Self {
        ReportQuery { after: String::new(), before: String::new(), ..self.clone() }
    }

    pub fn after(&self, kind: CreditKind, cursor: &Cursor) -> Self {
        ReportQuery { kind: kind.code().into(), after: cursor.encode(), ..self.first() }
    }

    pub fn before(&self, kind: CreditKind, cursor: &Cursor) -> Self {
        ReportQuery { kind: kind.code().into(), before: cursor.encode(), ..self.first() }
    }

    /// At a path.
    pub fn at(&self, path: &str) -> String {
        let dates = self.span() == Span::Dates;
        let pairs = [
            ("kind", self.kind.as_str(), true),
            ("period", &self.period, true),
            ("from", &self.from, dates),
            ("to", &self.to, dates),
            ("after", &self.after, true),
            ("before", &self.before, true),
            ("back", &self.back, true),
        ];
        let said = pairs.into_iter().filter(|(_, value, counts)| *counts && !value.is_empty());
        let mut query = Serializer::new(String::new());
        said.for_each(|(name, value, _)| {
            query.append_pair(name, value);
        });
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }
}
