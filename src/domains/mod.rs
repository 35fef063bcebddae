//! White-label host names: which account a host belongs to. Table: `domains`.

mod model;

pub use model::{account_of, add_verified, has_somewhere_to_sign_in, may_use_shared_host, primary_of};
