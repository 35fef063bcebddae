//! A mail server that speaks STARTTLS and asks for a password (Python's aiosmtpd, started by the test), and the
//! program's worker that sends to it.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use seatkeeper::config::{Config, Smtp, SmtpTls};
use seatkeeper::db::Db;
use serde::Deserialize;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use tempfile::TempDir;
use tokio::sync::oneshot;

pub struct MailServer {
    child: Child,
    folder: TempDir,
    /// How the program reaches it.
    pub smtp: Smtp,
}

/// A message that the server took.
#[derive(Debug, Clone, Deserialize)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub tls: bool,
    /// Headers and body, as they came.
    pub data: String,
}

impl MailServer {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let issuer = authority();
        let key = KeyPair::generate().unwrap();
        let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        std::fs::write(place("certificate.pem"), certificate.pem()).unwrap();
        std::fs::write(place("key.pem"), key.serialize_pem()).unwrap();
        std::fs::write(place("authority.pem"), issuer.pem()).unwrap();
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/app/support/smtp_server.py");
        let mut child = Command::new(python())
            .arg(script)
            .args([place("certificate.pem"), place("key.pem"), place("mails.jsonl")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(place("log")).unwrap())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let smtp = Smtp {
            host: "127.0.0.1".into(),
            port: port.trim().parse().unwrap_or_else(|_| {
                panic!("the mail server does not start: {}", std::fs::read_to_string(place("log")).unwrap())
            }),
            tls: SmtpTls::Required,
            credentials: Some(("seatkeeper".into(), "lantern+quay".into())),
            authority: Some(issuer.pem().into_bytes()),
        };
        MailServer { child, folder, smtp }
    }

    /// Its address, as the program is told it.
    pub fn url(&self) -> String {
        let (user, password) = self.smtp.credentials.as_ref().expect("it asks for a password");
        format!("smtp://{user}:{}@{}:{}", password.replace('+', "%2B"), self.smtp.host, self.smtp.port)
    }

    pub fn authority_file(&self) -> String {
        self.folder.path().join("authority.pem").display().to_string()
    }

    /// What it has taken so far.
    pub fn mails(&self) -> Vec<Mail> {
        let text = std::fs::read_to_string(self.folder.path().join("mails.jsonl")).unwrap_or_default();
        // The last line may be half written.
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The certificate of an authority that did not sign the server's.
    pub fn another_authority() -> Vec<u8> {
        authority().pem().into_bytes()
    }
}

impl Mail {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.data.split("\r\n\r\n").next().unwrap_or_default();
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A Python that has aiosmtpd: the one on the PATH, or the system's, where the package manager puts it.
fn python() -> &'static str {
    let has_it = |python: &&str| {
        let asked = Command::new(python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    let found = ["python3", "/usr/bin/python3"].into_iter().find(has_it);
    found.expect("the mail tests need Python's aiosmtpd: apt-get install python3-aiosmtpd")
}

/// A worker that sends what is queued until it is dropped, as every instance of the program has one.
pub struct Worker {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    pub fn start(config: &Config, db: &Db) -> Self {
        let (config, db) = (config.clone(), db.clone());
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let on = AtomicBool::new(false);
                tokio::select! {
                    done = seatkeeper::mail::run(&config, &db, &on) => done.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Worker { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It stops by itself when its input closes; this is sooner.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
