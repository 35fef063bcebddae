//! A moment that comes after so much has happened.

use std::cell::Cell;
use tokio::sync::Notify;

pub struct Countdown {
    left: Cell<u64>,
    over: Notify,
}

impl Countdown {
    pub fn new(left: u64) -> Self {
        Countdown { left: Cell::new(left), over: Notify::new() }
    }

    pub fn count(&self) {
        let left = self.left.get().saturating_sub(1);
        self.left.set(left);
        if left == 0 {
            self.finish();
        }
    }

    /// Nothing more is to come.
    pub fn finish(&self) {
        self.over.notify_one();
    }

    pub async fn is_over(&self) {
        self.over.notified().await;
    }
}
