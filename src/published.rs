//! One value that many threads read and one replaces.

use std::mem;
use std::sync::{Arc, PoisonError, RwLock};

/// A value is published whole and never changes: a thread that has loaded it keeps that version.
#[derive(Debug)]
pub struct Published<T>(RwLock<Arc<T>>);

impl<T> Published<T> {
    /// Publishes the first value.
    pub fn new(value: Arc<T>) -> Published<T> {
        Published(RwLock::new(value))
    }

    /// The newest value.
    pub fn load(&self) -> Arc<T> {
        // The lock protects one pointer, and no panic can leave that half-written.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the value.
    pub fn store(&self, value: Arc<T>) {
        let mut published = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let old = mem::replace(&mut *published, value);
        // Freeing a large value needs time. No thread should wait for the lock meanwhile.
        drop(published);
        drop(old);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_poisoned_lock_still_serves() {
        let published = Arc::new(Published::new(Arc::new(1)));
        let shared = Arc::clone(&published);
        let poisoning = thread::spawn(move || {
            let _guard = shared.0.write();
            assert_eq!(1, 2, "poisons the lock");
        });
        assert!(poisoning.join().is_err() && published.0.is_poisoned());
        published.store(Arc::new(2));
        assert_eq!(*published.load(), 2);
    }
}
