//! What programs can ask, as OpenAPI describes it: made of the very handlers and types that answer.

use crate::access::Anyone;
use crate::error::Result;
use actix_web::HttpResponse;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(title = "Seatkeeper", description = "Reports of the credits and minutes that users have used."),
    paths(crate::usage::api::create),
    modifiers(&Tokens)
)]
struct Described;

/// How programs show who they are.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut Document) {
        let mut bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        bearer.description = Some("An API token: Settings, API tokens.".to_owned());
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
    }
}

/// GET /api/v1/openapi.json: for everybody.
pub async fn document(_: Anyone) -> Result<HttpResponse> {
    let json = Described::openapi().to_json().map_err(anyhow::Error::from)?;
    Ok(HttpResponse::Ok().content_type("application/json").body(json))
}
