//! What instances write, for whoever watches them.

use super::Platform;
use crate::adapter::Adapter;
use crate::engine::{Engine, InstanceId, Watchable};

impl<E: Engine + Watchable, A: Adapter> Platform<E, A> {
    /// Has so many bytes kept of what instances write that are started from now on.
    pub fn keep_output(&self, most: usize) {
        self.engine.keep_output(most);
    }

    /// What each instance that there is has written so far, at most so many bytes from its
    /// beginning: hostile. It asks the engine, which has other things to do while it starts one.
    pub async fn written(&self, most: usize) -> Vec<(InstanceId, Vec<u8>)> {
        let listed = self.engine.instances(Some(&self.run)).await.unwrap_or_default();
        let mut all = Vec::with_capacity(listed.len());
        for instance in listed {
            // One that goes meanwhile has nothing more to say.
            if let Ok(written) = self.engine.whole_output(&instance.id, most).await {
                all.push((instance.id, written));
            }
        }
        all
    }
}
