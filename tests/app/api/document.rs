//! The document that describes the API.

use super::{uses, with_client};
use crate::support::USAGE;
use seatkeeper::access::Needs;
use seatkeeper::routes;
use serde_json::{Value, json};

#[actix_web::test]
async fn the_document_describes_what_is_answered() {
    let (app, client, mateo) = with_client(10).await;
    let page = app.visitor().at("nobody.example").get("/api/v1/openapi.json").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("application/json")), "for everybody");
    let document: Value = serde_json::from_str(&page.html).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    // Every route for programs is in it, and nothing besides.
    let described: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    let routed: Vec<&str> =
        routes::all().iter().filter(|entry| entry.needs == Needs::Token).map(|entry| entry.path).collect();
    assert_eq!(described, routed);
    let report = &document["paths"][USAGE]["post"];
    let statuses: Vec<&String> = report["responses"].as_object().unwrap().keys().collect();
    assert_eq!(statuses, ["200", "201", "400", "401", "404", "408", "409", "413", "415", "422", "503", "507"]);
    for (status, response) in report["responses"].as_object().unwrap() {
        let kind = if status.starts_with('2') { "application/json" } else { "application/problem+json" };
        assert!(response["content"][kind]["schema"].is_object(), "{status}: {response}");
    }
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    assert_eq!(report["security"], json!([{ "token": [] }]));
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Event"]["properties"]["kind"]["enum"], json!(["export", "direct_dial", "calling", "minutes"]));
    assert_eq!(schemas["Event"]["properties"]["type"]["enum"], json!(["use", "refund"]));
    assert_eq!(schemas["Event"]["required"], json!(["kind", "amount"]));
    no_dangling(&document, &document);
    // What is answered has the members that are described, and no others.
    let receipt = client.report("a", uses(mateo, 1)).await.body;
    assert_eq!(names(&receipt), names(&schemas["Receipt"]["properties"]));
    let problem = client.report("b", uses(app.other_owner, 1)).await.body;
    assert_eq!(names(&problem), names(&schemas["Problem"]["properties"]));
}

fn names(object: &Value) -> Vec<&String> {
    let mut names: Vec<&String> = object.as_object().unwrap().keys().collect();
    names.sort();
    names
}

/// Every `$ref` leads somewhere.
fn no_dangling(document: &Value, part: &Value) {
    match part {
        Value::Object(members) => {
            if let Some(Value::String(path)) = members.get("$ref") {
                assert!(document.pointer(path.trim_start_matches('#')).is_some(), "{path} leads nowhere");
            }
            members.values().for_each(|member| no_dangling(document, member));
        }
        Value::Array(items) => items.iter().for_each(|item| no_dangling(document, item)),
        _ => {}
    }
}
