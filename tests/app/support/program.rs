//! The real program, started as people start it.

use super::app::TestApp;
use super::database::TestDatabase;
use super::person::Browser;
use super::smtp::MailServer;
use super::until;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};

/// How the program is called: with its settings from the environment and nothing else of this machine's.
pub struct Program {
    environment: Vec<(String, String)>,
    /// The shell's words that start it, where it is not started as it is.
    shell: Option<&'static str>,
}

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    pub fn on(database: &TestDatabase) -> Self {
        Self::with_url(&database.url, database.folder.path())
    }

    pub fn with_url(url: &str, folder: &Path) -> Self {
        let environment = [("DATABASE_URL", url.to_owned()), ("DATA_DIR", folder.display().to_string())];
        Program { environment: environment.map(|(name, value)| (name.to_owned(), value)).to_vec(), shell: None }
    }

    /// Another instance beside the test's own: who is signed in there is signed in here.
    pub fn beside(app: &TestApp) -> Self {
        let key: String = app.config.cookie_key.iter().map(|byte| format!("{byte:02x}")).collect();
        Self::on(&app.database).with("COOKIE_KEY", &key)
    }

    /// The same, on a database that is reached elsewhere.
    pub fn at(self, url: &str) -> Self {
        self.with("DATABASE_URL", url)
    }

    pub fn sending_to(self, server: &MailServer) -> Self {
        self.with("SMTP_URL", &server.url()).with("SMTP_CA", &server.authority_file())
    }

    /// Started by a shell: `script` ends in `exec "$0" "$@"`.
    pub fn by_shell(self, script: &'static str) -> Self {
        Program { shell: Some(script), ..self }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn command(&self, args: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_seatkeeper");
        let mut command = Command::new(if self.shell.is_some() { "/bin/sh" } else { program });
        if let Some(script) = self.shell {
            command.args(["-c", script, program]);
        }
        command.args(args).env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Started, and left to the test to stop.
    pub fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }

    pub fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, "")
    }

    /// `input`: what it reads from standard input.
    pub fn run_with(&self, args: &[&str], input: &str) -> Run {
        let mut child = self.start(args);
        // A program that refuses its arguments closes its input before it has read it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// The test fails where `seatkeeper verify` finds anything.
    pub fn verify(&self, when: &str) {
        let verified = self.run(&["verify"]);
        assert_eq!(verified.stdout, "All counts are right.\n", "{when}: {verified:?}");
    }

    /// `seatkeeper serve` on a free port, once it answers.
    pub async fn serve(&self) -> Serving {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut child = self.start(&["serve", "--listen", &address.to_string()]);
        let lines = lines_of(child.stdout.take().unwrap());
        let log = lines_of(child.stderr.take().unwrap());
        let mut serving = Serving { child, address, lines, log };
        until("the program answers", || {
            assert_eq!(serving.child.try_wait().unwrap(), None, "it stopped: {:?}", serving.log());
            TcpStream::connect(address).is_ok()
        })
        .await;
        serving
    }
}

impl Run {
    /// The one sentence that it failed with; the test fails if there is more, or a panic.
    pub fn sentence(&self) -> &str {
        let lines: Vec<&str> = self.stderr.lines().collect();
        assert_eq!(lines.len(), 1, "one sentence is expected: {self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        lines[0].strip_prefix("seatkeeper: ").unwrap_or_else(|| panic!("not the program's own words: {self:?}"))
    }
}

/// The program, serving.
pub struct Serving {
    child: Child,
    pub address: SocketAddr,
    lines: Receiver<String>,
    log: Receiver<String>,
}

/// A thread reads, so that the program never waits for us.
fn lines_of(output: impl Read + Send + 'static) -> Receiver<String> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        lines.for_each(|line| drop(tell.send(line)));
    });
    told
}

impl Serving {
    /// What it has printed since the last look.
    pub fn printed(&self) -> String {
        self.lines.try_iter().collect::<Vec<_>>().join("\n")
    }

    /// The one-time link, which it prints as it starts: the line may reach us after the first answer does.
    pub async fn set_up_link(&self) -> String {
        let mut printed = String::new();
        until("the set-up link is printed", || {
            printed += &self.printed();
            printed += "\n";
            printed.contains("/set-up/")
        })
        .await;
        printed.split_whitespace().find(|word| word.contains("/set-up/")).unwrap_or_default().to_owned()
    }

    pub fn log(&self) -> String {
        self.log.try_iter().collect::<Vec<_>>().join("\n")
    }

    pub fn visitor(&self) -> Browser {
        Browser::new(self.address)
    }

    /// Somebody who is signed in elsewhere comes with the same cookie.
    pub fn visited_by(&self, somebody: &Browser) -> Browser {
        let here = self.visitor();
        here.set_cookie("session", &somebody.cookie("session").expect("somebody is signed in"));
        here
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells it to stop, as service managers do, and gives its exit code.
    pub async fn stop(&mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut code = None;
        until("the program stops", || match self.child.try_wait().unwrap() {
            Some(status) => {
                code = status.code();
                true
            }
            None => false,
        })
        .await;
        code
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have stopped by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
