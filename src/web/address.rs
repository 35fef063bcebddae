//! Where a request comes from.

use actix_web::HttpRequest;
use actix_web::http::header;
use ipnet::IpNet;
use std::net::IpAddr;

/// The client's network address. `X-Forwarded-For` counts only as far as it was written by trusted proxies:
/// read from the right, the first address that is not one of them.
pub fn client(req: &HttpRequest, trusted: &[IpNet]) -> String {
    let Some(peer) = req.peer_addr().map(|peer| peer.ip().to_canonical()) else {
        return String::new();
    };
    let forwarded = req.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let chain: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    through(peer, &chain, trusted).to_string()
}

fn through(peer: IpAddr, chain: &[&str], trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let mut nearest = peer;
    for hop in chain.iter().rev() {
        match hop.parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(address) if is_trusted(nearest) => nearest = address,
            _ => break,
        }
    }
    nearest
}

/// The browser and system, as far as sessions are told apart by it: "Firefox on Windows".
pub fn device(req: &HttpRequest) -> String {
    let agent = req.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let first =
        |list: &[(&str, &'static str)]| list.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let browser = first(&[("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari")]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown device".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, chain: &[&str], trusted: &[&str]) -> String {
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        through(peer.parse().unwrap(), chain, &trusted).to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_their_address() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"], &["127.0.0.0/8"]), "203.0.113.9");
        assert_eq!(seen("127.0.0.1", &["1.2.3.4", "198.51.100.1"], &["127.0.0.0/8"]), "198.51.100.1");
        assert_eq!(seen("127.0.0.1", &["1.2.3.4", "nonsense"], &["127.0.0.0/8"]), "127.0.0.1");
    }

    #[test]
    fn a_chain_of_trusted_proxies_is_followed() {
        assert_eq!(seen("10.0.0.1", &["198.51.100.1", "10.0.0.2"], &["10.0.0.0/8"]), "198.51.100.1");
    }
}
