//! White-label host names: which account a host belongs to. Table: `domains`.

mod model;

pub use model::{account_of, add_verified, may_use_shared_host, primary_of};
