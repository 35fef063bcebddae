//! What the form fills in for common kinds of users.

use super::form::yes_no;
use super::model::PayForSeat;
use crate::text_enum;

text_enum! {
    /// Presets of sections 2 and 3.
    pub enum Preset {
        Admin = "admin", "Admin account";
        Direct = "direct", "Direct payment";
        Company = "company", "Company payment";
    }
}

impl Preset {
    /// What it means, in a line.
    pub fn line(self) -> &'static str {
        match self {
            Preset::Admin => "Dialer No, company pays, package seat",
            Preset::Direct => "Dialer Yes, the user pays directly",
            Preset::Company => "Dialer Yes, company pays, package seat",
        }
    }

    /// Dialer, Pay for Seat, Packages/Seat Limit.
    pub fn settings(self) -> (bool, PayForSeat, bool) {
        match self {
            Preset::Admin => (false, PayForSeat::Company, true),
            Preset::Direct => (true, PayForSeat::Direct, false),
            Preset::Company => (true, PayForSeat::Company, true),
        }
    }

    /// The same as form fields, for the page's script.
    pub fn fields(self) -> String {
        let (dialer, pay, package) = self.settings();
        format!("dialer={}&pay_for_seat={}&package_seat={}", yes_no(dialer), pay.code(), yes_no(package))
    }
}
