//! What only a browser can tell: whole journeys of people in a real Chromium, with the script and without it, at a desk
//! and on a phone. Each journey has a database and a server of its own, like the tests in tests/app, and runs on SQLite
//! or, with `TEST_DATABASE_URL`, on Postgres.
//!
//! Chromium and chromedriver must be installed; `CHROMIUM` and `CHROMEDRIVER` name them where they are not on the PATH.

#![allow(clippy::unwrap_used, clippy::expect_used)]

/// Plays a journey on each of some devices: a test each.
macro_rules! journey {
    ($journey:ident: $($device:ident),+) => {
        mod $journey {
            $(
                #[actix_web::test]
                async fn $device() {
                    let _turn = crate::chrome::turn().await;
                    super::$journey(crate::chrome::Device::$device()).await;
                }
            )+
        }
    };
}

#[allow(dead_code, unused_imports)]
#[path = "../app/support/mod.rs"]
mod support;

mod chrome;
mod people;
mod tab;

mod adding;
mod credits;
mod deleting;
mod editing;
mod keyboard;
mod list;
mod looks;
mod many;
mod set_up;
mod status;
mod usage;
