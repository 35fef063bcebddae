//! A client that costs little, so that the machine is the server's: HTTP/1.1 on one connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

pub struct Client {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    pub cookie: String,
    pub compressed: bool,
}

pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    /// What came over the line, headers included.
    pub moved: usize,
    cookie: Option<String>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream: BufReader::new(stream), address, cookie: String::new(), compressed: false }
    }

    pub fn with(address: SocketAddr, cookie: &str) -> Self {
        Client { cookie: cookie.to_owned(), ..Self::new(address) }
    }

    pub fn sign_in(&mut self, login: &str) {
        let form = [("login", login), ("password", seatkeeper::demo::PASSWORD)];
        let form = serde_html_form::to_string(form).unwrap();
        let answer = self.post("/sign-in", &form);
        assert_eq!(answer.status, 303, "nobody is signed in");
        self.cookie = answer.cookie.expect("a sign-in sets a cookie");
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "")
    }

    pub fn post(&mut self, path: &str, form: &str) -> Answer {
        self.ask("POST", path, form)
    }

    pub fn ask(&mut self, method: &str, path: &str, form: &str) -> Answer {
        let mut headers = format!("Cookie: {}\r\n", self.cookie);
        if self.compressed {
            headers += "Accept-Encoding: gzip, br\r\n";
        }
        if method == "POST" {
            headers += &format!("Origin: http://{}\r\n", self.address);
            headers += "Content-Type: application/x-www-form-urlencoded\r\n";
        }
        self.send(method, path, &headers, form)
    }

    /// `headers`: each with its end of line.
    pub fn send(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}", self.address);
        if method == "POST" {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        request += "\r\n";
        request += body;
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        self.read()
    }

    fn line(&mut self, moved: &mut usize) -> String {
        let mut line = String::new();
        *moved += self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn read(&mut self) -> Answer {
        let mut moved = 0;
        let status = self.line(&mut moved).split(' ').nth(1).expect("a status line").parse().unwrap();
        let (mut length, mut cookie) = (None, None);
        loop {
            let line = self.line(&mut moved);
            let Some((name, value)) = line.split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().ok(),
                "set-cookie" if value.starts_with("session=") => cookie = value.split(';').next().map(str::to_owned),
                _ => {}
            }
        }
        let body = match length {
            Some(length) => self.exactly(length),
            None => self.chunks(&mut moved),
        };
        Answer { status, moved: moved + body.len(), body, cookie }
    }

    fn exactly(&mut self, length: usize) -> Vec<u8> {
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        body
    }

    fn chunks(&mut self, moved: &mut usize) -> Vec<u8> {
        let mut body = vec![];
        loop {
            let length = usize::from_str_radix(&self.line(moved), 16).expect("a length of a chunk");
            body.extend(self.exactly(length));
            self.line(moved);
            if length == 0 {
                return body;
            }
        }
    }
}
