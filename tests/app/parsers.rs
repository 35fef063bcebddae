//! Whatever is sent, what reads it does not panic, and reads what it has written as it was. Texts are made up, the same
//! ones at each run.

use crate::support::{Dice, TestApp, config, for_each_case};
use actix_web::http::header::HeaderValue;
use actix_web::test::TestRequest;
use chrono::DateTime;
use seatkeeper::access::Role;
use seatkeeper::accounts::{NewAccountText, check_new};
use seatkeeper::batches::Action;
use seatkeeper::db::Location;
use seatkeeper::plans::{Plan, PlanId};
use seatkeeper::users::form::{Choices, UserForm};
use seatkeeper::users::list::{self, Limits, ListQuery, Scope};
use seatkeeper::users::{Status, UserType, fold};
use seatkeeper::web::list::{Cursor, Key, Kind};
use seatkeeper::web::text::{Times, initials, number};
use seatkeeper::web::{address, form, page};
use std::net::IpAddr;
use url::Url;

const CASES: u64 = 3000;

fn times(dice: &mut Dice) -> Times {
    let zone = *dice.roll(&["UTC", "Asia/Tokyo", "America/New_York", "Africa/Cairo", "Pacific/Apia", "nowhere"]);
    Times::new(zone, DateTime::from_timestamp(1_790_000_000, 0).unwrap().naive_utc())
}

fn any_query(dice: &mut Dice) -> ListQuery {
    let mut text = |most| dice.text(most).replace('\0', "");
    ListQuery {
        status: text(1),
        q: text(6),
        role: text(1),
        plan: text(2),
        team: text(2),
        company: text(4),
        from: text(3),
        to: text(3),
        sort: text(1),
        rows: text(1),
        after: text(4),
        before: text(3),
    }
}

#[test]
fn the_address_of_a_list_is_read_as_it_was_written() {
    for_each_case(CASES, |dice| {
        let query = any_query(dice);
        let text = query.to_text();
        if text.len() <= form::LONGEST_BACK {
            assert_eq!(ListQuery::parse(&text), Some(query), "{text}");
        }
    });
}

#[test]
fn any_address_of_a_list_is_read_or_refused_and_leads_on_to_addresses_that_are_read() {
    for_each_case(CASES, |dice| {
        let text = format!("{}={}&q={}", dice.roll(&["sort", "status", "after", "x"]), dice.text(4), dice.text(8));
        let Some(query) = ListQuery::parse(&text) else {
            return assert_eq!(ListQuery::from_text(&text), ListQuery::default());
        };
        let (sort, ascending) = query.order();
        let cursor = Cursor { key: Key::Text(dice.text(5).replace('\0', "")), id: dice.number() as i64 };
        let ways =
            [query.path(), query.tab(&query.status()), query.sorted(sort, ascending), query.first(), query.last()];
        for path in ways.into_iter().chain([query.unfiltered(), query.after(&cursor), query.before(&cursor)]) {
            let (_, text) = path.split_once('?').unwrap_or((&path, ""));
            assert!(text.len() > form::LONGEST_BACK || ListQuery::parse(text).is_some(), "{path}");
        }
        assert!([25, 50, 100].contains(&query.page_size()));
        query.window();
    });
}

#[test]
fn a_filter_that_says_something_never_means_everybody() {
    for_each_case(CASES, |dice| {
        let (query, times) = (any_query(dice), times(dice));
        let filter = query.filter(&times);
        let says = |text: &str| !text.trim().is_empty();
        for (typed, is_met) in [
            (&query.q, filter.words.is_some()),
            (&query.company, filter.company.is_some()),
            (&query.role, filter.role.is_some()),
            (&query.plan, filter.plan.is_some()),
            (&query.team, filter.team.is_some()),
            (&query.from, filter.from.is_some()),
            (&query.to, filter.to.is_some()),
        ] {
            assert!(!says(typed) || is_met || filter.nobody, "{typed:?} of {query:?}");
        }
        let words = filter.words.unwrap_or_default();
        assert_eq!(fold(&words), words, "what is looked for is folded as what is stored");
    });
}

#[test]
fn a_place_in_a_list_is_read_as_it_was_written() {
    for_each_case(CASES, |dice| {
        let time = DateTime::from_timestamp_micros((dice.number() % 4_000_000_000_000_000) as i64).unwrap().naive_utc();
        let id = dice.number() as i64;
        for (key, kind) in [
            (Key::Text(dice.text(8)), Kind::Text),
            (Key::Number(dice.number() as i64), Kind::Number),
            (Key::Time(time), Kind::Time),
        ] {
            let place = Cursor { key, id };
            assert_eq!(Cursor::decode(&place.encode(), kind), Some(place));
            if let Some(place) = Cursor::decode(&format!("{}~{}", dice.text(3), dice.text(2)), kind) {
                assert_eq!(Cursor::decode(&place.encode(), kind), Some(place));
            }
        }
    });
}

