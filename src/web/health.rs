//! `/healthz`: the process answers. `/readyz`: its database answers too.

use crate::access::Anyone;
use crate::error::Result;
use actix_web::HttpResponse;
use diesel::connection::SimpleConnection;

/// Where readiness is asked.
pub const READY: &str = "/readyz";

pub async fn alive(_: Anyone) -> HttpResponse {
    text("ok")
}

/// 503 while the database cannot be reached.
pub async fn ready(anyone: Anyone) -> Result<HttpResponse> {
    let asked = anyone.app.db.read(|conn| Ok(conn.batch_execute("SELECT 1")?)).await;
    match asked {
        Ok(()) => Ok(text("ready")),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            Ok(HttpResponse::ServiceUnavailable().content_type("text/plain; charset=utf-8").body("not ready\n"))
        }
    }
}

fn text(word: &str) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(format!("{word}\n"))
}
