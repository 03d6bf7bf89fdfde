//! Where the region and the credentials come from: the chain of the AWS SDK.

use crate::error::{Error, Result};
use crate::options::Options;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// The client for the services that give out credentials.
fn http_client(tls: &TlsContext) -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls.clone())
        .build_https()
}

/// Reads the shared files as they are now: what it returns reads them no more.
pub async fn load(options: &Options, tls: &TlsContext) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client(tls));
    if let Some(region) = &options.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    let config = loader.load().await;
    let Some(role) = &options.role_arn else {
        return config;
    };
    let provider = aws_config::sts::AssumeRoleProvider::builder(role)
        .session_name("avocet")
        .configure(&config)
        .build()
        .await;
    let shared = SharedCredentialsProvider::new(provider);
    config.into_builder().credentials_provider(shared).build()
}

pub fn provider_of(config: &SdkConfig) -> Result<SharedCredentialsProvider> {
    let provider = config.credentials_provider();
    provider.ok_or_else(|| Error::internal("no chain of credentials"))
}
