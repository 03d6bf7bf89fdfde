//! One request: signed, sent, and its answer read.

use crate::client::Client;
use crate::error::{Code, Error, Result};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;
use serde_json::{Map, Value};
use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

pub struct Request<'a> {
    pub service: &'a str,
    pub method: &'a str,
    pub url: &'a str,
    pub headers: Vec<(String, String)>,
    pub body: &'a [u8],
    pub most_answer_bytes: usize,
}

pub struct Answer {
    pub status: u16,
    pub headers: Value,
    pub body: Vec<u8>,
}

pub fn send(client: &Client, request: &Request<'_>) -> Result<Answer> {
    client.run(async {
        let exchange = exchange(client, request);
        let limit = client.timeout + time_to_send(request.body.len());
        let Ok(answer) = tokio::time::timeout(limit, exchange).await else {
            let text = format!("no complete answer within {limit:?}");
            return Err(Error::new(Code::Unavailable, text));
        };
        answer
    })
}

/// What a body may take on a slow line, beyond the time for the answer: a second for each MiB.
fn time_to_send(body_bytes: usize) -> Duration {
    Duration::from_secs(u64::try_from(body_bytes >> 20).unwrap_or(u64::MAX))
}

async fn exchange(client: &Client, request: &Request<'_>) -> Result<Answer> {
    let mut unsigned = http_request(request)?;
    if !request.service.is_empty() {
        let credentials = client.credentials.get().await?;
        sign_request(
            request,
            credentials,
            &client.region,
            SystemTime::now(),
            &mut unsigned,
        )?;
    }
    let ready = unsigned
        .try_into()
        .map_err(|e| Error::invalid(format!("cannot send the request: {e}")))?;
    let response = client.connector.call(ready).await;
    let response = response.map_err(|e| cannot_reach(request.url, &e))?;
    let status = response.status().as_u16();
    let headers = headers_json(&response);
    let body = read_body(response, request.most_answer_bytes).await?;
    if refuses_credentials(status, &body) {
        client.credentials.forget().await;
    }
    Ok(Answer {
        status,
        headers,
        body,
    })
}

fn cannot_reach(url: &str, error: &dyn StdError) -> Error {
    let path = url.find("://").and_then(|scheme| {
        let host = scheme + "://".len();
        url[host..].find('/').map(|length| host + length)
    });
    let origin = &url[..path.unwrap_or(url.len())];
    let cause = Error::from_chain(Code::Unavailable, error).message;
    let advice = if cause.contains("UnknownIssuer") {
        "; name a file with the right authorities in ca_file"
    } else {
        ""
    };
    let text = format!("cannot reach {origin}: {cause}{advice}");
    Error::new(Code::Unavailable, text)
}

/// Most services say 400 of credentials, as of much else: there the name of the error tells.
fn refuses_credentials(status: u16, body: &[u8]) -> bool {
    const NAMES: [&str; 6] = [
        "ExpiredToken",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignature",
        "InvalidToken",
        "UnrecognizedClient",
    ];
    const MOST_BYTES: usize = 4096;
    if status != 400 {
        return status == 401 || status == 403;
    }
    let text = String::from_utf8_lossy(&body[..std::cmp::min(body.len(), MOST_BYTES)]);
    NAMES.iter().any(|name| text.contains(name))
}

/// S3 signs paths as they are sent and wants the hash of the body in a header.
fn settings(service: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    settings
}

fn http_request(request: &Request<'_>) -> Result<http::Request<SdkBody>> {
    let mut builder = http::Request::builder()
        .method(request.method)
        .uri(request.url);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    builder
        .body(SdkBody::from(request.body))
        .map_err(|e| Error::from_chain(Code::Invalid, &e))
}

