//! Who did what to whom: one entry with every write, in its transaction. Personal values are sealed under a key per
//! person, so that deleting the key forgets them while the entry stays. Tables: `activity`, `person_keys`.

mod model;
mod seal;

pub use model::{Change, Seals, new_person, open, record, seal};
