//! lettre, as it is configured here.

use super::model::Claimed;
use crate::config::{Smtp, SmtpTls};
use anyhow::Context;
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::time::Duration;

/// A server that has not let us in by then is tried later.
const GREETING: Duration = Duration::from_secs(20);
/// It may look at a message for long; given up too soon, a message that it takes is sent again.
const SENDING: Duration = Duration::from_secs(120);

pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
}

/// Why a message was not sent.
pub struct Refused {
    pub error: String,
    /// The server will not take it however often it is asked.
    pub for_good: bool,
}

impl Mailer {
    /// Errors: a certificate authority or sender address that can't be read.
    pub fn new(smtp: &Smtp, from: &str) -> anyhow::Result<Self> {
        let parameters = || {
            let mut parameters = TlsParameters::builder(smtp.host.clone());
            if let Some(pem) = &smtp.authority {
                let authority = Certificate::from_pem(pem).context("--smtp-ca is not a PEM certificate")?;
                parameters = parameters.add_root_certificate(authority);
            }
            parameters.build().context("TLS to the mail server can't be set up")
        };
        let tls = match smtp.tls {
            SmtpTls::Implicit => Tls::Wrapper(parameters()?),
            SmtpTls::Required => Tls::Required(parameters()?),
            SmtpTls::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
            .port(smtp.port)
            .tls(tls)
            .timeout(Some(GREETING));
        if let Some((user, password)) = &smtp.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Mailer { transport: builder.build(), from: from.parse().context("--mail-from is not an e-mail address")? })
    }

    pub async fn send(&self, message: &Claimed) -> Result<(), Refused> {
        let built = self.build(message).map_err(|error| Refused { error: format!("{error:#}"), for_good: true })?;
        // The transport's own time-out ends with the connection being made: a server may be silent from then on.
        let greeted = tokio::time::timeout(GREETING, self.transport.test_connection()).await;
        let sent = match greeted {
            Ok(Ok(_)) => tokio::time::timeout(SENDING, self.transport.send(built)).await.map(|sent| sent.map(drop)),
            Ok(Err(error)) => Ok(Err(error)),
            Err(late) => Err(late),
        };
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Refused { for_good: error.is_permanent(), error: describe(&error) }),
            Err(_) => Err(Refused { error: "the mail server did not answer in time".into(), for_good: false }),
        }
    }

    fn build(&self, message: &Claimed) -> anyhow::Result<Message> {
        let to: Address = message.recipient.parse().context("the recipient is not an e-mail address")?;
        let id = format!("<{}@{}>", message.id, self.from.domain());
        Ok(Message::builder()
            .from(Mailbox::new(Some(one_line(&message.sender_name)), self.from.clone()))
            .to(Mailbox::new(None, to))
            .subject(one_line(&message.subject))
            // The same at each attempt: a server that took it unheard can tell.
            .message_id(Some(id))
            .multipart(MultiPart::alternative_plain_html(message.body_text.clone(), message.body_html.clone()))?)
    }
}

/// What stands in a header. On a name with a line break in it lettre panics, and the worker with it.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn describe(error: &lettre::transport::smtp::Error) -> String {
    use std::error::Error;
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
