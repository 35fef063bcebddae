//! HTTP: forms, flash, lists, headers, assets. Of the business it knows only who looks at a page.

pub mod address;
pub mod assets;
pub mod cookies;
pub mod csrf;
pub mod download;
pub mod flash;
pub mod form;
pub mod headers;
pub mod health;
pub mod json;
pub mod list;
pub mod page;
pub mod problem;
pub mod text;
