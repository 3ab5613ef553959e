//! What a record says of where things are, without whose home that is.

use crate::engine::EngineInfo;

/// A run's folder is made to be shared: it need not say whose home it was made in.
pub(super) fn forget_home(info: &mut EngineInfo) {
    let home = std::env::var("HOME").unwrap_or_default();
    forget(info, &home);
}

/// Of each of several daemons too.
fn forget(info: &mut EngineInfo, home: &str) {
    if home.len() > 1 {
        info.address = info.address.replace(home, "~");
    }
    info.daemons.values_mut().for_each(|daemon| forget(daemon, home));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::engine::{AnyEngine, Engine as _};

    #[tokio::test(start_paused = true)]
    async fn no_address_says_whose_home_it_is_in() {
        let at = "unix:///home/me/.local/docker.sock".to_owned();
        let engine = AnyEngine::fake(Clock::paused(), 0);
        let one = EngineInfo { address: at.clone(), ..engine.describe().await.unwrap() };
        let daemons = [("other".to_owned(), one.clone())].into();
        let mut all = EngineInfo { daemons, ..one };
        forget(&mut all, "/home/me");
        assert_eq!(all.address, "unix://~/.local/docker.sock");
        assert_eq!(all.daemons["other"].address, all.address);
        forget(&mut all, "/");
        assert_eq!(all.address, "unix://~/.local/docker.sock");
    }
}
