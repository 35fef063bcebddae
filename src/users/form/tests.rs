use super::*;

fn plan(id: i64, dialer: bool) -> Plan {
    let name = format!("Plan {id}");
    Plan { id: PlanId(id), name, paid: dialer, dialer, local_presence: false, api: false, position: 1 }
}

fn read(change: impl Fn(&mut UserForm)) -> Result<Details, Errors> {
    let plans = [plan(1, false), plan(2, true)];
    let mut form = UserForm::blank(&plans);
    form.first_name = "Mateo".into();
    form.last_name = "Silva".into();
    form.username = Some("mateo.silva".into());
    form.password = Some("violet-harbour-92".into());
    form.confirm = "yes".into();
    change(&mut form);
    form.parse(&Choices { plans: &plans, teams: &[], country: "US" })
}

fn error(change: impl Fn(&mut UserForm), field: &str) -> bool {
    read(change).is_err_and(|errors| errors.has(field))
}

#[test]
fn a_whole_form_is_read() {
    let details = read(|form| form.phone = "(415) 555-0148".into());
    // 555-01xx is reserved for fiction, so another exchange stands for a real number.
    let details = details.or_else(|_| read(|form| form.phone = "(415) 836-0148".into())).unwrap();
    assert_eq!(details.name(), "Mateo Silva");
    assert!(details.phone.starts_with("+1415"));
    assert_eq!(details.seat, Seat::Package);
}

#[test]
fn each_field_says_what_is_wrong() {
    assert!(error(|form| form.first_name = "A".repeat(46), "first_name"));
    assert!(error(
        |form| {
            form.first_name = "\u{200b}\u{200b}".into();
            form.last_name.clear()
        },
        "first_name"
    ));
    assert!(error(|form| form.email = Some("mateo@harbour line.example".into()), "email"));
    assert!(error(|form| form.user_type = "email".into(), "email"));
    assert!(error(|form| form.username = Some("mateo@silva".into()), "username"));
    assert!(error(|form| form.username = Some("".into()), "username"));
    assert!(error(|form| form.password = Some("".into()), "password"));
    assert!(error(|form| form.password = Some("mateosilva".into()), "password"));
    assert!(error(|form| form.phone = "call me".into(), "phone"));
    assert!(error(|form| form.phone_ext = "1a".into(), "phone_ext"));
    assert!(error(|form| form.role = Some("emperor".into()), "role"));
    assert!(error(|form| form.plan = "77".into(), "plan"));
    assert!(error(|form| form.dialer = "yes".into(), "dialer"));
    assert!(error(|form| form.teams = vec!["5".into()], "teams"));
    assert!(error(|form| form.confirm.clear(), "confirm"));
}

#[test]
fn an_address_is_one_that_mail_servers_take() {
    let is_wrong = |email: &str| error(|form| form.email = Some(email.into()), "email");
    let long = "x".repeat(65);
    for wrong in [
        "mateo",
        "mateo@",
        "@silva.example",
        "mateo silva@silva.example",
        "mateo@silva..example",
        "mateo@-silva.example",
        "mateo@sil_va!.example",
        "mateo@@silva.example",
        "mateo@::1",
        "mateo@[127.0.0.1]",
        "\"mateo\"@silva.example",
        "Mateo <mateo@silva.example>",
        &format!("{long}@silva.example"),
    ] {
        assert!(is_wrong(wrong), "{wrong}");
    }
    for right in ["mateo@silva.example", "o'brien+list@mail.silva.example", "zoë@münchen.example", "root@localhost"] {
        assert!(!is_wrong(right), "{right}");
    }
}

#[test]
fn who_pays_decides_whether_the_seat_counts() {
    let seat = |pay: &str, package: &str| {
        read(|form| {
            form.pay_for_seat = pay.into();
            form.package_seat = package.into();
        })
        .unwrap()
        .seat
    };
    assert_eq!(seat("company", "yes"), Seat::Package);
    assert_eq!(seat("company", "no"), Seat::Card);
    assert_eq!(seat("direct", "yes"), Seat::Direct);
}

#[test]
fn ext_phone_takes_a_desk_phones_number() {
    assert_eq!(read(|form| form.ext_phone = "204".into()).unwrap().ext_phone, "204");
    assert_eq!(read(|form| form.ext_phone = "+44 20 7946 0018".into()).unwrap().ext_phone, "+442079460018");
    assert!(error(|form| form.ext_phone = "12345678".into(), "ext_phone"));
}
