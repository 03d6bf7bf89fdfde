//! Credentials, kept until they are about to expire.

use crate::error::{Code, Error, Result};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// Credentials are renewed so long before they expire.
const MARGIN: Duration = Duration::from_secs(120);

pub struct CredentialsCache {
    provider: SharedCredentialsProvider,
    kept: Mutex<Option<Credentials>>,
}

impl CredentialsCache {
    pub fn new(provider: SharedCredentialsProvider) -> CredentialsCache {
        CredentialsCache {
            provider,
            kept: Mutex::new(None),
        }
    }

    /// One caller at a time asks the provider.
    pub async fn get(&self) -> Result<Credentials> {
        let mut kept = self.kept.lock().await;
        if let Some(credentials) = kept.as_ref()
            && is_fresh(credentials, SystemTime::now())
        {
            return Ok(credentials.clone());
        }
        let loaded = self.provider.provide_credentials().await;
        let loaded = loaded.map_err(|e| Error::from_chain(Code::Permission, &e))?;
        *kept = Some(loaded.clone());
        Ok(loaded)
    }

    /// A service has refused them: the next request asks the provider.
    pub async fn forget(&self) {
        *self.kept.lock().await = None;
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
