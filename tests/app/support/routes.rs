//! What stands in for the parts of a route in braces.

/// The path of a route, with `id` as the id in it: a user's, or nobody's batch or mail. A new kind of address gets its line
/// here.
pub fn fill(path: &str, id: i64) -> String {
    let style = seatkeeper::web::assets::url("app.css").trim_start_matches("/static/");
    let filled = path.replace("{id}", &id.to_string()).replace("{name}", style).replace("{token}", &"0".repeat(64));
    assert!(!filled.contains('{'), "{path}: say in fill() of tests/app/support/routes.rs what stands in its braces");
    filled
}
