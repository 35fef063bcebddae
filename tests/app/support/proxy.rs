//! A network between the program and its Postgres that fails when a test says so.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use url::Url;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    Fine,
    /// Each piece comes so much later.
    Slow(Duration),
    /// Takes what it is given and brings nothing: not even that the other end is gone.
    Stalled,
    /// New connections are closed at once.
    Refusing,
}

pub struct Proxy {
    /// The database behind it, as the program is told it.
    pub url: String,
    state: Arc<State>,
}

struct State {
    network: Mutex<Network>,
    changed: Condvar,
    ends: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// In front of the Postgres of a URL.
    pub fn to(database: &str) -> Self {
        let mut url = Url::parse(database).unwrap();
        let server = url.socket_addrs(|| Some(5432)).unwrap()[0];
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        url.set_ip_host(address.ip()).unwrap();
        url.set_port(Some(address.port())).unwrap();
        let state =
            Arc::new(State { network: Mutex::new(Network::Fine), changed: Condvar::new(), ends: Mutex::default() });
        let accepting = state.clone();
        // It ends with the test's process.
        std::thread::spawn(move || listener.incoming().flatten().for_each(|client| accepting.accept(client, server)));
        Proxy { url: url.into(), state }
    }

    pub fn set(&self, network: Network) {
        *self.state.network.lock().unwrap() = network;
        self.state.changed.notify_all();
    }

    /// Cuts all connections that there are.
    pub fn cut(&self) {
        for end in self.state.ends.lock().unwrap().drain(..) {
            // It may be gone already.
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

impl State {
    fn accept(self: &Arc<Self>, client: TcpStream, server: SocketAddr) {
        if *self.network.lock().unwrap() == Network::Refusing {
            return;
        }
        let Ok(server) = TcpStream::connect(server) else { return };
        let copy = |end: &TcpStream| end.try_clone().unwrap();
        self.ends.lock().unwrap().extend([copy(&client), copy(&server)]);
        for (from, to) in [(copy(&client), copy(&server)), (server, client)] {
            let state = self.clone();
            std::thread::spawn(move || state.carry(from, to));
        }
    }

    /// One direction of a connection, until either end closes.
    fn carry(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut piece = [0; 16 * 1024];
        loop {
            let read = from.read(&mut piece).unwrap_or(0);
            self.wait();
            if read == 0 || to.write_all(&piece[..read]).is_err() {
                break;
            }
        }
        let _ = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
    }

    fn wait(&self) {
        let network = self.network.lock().unwrap();
        let network = *self.changed.wait_while(network, |network| *network == Network::Stalled).unwrap();
        if let Network::Slow(late) = network {
            std::thread::sleep(late);
        }
    }
}
