//! What the benchmarks share: a place with the demo's data, the program in a process of its own, and a client.
// Each benchmark uses a part of it.
#![allow(dead_code)]

pub mod http;
pub mod place;
pub mod plans;
pub mod process;
pub mod table;
