//! Who may do what. [`Can<P>`] in a handler's signature IS the policy: on signed-in pages it is the only way to the
//! database, and a handler that takes neither it nor [`Visitor`], [`Operator`], [`Token`] or [`Anyone`] first can't be
//! routed.

mod actor;
mod can;
mod permissions;
mod site;
mod token;
mod viewer;

pub use actor::{AccountId, Actor, UserId, user_id};
pub use can::{Access, Anyone, Can, Guard, Needs, Operator, Visitor};
pub use permissions::{
    AllocateCredits, ApiTokens, AssignRoles, DeleteUsers, EditUsers, Needed, Own, Permission, Permissions, Role,
    ViewUsers,
};
pub use site::Site;
pub use token::Token;
pub use viewer::Viewer;
