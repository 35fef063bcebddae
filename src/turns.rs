//! Turns at work that keeps a thread busy for long: few at a time, so that threads are left for everything else.

use crate::error::{Error, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who waits longer is asked to come back. Twice what a machine with one core needs for the hashes of 64 passwords at once, at
/// the usual cost: nobody is sent away for being one of many.
const LONGEST_QUEUE: Duration = Duration::from_secs(45);

#[derive(Clone)]
pub struct Turns(Arc<Semaphore>);

impl Turns {
    /// So many at once.
    pub fn new(at_once: usize) -> Self {
        Turns(Arc::new(Semaphore::new(at_once)))
    }

    /// A turn, over when it is dropped. Give it to the work: a visitor who hangs up does not end that.
    pub async fn take(&self) -> Result<OwnedSemaphorePermit> {
        let turn = tokio::time::timeout(LONGEST_QUEUE, self.0.clone().acquire_owned()).await;
        turn.map_err(|_| Error::Busy)?.map_err(|_| Error::Busy)
    }
}
