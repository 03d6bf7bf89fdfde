//! Credentials, kept until they are about to expire.

use crate::chain::{load, provider_of};
use crate::error::{Code, Error, Result};
use crate::options::Options;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::tls::TlsContext;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// Credentials are renewed so long before they expire.
const MARGIN: Duration = Duration::from_secs(120);

pub struct CredentialsCache {
    options: Options,
    tls: TlsContext,
    state: Mutex<State>,
}

struct State {
    /// None: what it has read may be outdated.
    provider: Option<SharedCredentialsProvider>,
    kept: Option<Credentials>,
}

impl CredentialsCache {
    /// `provider` is that of the other two.
    pub fn new(
        provider: SharedCredentialsProvider,
        options: Options,
        tls: TlsContext,
    ) -> CredentialsCache {
        CredentialsCache {
            options,
            tls,
            state: Mutex::new(State {
                provider: Some(provider),
                kept: None,
            }),
        }
    }

    /// One caller at a time asks the provider.
    pub async fn get(&self) -> Result<Credentials> {
        let mut state = self.state.lock().await;
        if let Some(credentials) = state.kept.as_ref()
            && is_fresh(credentials, SystemTime::now())
        {
            return Ok(credentials.clone());
        }
        let provider = match state.provider.take() {
            Some(provider) => provider,
            None => provider_of(&load(&self.options, &self.tls).await)?,
        };
        let loaded = provider.provide_credentials().await;
        let loaded = loaded.map_err(|e| Error::from_chain(Code::Permission, &e))?;
        state.provider = Some(provider);
        state.kept = Some(loaded.clone());
        Ok(loaded)
    }

    /// A service has refused them: the next request reads them anew, files included.
    pub async fn forget(&self) {
        let mut state = self.state.lock().await;
        state.kept = None;
        state.provider = None;
    }
}

fn is_fresh(credentials: &Credentials, now: SystemTime) -> bool {
    credentials
        .expiry()
        .is_none_or(|expiry| now + MARGIN < expiry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_renewed_before_they_expire() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let expiring = |seconds| {
            let expiry = Some(now + Duration::from_secs(seconds));
            Credentials::new("key", "secret", None, expiry, "test")
        };
        assert!(is_fresh(&expiring(121), now));
        assert!(!is_fresh(&expiring(120), now));
        assert!(is_fresh(
            &Credentials::new("key", "secret", None, None, "test"),
            now
        ));
    }
}
