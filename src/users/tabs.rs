//! What there is to see of one user, a page a tab.

use crate::access::UserId;
use crate::web::page::with_back;

/// Address and label.
pub type Tab = (String, &'static str);

/// The tabs of a user, which lead back to a list.
pub fn tabs(user: UserId, back: &str) -> [Tab; 3] {
    let tab = |page: &str, label| (with_back(format!("/users/{user}{page}"), back), label);
    [tab("", "Profile"), tab("/credits", "Credits & minutes"), tab("/usage", "Usage")]
}
