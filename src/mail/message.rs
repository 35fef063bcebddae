//! What our e-mails say. The files under templates/mail/ are their text and HTML. None ever holds a password.

use crate::error::Result;
use askama::Template;

/// In whose name a message comes and where its links lead.
#[derive(Debug, Clone)]
pub struct Brand {
    /// The account, as its people know it.
    pub name: String,
    /// Address of the account's site, without a slash at the end.
    pub url: String,
}

/// The messages that there are.
#[derive(Debug, Clone)]
pub enum Message<'a> {
    Welcome {
        first_name: &'a str,
        username: &'a str,
        email: &'a str,
    },
    EmailChanged {
        first_name: &'a str,
        old: &'a str,
        new: &'a str,
    },
    /// `date`: when they are erased, in the account's zone.
    DeletionScheduled {
        first_name: &'a str,
        date: &'a str,
    },
    /// A pool runs low: `percent` of it are used. `cycle_end`: a date in the account's zone; "" where it has no cycle.
    LowCredits {
        first_name: &'a str,
        pool: &'a str,
        percent: i64,
        used: &'a str,
        total: &'a str,
        left: &'a str,
        cycle_end: &'a str,
    },
}

/// The kind of [`Message::DeletionScheduled`].
pub const DELETION_SCHEDULED: &str = "deletion_scheduled";

/// A message as it is sent.
#[derive(Debug, Clone)]
pub struct Rendered {
    pub kind: &'static str,
    pub subject: String,
    pub text: String,
    pub html: String,
}

#[derive(Template)]
#[template(path = "mail/welcome.txt")]
struct WelcomeText<'a> {
    brand: &'a Brand,
    first_name: &'a str,
    username: &'a str,
    email: &'a str,
}

#[derive(Template)]
#[template(path = "mail/welcome.html")]
struct WelcomeHtml<'a> {
    subject: &'a str,
    brand: &'a Brand,
    first_name: &'a str,
    username: &'a str,
    email: &'a str,
}

#[derive(Template)]
#[template(path = "mail/email_changed.txt")]
struct EmailChangedText<'a> {
    brand: &'a Brand,
    first_name: &'a str,
    old: &'a str,
    new: &'a str,
}

#[derive(Template)]
#[template(path = "mail/email_changed.html")]
struct EmailChangedHtml<'a> {
    subject: &'a str,
    brand: &'a Brand,
    first_name: &'a str,
    old: &'a str,
    new: &'a str,
}

#[derive(Template)]
#[template(path = "mail/deletion_scheduled.txt")]
struct DeletionScheduledText<'a> {
    brand: &'a Brand,
    first_name: &'a str,
    date: &'a str,
}

#[derive(Template)]
#[template(path = "mail/deletion_scheduled.html")]
struct DeletionScheduledHtml<'a> {
    subject: &'a str,
    brand: &'a Brand,
    first_name: &'a str,
    date: &'a str,
}

#[derive(Template)]
#[template(path = "mail/low_credits.txt")]
struct LowCreditsText<'a> {
    brand: &'a Brand,
    first_name: &'a str,
    pool: &'a str,
    percent: i64,
    used: &'a str,
    total: &'a str,
    left: &'a str,
    cycle_end: &'a str,
}

#[derive(Template)]
#[template(path = "mail/low_credits.html")]
struct LowCreditsHtml<'a> {
    subject: &'a str,
    brand: &'a Brand,
    first_name: &'a str,
    pool: &'a str,
    percent: i64,
    used: &'a str,
    total: &'a str,
    left: &'a str,
    cycle_end: &'a str,
}

impl Message<'_> {
    pub fn render(&self, brand: &Brand) -> Result<Rendered> {
        match *self {
            Message::Welcome { first_name, username, email } => {
                let subject = format!("Welcome to {}", brand.name);
                let text = WelcomeText { brand, first_name, username, email }.render()?;
                let html = WelcomeHtml { subject: &subject, brand, first_name, username, email }.render()?;
                Ok(Rendered { kind: "welcome", subject, text, html })
            }
            Message::EmailChanged { first_name, old, new } => {
                let subject = format!("Your email at {} was changed", brand.name);
                let text = EmailChangedText { brand, first_name, old, new }.render()?;
                let html = EmailChangedHtml { subject: &subject, brand, first_name, old, new }.render()?;
                Ok(Rendered { kind: "email_changed", subject, text, html })
            }
            Message::DeletionScheduled { first_name, date } => {
                let subject = format!("Your user at {} will be deleted", brand.name);
                let text = DeletionScheduledText { brand, first_name, date }.render()?;
                let html = DeletionScheduledHtml { subject: &subject, brand, first_name, date }.render()?;
                Ok(Rendered { kind: DELETION_SCHEDULED, subject, text, html })
            }
            Message::LowCredits { first_name, pool, percent, used, total, left, cycle_end } => {
                let subject = format!("{pool} of {} run low", brand.name);
                let text =
                    LowCreditsText { brand, first_name, pool, percent, used, total, left, cycle_end }.render()?;
                let html = LowCreditsHtml {
                    subject: &subject,
                    brand,
                    first_name,
                    pool,
                    percent,
                    used,
                    total,
                    left,
                    cycle_end,
                }
                .render()?;
                Ok(Rendered { kind: "low_credits", subject, text, html })
            }
        }
    }
}
