//! What only a browser knows: the console, colours, widths, and clicks that come twice.

use crate::chrome::Device;
use crate::people;
use crate::support::{PASSWORD, TestApp};
use crate::tab::Tab;
use diesel::connection::SimpleConnection;
use seatkeeper::access::Role;
use std::sync::mpsc;

journey!(a_breach_of_the_content_security_policy_is_heard: desk);
journey!(the_colour_scheme_is_kept: desk, phone_without_script);
journey!(nothing_scrolls_sideways: desk, phone);
journey!(a_form_is_sent_once_however_often_its_button_is_clicked: desk);

/// That all other journeys find the console silent means something only if it can speak.
async fn a_breach_of_the_content_security_policy_is_heard(device: Device) {
    let app = TestApp::new().await;
    let tab = Tab::open(device, app.config.listen).await;
    tab.go("/sign-in").await;
    assert_eq!(tab.complaints().await, Vec::<String>::new());
    let _: () = tab.ask("document.body.setAttribute('style', 'color: red')").await;
    let complaints = tab.complaints().await;
    assert!(complaints.iter().any(|message| message.contains("Content Security Policy")), "{complaints:?}");
    tab.close().await;
}

async fn the_colour_scheme_is_kept(device: Device) {
    let app = TestApp::new().await;
    let amara = app.knows(app.account, app.owner);
    let tab = Tab::open(device, app.config.listen).await;
    people::sign_in(&tab, &amara.login, PASSWORD).await;
    tab.finds("html[data-scheme=auto]").await;
    people::search(&tab, "amara").await;
    let here = tab.here().await;
    let ground = "getComputedStyle(document.body).backgroundColor";
    let before: String = tab.ask(ground).await;

    people::own_menu(&tab, "Dark").await;
    tab.finds("html[data-scheme=dark]").await;
    tab.is_at(&here).await;
    let dark: String = tab.ask(ground).await;
    assert_ne!(dark, before);
    people::go_to(&tab, "/profile").await;
    tab.sees("h1", "Amara Okafor").await;
    tab.finds("html[data-scheme=dark]").await;
    tab.finds("[name=scheme][value=dark][aria-pressed=true]").await;
    assert_eq!(tab.ask::<String>(ground).await, dark);
    people::sign_out(&tab).await;
    tab.finds("html[data-scheme=dark]").await;
    tab.close().await;
}

async fn nothing_scrolls_sideways(device: Device) {
    let app = TestApp::new().await;
    let amara = app.knows(app.account, app.owner);
    app.appoint_operator(&amara);
    let long = app.user_with("Maximiliana-Konstantina Wolfeschlegelsteinhausen", |details| {
        details.role = Role::Admin;
        details.email = format!("{}@{}.harbourline.example", "maximiliana".repeat(5), "quay".repeat(10));
        details.username = "m".repeat(50);
        details.job_title = "Harbourmaster".repeat(7);
        details.company = "Company".repeat(14);
        details.phone = "+442079460018".into();
    });
    let mail = app.number("SELECT id AS n FROM outbox");
    let tab = Tab::open(device, app.config.listen).await;
    fits(&tab, "/sign-in").await;
    people::sign_in(&tab, &amara.login, PASSWORD).await;
    for path in [
        "/users",
        "/users?q=wolfe",
        "/users?status=disabled",
        "/users/new",
        "/profile",
        "/usage",
        "/usage/team",
        "/operator/mail",
    ] {
        fits(&tab, path).await;
    }
    fits(&tab, &format!("/operator/mail/{mail}")).await;
    fits(&tab, &format!("/users/{long}")).await;
    tab.fill("email", "not an address").await;
    tab.fill("phone_ext", "letters").await;
    tab.press("Save").await;
    tab.sees("h2", "There is a problem").await;
    is_no_wider_than_the_screen(&tab).await;

    tab.go("/users").await;
    tab.click(&people::menu_of("Maximiliana-Konstantina Wolfeschlegelsteinhausen")).await;
    is_no_wider_than_the_screen(&tab).await;
    let (left, right): (f64, f64) = {
        let sides = "(box => [box.left, box.right])(document.querySelector('.menu[open] ul').getBoundingClientRect())";
        tab.ask(sides).await
    };
    assert!(left >= 0.0 && right <= f64::from(device.width), "the open menu is on the screen: {left} to {right}");
    people::sign_out(&tab).await;
    people::sign_in(&tab, &app.find(long).details.email, PASSWORD).await;
    fits(&tab, "/profile").await;
    tab.close().await;
}

async fn fits(tab: &Tab, path: &str) {
    tab.go(path).await;
    tab.is_at(path).await;
    is_no_wider_than_the_screen(tab).await;
}

/// Against the device's width: on a phone the window grows with a page that is too wide.
async fn is_no_wider_than_the_screen(tab: &Tab) {
    let width: u32 = tab.ask("document.scrollingElement.scrollWidth").await;
    let wide = "[...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > \
                document.documentElement.clientWidth + 1).map(one => one.outerHTML.slice(0, 120)).slice(0, 8)";
    let culprits: Vec<String> = if width > tab.device.width { tab.ask(wide).await } else { vec![] };
    assert!(width <= tab.device.width, "{} is {width} wide at {:?}: {culprits:#?}", tab.here().await, tab.device);
}

/// The database is held while the button is clicked twice, so that the first answer can't come in between. Each request
/// that arrives counts as a failed sign-in.
async fn a_form_is_sent_once_however_often_its_button_is_clicked(device: Device) {
    let app = TestApp::new().await;
    let amara = app.knows(app.account, app.owner);
    let tab = Tab::open(Device { hasty: true, ..device }, app.config.listen).await;
    tab.go("/sign-in").await;
    tab.sees("h1", "Sign in").await;
    tab.fill("login", &amara.login).await;
    tab.fill("password", "not-the-password").await;
    let button = tab.finds("main form button").await;

    let other = app.another_instance();
    let ((tell, told), (release, released)) = (mpsc::channel(), mpsc::channel::<()>());
    let holder = std::thread::spawn(move || {
        other.write_now(|conn| {
            if other.is_postgres() {
                conn.batch_execute("LOCK TABLE sign_in_failures IN EXCLUSIVE MODE")?;
            }
            tell.send(()).unwrap();
            released.recv().unwrap();
            Ok(())
        })
    });
    told.recv().unwrap();
    tab.driver.action_chain().double_click_element(&button).perform().await.unwrap();
    release.send(()).unwrap();
    holder.join().unwrap().unwrap();

    tab.sees("#login-e", "The email, username or password is wrong.").await;
    assert_eq!(app.number("SELECT MAX(failures) AS n FROM sign_in_failures"), 1);
    people::try_sign_in(&tab, &amara.login, PASSWORD).await;
    tab.is_at("/users").await;
    tab.close().await;
}
