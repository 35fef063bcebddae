//! A Postgres of a test's own, which it stops and starts.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// How it is stopped.
#[derive(Debug, Clone, Copy)]
pub enum Stop {
    /// Whoever is connected is cut off, and what they have begun is taken back.
    Fast,
    /// As if it was killed: it recovers from its log as it starts again.
    Immediate,
}

pub struct PostgresServer {
    folder: TempDir,
    port: u16,
    /// Postgres refuses to run as root: then it is the user that its package made.
    is_root: bool,
}

impl PostgresServer {
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("seatkeeper-postgres-").tempdir().unwrap();
        let is_root = folder.path().metadata().unwrap().uid() == 0;
        let server = PostgresServer { folder, port: free_port(), is_root };
        if is_root {
            let given = Command::new("chown").arg("postgres").arg(server.folder.path()).status();
            assert!(given.unwrap().success());
        }
        server.run("initdb", &["-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]);
        server.start_again();
        server
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Until it answers. Without fsync, which is for power cuts; what it has confirmed outlives the end of its processes.
    pub fn start_again(&self) {
        let (folder, log) = (self.folder.path().display(), self.log());
        let options = format!("-p {} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off", self.port);
        self.run("pg_ctl", &["-w", "-l", &log.display().to_string(), "-o", &options, "start"]);
    }

    pub fn stop(&self, how: Stop) {
        let mode = match how {
            Stop::Fast => "fast",
            Stop::Immediate => "immediate",
        };
        self.run("pg_ctl", &["-w", "-m", mode, "stop"]);
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn run(&self, program: &str, args: &[&str]) {
        let log = || std::fs::read_to_string(self.log()).unwrap_or_default();
        assert!(self.command(program, args).status().unwrap().success(), "{program} {args:?} fails: {}", log());
    }

    fn command(&self, program: &str, args: &[&str]) -> Command {
        let program = programs().join(program);
        let mut command = Command::new(if self.is_root { Path::new("runuser") } else { &program });
        if self.is_root {
            command.args(["-u", "postgres", "--"]).arg(&program);
        }
        command.arg("-D").arg(self.folder.path().join("data")).args(args);
        // From /: the server's user may not be allowed into this folder.
        command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // It may be stopped already.
        let _ = self.command("pg_ctl", &["-m", "immediate", "stop"]).status();
    }
}

/// Debian keeps the server's programs off the PATH, one folder a version: the newest.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("Postgres is installed").flatten();
    let number = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest = versions.map(|version| version.path()).max_by_key(number);
    newest.expect("Postgres is installed").join("bin")
}

/// Below those that outgoing connections are given, one of which would else be in the way when it starts again.
fn free_port() -> u16 {
    let from = std::process::id() as u16 % 12_000;
    let mut ports = (0..12_000).map(|n| 20_000 + (from + n) % 12_000);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a port is free")
}
