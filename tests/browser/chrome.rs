//! Chromium, driven by one chromedriver for all tests of this run.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use thirtyfour::common::capabilities::desiredcapabilities::PageLoadStrategy;
use thirtyfour::prelude::*;
use thirtyfour::{ChromiumLikeCapabilities, LoggingPrefsLogLevel};
use tokio::sync::{Semaphore, SemaphorePermit};

const NEEDED: &str = "the browser tests need Chromium and its driver: apt-get install chromium chromium-driver \
                      (CHROMIUM and CHROMEDRIVER name them where they are not on the PATH)";

const FLAGS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1440,900",
];

/// What somebody sits at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    pub width: u32,
    /// Whether pages may run their script.
    pub script: bool,
    /// Whether a click is over at once, before the page that it leads to has come.
    pub hasty: bool,
}

impl Device {
    pub const fn desk() -> Self {
        Device { width: 1440, script: true, hasty: false }
    }

    pub const fn desk_without_script() -> Self {
        Device { script: false, ..Self::desk() }
    }

    pub const fn phone() -> Self {
        Device { width: 390, ..Self::desk() }
    }

    pub const fn phone_without_script() -> Self {
        Device { script: false, ..Self::phone() }
    }

    pub fn is_phone(self) -> bool {
        self.width < 640
    }
}

/// Chromium is heavy: two journeys at a time.
pub async fn turn() -> SemaphorePermit<'static> {
    static TURNS: Semaphore = Semaphore::const_new(2);
    TURNS.acquire().await.unwrap()
}

/// A new Chromium with an empty profile. What it can do is asked of a page, not believed.
pub async fn start(device: Device) -> WebDriver {
    let mut attempts = 0;
    let driver = loop {
        // No connection is kept: a test that fails sends its last request from another runtime.
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        match WebDriver::builder(driver_url(), capabilities(device)).client(client).await {
            Ok(driver) => break driver,
            Err(error) => {
                attempts += 1;
                assert!(attempts < 3, "Chromium does not start: {error}");
            }
        }
    };
    let page = "data:text/html,<meta name=viewport content=width=device-width><title>without</title>\
                <script>document.title='with'</script>";
    driver.goto(page).await.unwrap();
    let script = driver.title().await.unwrap() == "with";
    let width = driver.execute("return innerWidth", vec![]).await.unwrap().convert().unwrap();
    assert_eq!(Device { width, script, ..device }, device, "Chromium is not as it was asked to be");
    driver
}

fn capabilities(device: Device) -> thirtyfour::ChromeCapabilities {
    let mut asked = DesiredCapabilities::chrome();
    asked.set_binary(find("CHROMIUM", "chromium").to_str().unwrap()).unwrap();
    FLAGS.iter().for_each(|flag| asked.add_arg(flag).unwrap());
    asked.set_browser_log_level(LoggingPrefsLogLevel::Info).unwrap();
    if device.hasty {
        asked.set_page_load_strategy(PageLoadStrategy::None).unwrap();
    }
    if !device.script {
        let block = serde_json::json!({ "profile.managed_default_content_settings.javascript": 2 });
        asked.add_experimental_option("prefs", block).unwrap();
    }
    if device.is_phone() {
        // Windows can't be that narrow. chromedriver waits for a timer of the page after each click on a mobile screen:
        // without script, it would wait for ever.
        let screen = serde_json::json!({
            "width": device.width, "height": 844, "pixelRatio": 2.0, "mobile": device.script, "touch": device.script
        });
        asked.add_experimental_option("mobileEmulation", serde_json::json!({ "deviceMetrics": screen })).unwrap();
    }
    asked
}

/// A program, from the environment or the PATH.
fn find(variable: &str, name: &str) -> PathBuf {
    let named = std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut on_path = std::env::split_paths(&path).map(|folder| folder.join(name));
    let found = named.or_else(|| on_path.find(|place| place.is_file())).filter(|place| place.is_file());
    found.unwrap_or_else(|| panic!("{name} is missing: {NEEDED}"))
}

/// Ends with our process, whichever way that ends: its standard input is closed then. All that it started and the
/// profiles go with it.
const KEEPER: &str = r#""$1" --port=0 & cat; trap '' TERM; kill -TERM 0; wait; sleep 1; rm -rf "$TMPDIR""#;

/// Where the one chromedriver of this process listens.
fn driver_url() -> &'static str {
    static DRIVER: OnceLock<(String, Child)> = OnceLock::new();
    let (url, _) = DRIVER.get_or_init(|| {
        let folder = tempfile::Builder::new().prefix("seatkeeper-chromium-").tempdir().unwrap();
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(find("CHROMEDRIVER", "chromedriver"))
            .env("TMPDIR", folder.keep())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(keeper.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| line.split_once("successfully on port ").map(|(_, port)| port.to_owned()));
        let port = port.unwrap_or_else(|| panic!("chromedriver does not start: {NEEDED}"));
        // Read on, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        (format!("http://127.0.0.1:{}", port.trim_end_matches('.')), keeper)
    });
    url
}