#[test]
fn a_form_is_read_as_it_was_sent_without_nul_and_in_utf_8() {
    for_each_case(CASES, |dice| {
        let fields: Vec<(String, String)> = (0..4).map(|_| (dice.text(3), dice.text(6))).collect();
        let sent = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let has_nul = fields.iter().any(|(name, value)| name.contains('\0') || value.contains('\0'));
        match form::read::<Vec<(String, String)>>(&sent) {
            Ok(read) => assert_eq!((read, has_nul), (fields, false)),
            Err(_) => assert!(has_nul, "{sent}"),
        }
        let raw = dice.text(12);
        if let Ok(read) = form::read::<Vec<(String, String)>>(&raw) {
            assert!(!read.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')), "{raw}");
            assert!(raw.contains('\u{fffd}') || !format!("{read:?}").contains('\u{fffd}'), "{raw}: {read:?}");
        }
    });
}

#[test]
fn whatever_one_comes_back_to_is_here() {
    let here = Url::parse("http://seats.example/users").unwrap();
    for_each_case(CASES, |dice| {
        let typed = format!("{}{}", dice.roll(&["/", "//", "", "/\\", "http:", "\t/"]), dice.text(6));
        let path = page::local_path(&typed);
        assert!(path == typed || path == "/", "{typed:?}");
        assert_eq!(here.join(path).unwrap().host_str(), Some("seats.example"), "{typed:?}");
    });
}

#[test]
fn an_address_is_the_peers_or_one_that_a_trusted_proxy_has_named() {
    const KNOWN: [&str; 4] = ["10.0.0.1", "198.51.100.7", "2001:db8::7", "127.0.0.1"];
    for_each_case(CASES, |dice| {
        let chain: Vec<String> = (0..dice.number() % 4)
            .map(|_| if dice.number() % 2 == 0 { (*dice.roll(&KNOWN)).to_owned() } else { dice.text(2) })
            .collect();
        let mut request = TestRequest::default().peer_addr("10.0.0.1:80".parse().unwrap());
        for (name, text) in [("x-forwarded-for", chain.join(", ")), ("user-agent", dice.text(6))] {
            if let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) {
                request = request.insert_header((name, value));
            }
        }
        let request = request.to_http_request();
        assert_eq!(address::client(&request, &[]), "10.0.0.1");
        let trusting = address::client(&request, &["10.0.0.0/8".parse().unwrap()]);
        let is_known =
            |hop: &String| hop.trim().parse::<IpAddr>().is_ok_and(|hop| hop.to_canonical().to_string() == trusting);
        let hops: Vec<String> = chain.iter().flat_map(|hop| hop.split(',')).map(str::to_owned).collect();
        assert!(trusting == "10.0.0.1" || hops.iter().any(is_known), "{chain:?}: {trusting}");
        assert!(address::device(&request).len() < 40);
    });
}

#[test]
fn a_host_is_ours_however_it_is_written_and_no_other_is() {
    let config = config("127.0.0.1:8080".parse().unwrap());
    for_each_case(CASES, |dice| {
        let host = format!("{}{}", dice.roll(&["", "localhost", "127.0.0.1:8080", "evil.example"]), dice.text(3));
        let is_ours = config.is_shared_host(&host);
        assert_eq!(config.is_shared_host(&host.to_ascii_uppercase()), is_ours, "{host:?}");
        let named = Url::parse(&format!("http://{host}")).ok().and_then(|url| url.host().map(|host| host.to_owned()));
        let is_loopback = match named {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        assert!(!is_ours || is_loopback, "{host:?}");
    });
    for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.0.0.1", "[::1]:8080"] {
        assert!(config.is_shared_host(host), "{host}");
    }
}

#[test]
fn a_domain_that_is_taken_is_one_that_browsers_ask_for() {
    for_each_case(CASES, |dice| {
        let labels: Vec<String> = (0..1 + dice.number() % 3)
            .map(|_| (*dice.roll(&["seats", "-a", "1", "0x7f", "xn--a", "xn--bcher-kva", "A", "", "a_b"])).to_owned())
            .collect();
        let domain =
            format!("{}{}", labels.join("."), if dice.number() % 8 == 0 { dice.text(1) } else { String::new() });
        let new = NewAccountText {
            name: "Harbourline",
            country: "US",
            time_zone: "UTC",
            domain: Some(&domain),
            first_name: "Ada",
            last_name: "Stone",
            email: "ada@stone.example",
            password: crate::support::PASSWORD,
        };
        if check_new(&new).is_ok() {
            let asked = Url::parse(&format!("https://{domain}/")).unwrap();
            assert_eq!(asked.host_str(), Some(&*domain.to_ascii_lowercase()));
        }
    });
}

#[test]
fn a_database_is_named_without_its_password() {
    for_each_case(CASES, |dice| {
        let text =
            format!("{}{}", dice.roll(&["", "sqlite://", "postgres://ada:se7ret@", "postgresql://"]), dice.text(4));
        if let Ok(location) = Location::parse(&text) {
            assert!(!location.public().contains("se7ret"), "{text:?}");
        }
    });
}

