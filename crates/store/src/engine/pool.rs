//! Connections opened on demand up to a limit, handed out and taken back. Knows no engine.

use super::sqlite::PATIENCE;
use crate::Result;
use crate::error::Fault;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections of one kind, of which `size` may be out at a time; who comes later waits.
pub(super) struct Pool<C> {
    size: u32,
    places: Arc<Semaphore>,
    /// Last used, first taken: what it remembers is the freshest.
    idle: Mutex<Vec<C>>,
}

/// A connection of the pool. Dropping it gives it back, save when it was taken out.
pub(super) struct Lease<C> {
    connection: Option<C>,
    home: Arc<Pool<C>>,
    _place: OwnedSemaphorePermit,
}

impl<C> Pool<C> {
    pub(super) fn new(size: u32) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(size as usize));
        Arc::new(Self { size, places, idle: Mutex::default() })
    }

    /// Waits for a place. What it holds is one that rested, or nothing yet.
    pub(super) async fn take(self: &Arc<Self>) -> Result<Lease<C>> {
        let wait = tokio::time::timeout(PATIENCE, Arc::clone(&self.places).acquire_owned());
        let place = wait.await.map_err(|_| Fault::Busy)?.map_err(|_| Fault::Closed)?;
        let connection = self.idle.lock().pop();
        Ok(Lease { connection, home: Arc::clone(self), _place: place })
    }

    /// Waits until all have come back; they are the caller's to close.
    pub(super) async fn close(&self) -> Vec<C> {
        // A second caller finds the door closed, and has nothing left to do.
        let all = self.places.acquire_many(self.size).await;
        self.places.close();
        drop(all);
        std::mem::take(&mut *self.idle.lock())
    }
}

impl<C> Lease<C> {
    /// Whether there is a connection in it.
    pub(super) fn is_filled(&self) -> bool {
        self.connection.is_some()
    }

    pub(super) fn get(&mut self) -> Result<&mut C> {
        self.connection.as_mut().ok_or_else(|| Fault::Closed.into())
    }

    pub(super) fn put(&mut self, connection: C) {
        self.connection = Some(connection);
    }

    /// Takes the connection from the pool for good.
    pub(super) fn remove(&mut self) -> Option<C> {
        self.connection.take()
    }
}

impl<C> Drop for Lease<C> {
    fn drop(&mut self) {
        // Before the place is free, so that whoever gets it finds the connection.
        self.home.idle.lock().extend(self.connection.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_given_back_is_handed_out_again() {
        let pool = Pool::new(1);
        let mut lease = pool.take().await.unwrap();
        assert!(!lease.is_filled());
        lease.put("a");
        drop(lease);
        let mut lease = pool.take().await.unwrap();
        assert_eq!(*lease.get().unwrap(), "a");
        assert_eq!(lease.remove(), Some("a"));
        drop(lease);
        assert!(!pool.take().await.unwrap().is_filled());
    }

    #[tokio::test]
    async fn who_finds_no_place_waits_for_one() {
        let pool = Pool::new(1);
        let mut lease = pool.take().await.unwrap();
        lease.put(1);
        let next = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.take().await.map(|mut lease| lease.remove()) }
        });
        tokio::task::yield_now().await;
        assert!(!next.is_finished());
        drop(lease);
        assert_eq!(next.await.unwrap().unwrap(), Some(1));
    }

    #[tokio::test]
    async fn closing_waits_for_all_and_hands_them_over() {
        let pool = Pool::new(2);
        let mut lease = pool.take().await.unwrap();
        lease.put(7);
        let closing = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.close().await }
        });
        tokio::task::yield_now().await;
        assert!(!closing.is_finished());
        drop(lease);
        assert_eq!(closing.await.unwrap(), [7]);
        assert!(pool.take().await.is_err());
        assert!(pool.close().await.is_empty());
    }
}
