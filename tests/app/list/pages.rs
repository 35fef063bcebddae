use super::with_many;
use crate::support::{Page, Person, TestApp};
use seatkeeper::access::Role;
use std::collections::BTreeSet;

/// The names along the pages that a link leads to, from one page on.
async fn along(amara: &Person, first: Page, link: &str) -> Vec<Vec<String>> {
    let mut pages = vec![];
    let mut page = first;
    loop {
        assert_eq!(page.status, 200, "{page:?}");
        pages.push(page.attrs("tbody th a", "href"));
        match page.attrs(&format!("a[rel={link}]"), "href").pop() {
            Some(path) => page = amara.get(&path).await,
            None => return pages,
        }
        assert!(pages.len() < 50, "the pages do not end");
    }
}

#[actix_web::test]
async fn pages_meet_each_user_once_forth_and_back_by_every_column() {
    let app = with_many(100).await;
    let amara = app.browse_as(app.account, app.owner).await;
    let enabled = app.count(&format!("users WHERE account_id = {} AND status = 'enabled'", app.account.0)) as usize;
    assert!(enabled > 60, "three pages: {enabled}");
    for sort in [
        "name",
        "-name",
        "email",
        "-email",
        "credits",
        "-credits",
        "last_activity",
        "-last_activity",
        "created",
        "-created",
    ] {
        let path = format!("/users?sort={sort}");
        let first = amara.get(&path).await;
        assert_eq!(first.text(".pager p"), format!("25 of {enabled} users"));
        assert!(!first.has("a[rel=prev]"));
        let last = first.attrs(".pager a", "href").pop().unwrap();
        assert!(last.contains("before=end"));
        let id = |path: &String| path.split('?').next().unwrap().to_owned();
        let forth: Vec<String> = along(&amara, first, "next").await.concat().iter().map(id).collect();
        assert_eq!(forth.len(), enabled, "{sort}");
        assert_eq!(forth.iter().collect::<BTreeSet<_>>().len(), enabled, "{sort}: each once");
        let last = amara.get(&last).await;
        assert!(!last.has("a[rel=next]"), "{sort}");
        let back: Vec<String> =
            along(&amara, last, "prev").await.into_iter().rev().flatten().map(|path| id(&path)).collect();
        assert_eq!(back, forth, "{sort}");
    }
    let fifty = amara.get("/users?rows=50").await;
    assert_eq!(fifty.names().len(), 50);
    assert!(fifty.attrs("a[rel=next]", "href")[0].contains("rows=50"));
    assert_eq!(amara.get("/users?rows=100").await.names().len(), enabled.min(100));
}

#[actix_web::test]
async fn a_head_sorts_and_turns_the_order_round() {
    let (app, amara) = TestApp::with_owner().await;
    app.user("Łukasz Zet", Role::Member);
    app.user("mateo silva", Role::Member);
    let page = amara.get("/users").await;
    assert_eq!(page.names(), ["Amara Okafor", "Łukasz Zet", "mateo silva"], "as people sort, not as bytes do");
    assert_eq!(page.attrs("thead th.lead", "aria-sort"), ["ascending"]);
    let round = page.attrs("thead th.lead a", "href").remove(0);
    let page = amara.get(&round).await;
    assert_eq!(page.names(), ["mateo silva", "Łukasz Zet", "Amara Okafor"]);
    assert_eq!(page.attrs("thead th.lead", "aria-sort"), ["descending"]);
    let credits = page.attrs("thead th.num a", "href").remove(0);
    assert!(credits.starts_with("/users?sort=-credits"), "amounts begin with the most: {credits}");
}

#[actix_web::test]
async fn a_page_whose_users_are_gone_says_so() {
    let (_app, amara) = TestApp::with_owner().await;
    let page = amara.get("/users?after=zzz~9").await;
    assert_eq!((page.status, page.text(".empty h2").as_str()), (200, "Nothing here any more"));
    assert_eq!(amara.get("/users?status=disabled").await.text(".empty h2"), "No disabled users");
}
