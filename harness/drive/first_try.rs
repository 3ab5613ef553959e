//! One unrecorded start of a target: what cannot answer is known before the plan.

use super::Driver;
use crate::engine::{Engine, EngineError};
use crate::platform::Target;

impl<E: Engine> Driver<E> {
    /// Starts, uses and removes one instance of a target: not measured, not recorded.
    /// Why it failed; none when it answered.
    ///
    /// # Errors
    /// When the engine is gone, or the instance refuses to go.
    pub async fn try_one(&self, target: &Target) -> Result<Option<String>, EngineError> {
        let (at, mut patience) = (self.clock().now(), self.patience(target));
        let visit = self.platform.invoke(target.invocation(at)).await;
        patience.hears(visit.outcome.is_ok(), self.clock().now() - at);
        let cause = visit.outcome.cause().map(ToOwned::to_owned);
        self.hear(target, &[visit], patience);
        self.platform.clear().await?;
        Ok(cause)
    }
}
