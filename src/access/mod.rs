//! Who may do what. [`Can<P>`] in a handler's signature IS the policy: on signed-in pages it is the only way to the
//! database, and a handler that takes neither it nor [`Visitor`], [`Operator`] or [`Anyone`] first can't be routed.

mod actor;
mod can;
mod permissions;
mod site;
mod viewer;

pub use actor::{AccountId, Actor, UserId};
pub use can::{Access, Anyone, Can, Guard, Needs, Operator, Visitor};
pub use permissions::{
    AllocateCredits, AssignRoles, DeleteUsers, EditUsers, Needed, Own, Permission, Permissions, Role, ViewUsers,
};
pub use site::Site;
pub use viewer::Viewer;
