//! What no browser would send: bytes on the wire, as the real program takes them.

use crate::support::{Program, Serving, TestDatabase};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// The program, which waits a second for a request that does not come to an end.
async fn serve() -> (TestDatabase, Serving) {
    let database = TestDatabase::migrated();
    let program = Program::on(&database).with("REQUEST_TIMEOUT", "1").with("LOG_FORMAT", "json");
    let serving = program.serve().await;
    (database, serving)
}

/// What comes back until the server closes, which it must do in a while.
fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // A server that has seen enough may close while this is still being sent.
    let _ = stream.write_all(request);
    let mut answer = vec![];
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "the server never closes: {error}"),
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The statuses of the answers.
fn statuses(answer: &str) -> Vec<u16> {
    let starts = answer.match_indices("HTTP/1.").map(|(at, _)| &answer[at + 9..at + 12]);
    starts.map(|status| status.parse().unwrap()).collect()
}

/// A request head of these lines, which asks to close.
fn request(first: &str, host: &str, more: &str) -> Vec<u8> {
    format!("{first}\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n").into_bytes()
}

#[actix_web::test]
async fn what_can_be_read_in_two_ways_is_not_read_at_all() {
    let (_database, serving) = serve().await;
    let host = serving.address.to_string();
    let origin = format!("Origin: http://{host}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    let post = |more: &str| request("POST /sign-in HTTP/1.1", &host, &format!("{origin}{more}"));
    let hidden = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let chunked = "Transfer-Encoding: chunked\r\n";
    let cases = [
        ("two lengths", post("Content-Length: 3\r\nContent-Length: 5\r\n\r\na=bcd")),
        ("length and chunks", post(&format!("Content-Length: 4\r\n{chunked}\r\n0\r\n\r\n{hidden}"))),
        ("chunks and length", post(&format!("{chunked}Content-Length: 4\r\n\r\n0\r\n\r\n{hidden}"))),
        ("two encodings", post(&format!("{chunked}{chunked}\r\n0\r\n\r\n{hidden}"))),
        ("an encoding nobody knows", post(&format!("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}"))),
        ("a length with a sign", post("Content-Length: +3\r\n\r\na=b")),
        ("a length in no number", post("Content-Length: 0x3\r\n\r\na=b")),
        ("a blank before the colon", post("Content-Length : 3\r\n\r\na=b")),
        ("a folded line", post("X: a\r\n b\r\n")),
        ("a chunk's length in no number", post(&format!("{chunked}\r\nxx\r\na=b\r\n0\r\n\r\n"))),
        ("two hosts", request("GET /sign-in HTTP/1.1", &host, "Host: evil.example\r\n")),
        ("no host", b"GET /sign-in HTTP/1.1\r\n\r\n".to_vec()),
        ("NUL in the path", request("GET /\0 HTTP/1.1", &host, "")),
        ("NUL in a header", request("GET /sign-in HTTP/1.1", &host, "X: a\0b\r\n")),
        ("no HTTP", b"HELO mail.example\r\n\r\n".to_vec()),
    ];
    for (what, bytes) in cases {
        let answer = exchange(serving.address, &bytes);
        assert_eq!(statuses(&answer), [400], "{what}: {answer}");
    }
}

#[actix_web::test]
async fn a_host_is_a_name_and_a_port_and_nothing_else() {
    let (_database, serving) = serve().await;
    let here = serving.address.to_string();
    let get = |host: &str| exchange(serving.address, &request("GET /sign-in HTTP/1.1", host, ""));
    assert_eq!(statuses(&get(&here)), [200]);
    for host in
        [format!("evil.example@{here}"), format!("{here}/evil"), format!("{here}?x"), format!("{here}#x"), "".into()]
    {
        assert_eq!(statuses(&get(&host)), [404], "{host}");
    }
    let forwarded = "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nForwarded: host=evil.example\r\n\
                     X-Original-URL: /healthz\r\nX-Rewrite-URL: /healthz\r\n";
    let plain = exchange(serving.address, &request("GET /sign-in HTTP/1.1", &here, ""));
    let forged = exchange(serving.address, &request("GET /sign-in HTTP/1.1", &here, forwarded));
    let page = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!(page(&forged), page(&plain), "nothing is believed of what says otherwise");
}

/// Browsers tidy these up before they ask.
#[actix_web::test]
async fn no_path_is_tidied_up_into_another() {
    let (_database, serving) = serve().await;
    let host = serving.address.to_string();
    let dots =
        ["/static/../sign-in", "/./sign-in", "/static/%2e%2e/sign-in", "/static/..%2f..%2fCargo.toml", "//sign-in"];
    for path in dots.into_iter().chain(["/sign-in/", "/sign-in\\", "/static\\..\\sign-in", "*"]) {
        let answer = exchange(serving.address, &request(&format!("GET {path} HTTP/1.1"), &host, ""));
        let statuses = statuses(&answer);
        assert!(statuses == [404] || statuses == [400], "{path}: {answer}");
    }
    let absolute = request(&format!("GET http://{host}/sign-in HTTP/1.1"), "evil.example", "");
    assert_eq!(statuses(&exchange(serving.address, &absolute)), [404], "the Host header counts");
}

#[actix_web::test]
async fn too_much_is_refused_before_it_is_read() {
    let (_database, serving) = serve().await;
    let host = serving.address.to_string();
    let form = format!("Origin: http://{host}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    let post = |more: &str| request("POST /sign-in HTTP/1.1", &host, &format!("{form}{more}"));
    let many: String = (0..200).map(|n| format!("X-{n}: a\r\n")).collect();
    let chunk = format!("{:x}\r\n{}\r\n", 9000, "a".repeat(9000));
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::best());
    packed.write_all(&vec![b'a'; 10_000_000]).unwrap();
    let packed = packed.finish().unwrap();
    let small = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", packed.len());
    let cases = [
        ("a small body that unpacks to much", [post(&small), packed].concat(), 413),
        ("a header", request("GET /sign-in HTTP/1.1", &host, &format!("X: {}\r\n", "a".repeat(200_000))), 431),
        ("many headers", request("GET /sign-in HTTP/1.1", &host, &many), 431),
        ("an address", request(&format!("GET /{} HTTP/1.1", "a".repeat(120_000)), &host, ""), 400),
        ("a body that is announced", post("Content-Length: 9999999\r\n\r\na=b"), 413),
        ("a body in chunks", post(&format!("Transfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(20))), 413),
        ("a length beyond numbers", post("Content-Length: 99999999999999999999\r\n\r\na=b"), 400),
    ];
    for (what, bytes, status) in cases {
        let answer = exchange(serving.address, &bytes);
        // What was not read any more may take the answer with it.
        assert!(answer.is_empty() || statuses(&answer) == [status], "{what}: {answer}");
    }
    assert_eq!(serving.visitor().get("/healthz").await.status, 200, "and the others are served");
}

#[actix_web::test]
async fn whoever_sends_slowly_or_not_to_the_end_is_hung_up_on() {
    let (_database, serving) = serve().await;
    let host = serving.address.to_string();
    let form = format!("Origin: http://{host}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    let post = |path: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: {host}\r\n{form}Content-Length: 30\r\n\r\na=b").into_bytes()
    };
    let cases = [
        ("half a head", format!("GET /sign-in HTTP/1.1\r\nHost: {host}").into_bytes(), vec![408]),
        ("nothing", vec![], vec![408]),
        ("half a form", post("/sign-in"), vec![408]),
        ("half a form that nobody reads", post("/nowhere"), vec![404]),
        ("half a form before signing in", post("/users"), vec![303]),
    ];
    for (what, bytes, wanted) in cases {
        let started = Instant::now();
        let answer = exchange(serving.address, &bytes);
        assert!(started.elapsed() < Duration::from_secs(8), "{what}: {:?}", started.elapsed());
        assert_eq!(statuses(&answer), wanted, "{what}: {answer}");
    }
}

#[actix_web::test]
async fn many_slow_clients_are_in_nobodys_way() {
    let (_database, serving) = serve().await;
    let host = serving.address.to_string();
    let form = format!("Origin: http://{host}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    let whole = request("POST /sign-in HTTP/1.1", &host, &format!("{form}Content-Length: 40\r\n\r\nlogin=nobody"));
    let slow = (0..300).map(|n| {
        let mut stream = TcpStream::connect(serving.address).unwrap();
        stream.write_all(&whole[..whole.len() - (n % 60)]).unwrap();
        stream
    });
    let slow: Vec<TcpStream> = slow.collect();
    for path in ["/healthz", "/sign-in", "/readyz"] {
        assert_eq!(serving.visitor().get(path).await.status, 200, "{path}");
    }
    slow.iter().for_each(|stream| stream.shutdown(Shutdown::Both).unwrap_or_default());
    assert_eq!(serving.visitor().get("/healthz").await.status, 200, "nor when they hang up");
}

#[actix_web::test]
async fn the_log_has_one_line_a_request_whatever_is_in_it() {
    let (_database, mut serving) = serve().await;
    let host = serving.address.to_string();
    let forged = "%0d%0aINFO%20/forged%1b%5b31m";
    let asks = [
        request(&format!("GET /{forged} HTTP/1.1"), &host, ""),
        request(
            &format!("GET /users/{forged} HTTP/1.1"),
            &host,
            &format!("User-Agent: {forged}\r\nReferer: {forged}\r\n"),
        ),
        request(
            &format!("GET /sign-in?back={forged} HTTP/1.1"),
            &host,
            &format!("Cookie: session={forged}; flash={forged}\r\n"),
        ),
        request("GET /sign-in HTTP/1.1", "forged.example", &format!("X-Forwarded-For: {forged}\r\n")),
        request("FORGED /sign-in HTTP/1.1", &host, &format!("Origin: http://{host}\r\n")),
    ];
    for bytes in &asks {
        assert_eq!(statuses(&exchange(serving.address, bytes)).len(), 1);
    }
    exchange(serving.address, format!("{forged} no HTTP\r\n\r\n").as_bytes());
    serving.stop().await;
    let log = serving.log();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let requests: Vec<_> = lines.iter().filter(|line| line.get("route").is_some()).collect();
    assert_eq!(requests.len(), asks.len(), "{log}");
    assert!(lines.iter().all(|line| line["level"] != "ERROR"), "nothing of it is an error of ours: {log}");
    assert!(!log.contains("/forged") && !log.contains("31m") && !log.contains("forged.example"), "{log}");
}
