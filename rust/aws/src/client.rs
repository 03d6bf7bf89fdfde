//! One set of credentials and a region, and the HTTP client that is used with them.

use crate::chain::{load, provider_of};
use crate::credentials::CredentialsCache;
use crate::error::{Code, Error, Result};
use crate::options::{Options, parse_options};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};
use futures_util::future::{Either, select};
use std::ffi::CString;
use std::future::Future;
use std::pin::pin;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(30);

pub struct Client {
    pub region: String,
    /// For C.
    pub region_text: CString,
    pub credentials: CredentialsCache,
    pub connector: SharedHttpConnector,
    pub timeout: Duration,
    cancelled: watch::Sender<bool>,
}

/// Where requests run, of all clients; callers wait for them.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("avocet-aws")
            .enable_all()
            .build()
    });
    made.as_ref()
        .map_err(|e| Error::new(Code::Unavailable, format!("cannot start threads: {e}")))
}

impl Client {
    pub fn open(options_json: &str) -> Result<Client> {
        let options = parse_options(options_json)?;
        let tls = tls_context(&options)?;
        let config = runtime()?.block_on(load(&options, &tls));
        let Some(region) = config.region() else {
            return Err(Error::invalid(
                "no AWS region is known: give one, or set AWS_REGION",
            ));
        };
        let settings = HttpConnectorSettings::builder()
            .connect_timeout(options.connect_timeout.unwrap_or(CONNECT_TIMEOUT))
            .build();
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls.clone())
            .connector_settings(settings)
            .build();
        Ok(Client {
            region: region.to_string(),
            region_text: CString::new(region.as_ref())
                .map_err(|_| Error::invalid("the region has a zero byte"))?,
            connector: SharedHttpConnector::new(connector),
            timeout: options.timeout.unwrap_or(TIMEOUT),
            credentials: CredentialsCache::new(provider_of(&config)?, options, tls),
            cancelled: watch::Sender::new(false),
        })
    }

    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// Waits for `request`, but not beyond `cancel`.
    pub fn run<T>(&self, request: impl Future<Output = Result<T>>) -> Result<T> {
        let mut watcher = self.cancelled.subscribe();
        runtime()?.block_on(async move {
            let stop = pin!(async move { watcher.wait_for(|cancelled| *cancelled).await.is_ok() });
            match select(stop, pin!(request)).await {
                Either::Left(_) => Err(Error::new(Code::Cancelled, "the request was cancelled")),
                Either::Right((result, _)) => result,
            }
        })
    }
}

fn tls_context(options: &Options) -> Result<TlsContext> {
    let trust = match &options.ca_pem {
        Some(pem) => TrustStore::empty().with_pem_certificate(pem.as_bytes()),
        None => TrustStore::default(),
    };
    let context = TlsContext::builder().with_trust_store(trust).build();
    context.map_err(|e| Error::from_chain(Code::Invalid, &e))
}