fn sign_request(
    request: &Request<'_>,
    credentials: Credentials,
    region: &str,
    time: SystemTime,
    unsigned: &mut http::Request<SdkBody>,
) -> Result<()> {
    let identity = credentials.into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(request.service)
        .time(time)
        .settings(settings(request.service))
        .build()
        .map_err(|e| Error::internal(format!("cannot sign: {e}")))?;
    let headers = request
        .headers
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()));
    let body = SignableBody::Bytes(request.body);
    let signable = SignableRequest::new(request.method, request.url, headers, body)
        .map_err(|e| Error::from_chain(Code::Invalid, &e))?;
    let (instructions, _) = sign(signable, &params.into())
        .map_err(|e| Error::from_chain(Code::Invalid, &e))?
        .into_parts();
    instructions.apply_to_request_http1x(unsigned);
    Ok(())
}

fn headers_json(response: &HttpResponse) -> Value {
    let pairs = response.headers().iter();
    let members: Map<String, Value> = pairs
        .map(|(name, value)| (name.to_ascii_lowercase(), value.into()))
        .collect();
    Value::Object(members)
}

async fn read_body(response: HttpResponse, most_bytes: usize) -> Result<Vec<u8>> {
    let expected = response.headers().get("content-length");
    let expected = expected.and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut bytes = Vec::with_capacity(std::cmp::min(expected, most_bytes));
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|e| Error::new(Code::Unavailable, format!("the answer broke off: {e}")))?;
        if let Some(data) = frame.data_ref() {
            if bytes.len() + data.len() > most_bytes {
                let text = format!("the answer has more than {most_bytes} bytes");
                return Err(Error::new(Code::Unavailable, text));
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: u64 = 1_440_938_160; // 2015-08-30T12:36:00Z

    fn authorization(request: &Request<'_>) -> String {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let credentials = Credentials::new("AKIDEXAMPLE", secret, None, None, "test");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(TIME);
        let mut signed = http_request(request).expect("good");
        sign_request(request, credentials, "us-east-1", time, &mut signed).expect("signed");
        signed.headers()["authorization"]
            .to_str()
            .expect("text")
            .to_string()
    }

    #[test]
    fn who_cannot_be_reached_is_said() {
        let cause = std::io::Error::other("invalid peer certificate: UnknownIssuer");
        let error = cannot_reach("https://a.example.com:8443/bucket/key?x=1", &cause);
        assert_eq!(
            error.message,
            "cannot reach https://a.example.com:8443: invalid peer certificate: UnknownIssuer; \
             name a file with the right authorities in ca_file"
        );
    }

    #[test]
    fn a_refusal_of_credentials_is_told_from_other_errors() {
        let expired = br#"{"__type":"ExpiredTokenException","message":"..."}"#;
        assert!(refuses_credentials(400, expired));
        assert!(refuses_credentials(
            400,
            b"<Error><Code>ExpiredToken</Code></Error>"
        ));
        assert!(refuses_credentials(403, b""));
        let throttled = br#"{"__type":"ProvisionedThroughputExceededException"}"#;
        assert!(!refuses_credentials(400, throttled));
        assert!(!refuses_credentials(500, expired));
    }

    /// "get-vanilla" of AWS's own test suite.
    #[test]
    fn signature_is_that_of_the_test_suite() {
        let request = Request {
            service: "service",
            method: "GET",
            url: "https://example.amazonaws.com/",
            headers: Vec::new(),
            body: b"",
            most_answer_bytes: 0,
        };
        let text = authorization(&request);
        assert!(
            text.ends_with("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            "{text}"
        );
    }

    #[test]
    fn s3_signs_the_hash_of_the_body() {
        let request = Request {
            service: "s3",
            method: "GET",
            url: "https://bucket.s3.amazonaws.com/a%3Db/c%20d?list-type=2",
            headers: vec![("range".to_string(), "bytes=0-9".to_string())],
            body: b"",
            most_answer_bytes: 0,
        };
        let text = authorization(&request);
        assert!(
            text.contains("SignedHeaders=host;range;x-amz-content-sha256;x-amz-date"),
            "{text}"
        );
    }
}
