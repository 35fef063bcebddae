//! A server in a process of its own, and what the kernel says of it.

use super::http::Client;
use super::place::Place;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Server {
    child: Child,
    pub address: SocketAddr,
    started: Instant,
}

impl Server {
    /// `seatkeeper serve`, as people start it.
    pub fn start(place: &Place) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seatkeeper"));
        command.env("DATABASE_URL", &place.url).env("DATA_DIR", place.folder.path());
        Self::spawn(command.arg("serve"))
    }

    /// A program that listens where `LISTEN` says.
    pub fn spawn(command: &mut Command) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        command.env("LISTEN", address.to_string()).env("LOG", "info");
        let started = Instant::now();
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Server { child, address, started };
        while TcpStream::connect(address).is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "the server does not answer");
            std::thread::sleep(Duration::from_millis(1));
        }
        server
    }

    /// From the start of the program to the last byte of Manage Users.
    pub fn until_first_page(&self, session: &str) -> Duration {
        assert_eq!(Client::with(self.address, session).get("/users").status, 200);
        self.started.elapsed()
    }

    /// Bytes resident.
    pub fn resident(&self) -> u64 {
        memory(self.child.id(), "VmRSS")
    }

    /// CPU time so far: its own and that of Postgres, where it runs here.
    pub fn cpu(&self) -> (Duration, Duration) {
        let postgres = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let name = fs::read_to_string(entry.path().join("comm")).ok()?;
            (name.trim() == "postgres").then(|| cpu_of(pid))
        });
        (cpu_of(self.child.id()), postgres.sum())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// User and system time, from clock ticks of 10 ms.
fn cpu_of(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The second field, a name in parentheses, may have spaces in it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields.get(field).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}

/// Bytes, by the name that /proc/…/status has for them.
pub fn memory(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).expect("the kernel says it");
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
