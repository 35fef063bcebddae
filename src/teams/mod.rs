//! Functional groups of users, also departments and call queues. Tables: `teams`, `team_members`.

mod model;

pub use model::{Team, TeamId, add, all, names_of_users, of_user, of_users, set_of_user};