#[test]
fn codes_are_read_as_they_were_written() {
    for_each_case(CASES, |dice| {
        let text = format!("{}{}", dice.roll(&["", "role:", "plan:", "enable", "delete"]), dice.text(2));
        if let Some(action) = Action::from_code(&text) {
            assert_eq!(Action::from_code(&action.code()), Some(action));
        }
        assert!(Role::from_code(&text).is_none_or(|role| role.code() == text));
        assert!(Status::chosen(&text).is_none_or(|status| status.code() == text && status != Status::Pending));
    });
}

#[test]
fn numbers_names_and_days_are_written_whatever_they_are() {
    for_each_case(CASES, |dice| {
        let n = dice.number() as i64 >> (dice.number() % 64);
        assert_eq!(number(n).replace(',', ""), n.to_string());
        initials(&dice.text(6));
        let times = times(dice);
        let year = (dice.number() % 12_000) as i64 - 1000;
        let day = format!("{year:04}-{:02}-{:02}", dice.number() % 14, dice.number() % 33);
        for day in [day, dice.text(4)] {
            if let (Some(start), Some(end)) = (times.start_of(&day), times.end_of(&day)) {
                assert!(start < end, "{day}");
            }
        }
    });
}

/// Mostly a good value, now and then any text.
fn mostly(dice: &mut Dice, good: &[&str]) -> String {
    if dice.number().is_multiple_of(12) { dice.text(3) } else { (*dice.roll(good)).to_owned() }
}

fn any_user(dice: &mut Dice) -> UserForm {
    const PHONES: &[&str] =
        &["", "(415) 836-0148", "+1 415.836.0148", " 030 303982910", "+44 20 7946 0018", "14158360148"];
    UserForm {
        user_type: UserType::Username.code().into(),
        first_name: mostly(dice, &[" Ann ", "Łukasz", "山田", "O'Brien"]),
        last_name: mostly(dice, &["", "van der  Berg", "=1+1", "Š😀"]),
        email: Some(mostly(dice, &["", " A@b.example ", "ä@ö.example", "+x@y.example"])),
        username: Some(mostly(dice, &["Ann", " łukasz ", "a.b", "-1"])),
        password: Some(crate::support::PASSWORD.into()),
        phone: mostly(dice, PHONES),
        phone_ext: mostly(dice, &["", "007", " 104 "]),
        ext_phone: mostly(dice, &["", "204", " 0204 ", PHONES[1], PHONES[3]]),
        job_title: mostly(dice, &["", " Lead ", "@SUM(A1)"]),
        company: mostly(dice, &["", "Söhne & Co ", "👩\u{200d}👧"]),
        role: Some("member".into()),
        plan: "1".into(),
        status: Some("enabled".into()),
        dialer: "no".into(),
        local_presence: "no".into(),
        use_balance: "company".into(),
        pay_for_seat: "company".into(),
        package_seat: "yes".into(),
        confirm: "yes".into(),
        ..UserForm::default()
    }
}

#[test]
fn a_user_who_was_taken_is_taken_again_unchanged() {
    let name = "Free".to_owned();
    let plans =
        [Plan { id: PlanId(1), name, paid: false, dialer: false, local_presence: false, api: false, position: 1 }];
    let taken = std::cell::Cell::new(0);
    for_each_case(600, |dice| {
        let form = any_user(dice);
        let country = *dice.roll(&["US", "DE", "GB", "JP", "KZ", "AC", "ZZ", ""]);
        let choices = Choices { plans: &plans, teams: &[], country };
        let Ok(details) = form.parse(&choices) else { return };
        taken.set(taken.get() + 1);
        let again = UserForm {
            first_name: details.first_name.clone(),
            last_name: details.last_name.clone(),
            email: Some(details.email.clone()),
            username: Some(details.username.clone()),
            phone: details.phone.clone(),
            phone_ext: details.phone_ext.clone(),
            ext_phone: details.ext_phone.clone(),
            job_title: details.job_title.clone(),
            company: details.company.clone(),
            password: None,
            ..form.clone()
        };
        assert_eq!(again.parse_edit(&details, &choices).ok().as_ref(), Some(&details), "{form:?}");
    });
    assert!(taken.get() > 50, "too few are right: {}", taken.get());
}

/// By all of the list's ways of searching, those for large accounts too.
#[actix_web::test]
async fn a_list_is_shown_whatever_is_asked() {
    let app = TestApp::new().await;
    app.user("Mateo Silva", Role::Member);
    let small = Limits { small: 0, few: 1, cap: 1, stride: 1, ..Limits::default() };
    for_each_case(250, |dice| {
        let (query, times) = (any_query(dice), times(dice));
        for limits in [Limits::default(), small] {
            let scope =
                Scope { account: app.account, users: 2, trigrams: true, postgres: app.db.is_postgres(), limits };
            let shown = app.db.read_now(|conn| list::page(conn, &scope, &query, &times));
            assert!(shown.is_ok(), "{query:?}: {shown:?}");
        }
    });
}
