//! Style sheet, script and icons: embedded in the binary, named by content hash, compressed once at the first request.

use crate::access::Anyone;
use crate::error::{Error, Result};
use actix_web::http::header::{self, AcceptEncoding, Encoding, Header};
use actix_web::{HttpRequest, HttpResponse, web};
use rust_embed::RustEmbed;
use std::collections::HashMap;
use std::io::Write;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Embedded;

struct Asset {
    url: String,
    content_type: &'static str,
    plain: Vec<u8>,
    gzip: Vec<u8>,
    brotli: Vec<u8>,
}

/// By file name (`app.css`) and by hashed name (`app.0f3a….css`).
struct Assets {
    all: Vec<Asset>,
    by_name: HashMap<String, usize>,
    by_hashed_name: HashMap<String, usize>,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let mut assets = Assets { all: vec![], by_name: HashMap::new(), by_hashed_name: HashMap::new() };
    for name in Embedded::iter() {
        let Some(file) = Embedded::get(&name) else { continue };
        let hash: String = file.metadata.sha256_hash()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
        let hashed = format!("{stem}.{hash}.{extension}");
        let content_type = match extension {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            _ => "application/octet-stream",
        };
        assets.by_name.insert(name.to_string(), assets.all.len());
        assets.by_hashed_name.insert(hashed.clone(), assets.all.len());
        assets.all.push(Asset {
            url: format!("/static/{hashed}"),
            content_type,
            gzip: gzip(&file.data),
            brotli: brotli(&file.data),
            plain: file.data.into_owned(),
        });
    }
    assets
});

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    // Writing to memory cannot fail; an empty result would be served as "not compressed".
    encoder.write_all(data).and_then(|()| encoder.finish()).unwrap_or_default()
}

fn brotli(data: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut encoder = brotli::CompressorWriter::new(&mut packed, 4096, 9, 20);
    let written = encoder.write_all(data);
    drop(encoder);
    if written.is_ok() { packed } else { Vec::new() }
}

/// The address of an asset of this build; the bare name where there is none, which a test would see.
pub fn url(name: &str) -> &str {
    ASSETS.by_name.get(name).map_or(name, |&at| &ASSETS.all[at].url)
}

pub async fn serve(_: Anyone, name: web::Path<String>, req: HttpRequest) -> Result<HttpResponse> {
    let asset = ASSETS.by_hashed_name.get(name.as_str()).map(|&at| &ASSETS.all[at]).ok_or(Error::NotFound)?;
    Ok(respond(asset, &req, "public, max-age=31536000, immutable"))
}

pub async fn favicon(_: Anyone, req: HttpRequest) -> Result<HttpResponse> {
    let asset = ASSETS.by_name.get("favicon.svg").map(|&at| &ASSETS.all[at]).ok_or(Error::NotFound)?;
    Ok(respond(asset, &req, "public, max-age=86400"))
}

/// Nothing here is for search engines.
pub async fn robots(_: Anyone) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("User-agent: *\nDisallow: /\n")
}

fn respond(asset: &'static Asset, req: &HttpRequest, cache: &str) -> HttpResponse {
    let accepted = AcceptEncoding::parse(req).ok();
    let supported = [Encoding::brotli(), Encoding::gzip(), Encoding::identity()];
    let chosen = accepted.and_then(|accepted| accepted.negotiate(supported.iter()));
    let (encoding, body) = match chosen {
        Some(encoding) if encoding == Encoding::brotli() => ("br", &asset.brotli),
        Some(encoding) if encoding == Encoding::gzip() => ("gzip", &asset.gzip),
        _ => ("identity", &asset.plain),
    };
    let (encoding, body) = if body.is_empty() { ("identity", &asset.plain) } else { (encoding, body) };
    HttpResponse::Ok()
        .content_type(asset.content_type)
        .insert_header((header::CONTENT_ENCODING, encoding))
        .insert_header((header::CACHE_CONTROL, cache))
        .insert_header((header::VARY, "accept-encoding"))
        .body(body.as_slice())
}
