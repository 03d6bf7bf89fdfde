//! The JSON texts that come from the caller.

use crate::error::{Error, Result};
use serde_json::{Map, Value};
use std::time::Duration;

#[derive(Default, Debug)]
pub struct Options {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub role_arn: Option<String>,
    pub ca_pem: Option<String>,
    pub timeout: Option<Duration>,
    pub connect_timeout: Option<Duration>,
}

pub fn parse_options(json: &str) -> Result<Options> {
    let mut options = Options::default();
    for (key, value) in parse_object(json, "options_json")? {
        match key.as_str() {
            "region" => options.region = Some(text(&key, &value)?),
            "profile" => options.profile = Some(text(&key, &value)?),
            "role_arn" => options.role_arn = Some(text(&key, &value)?),
            "ca_pem" => options.ca_pem = Some(text(&key, &value)?),
            "timeout_ms" => options.timeout = Some(millis(&key, &value)?),
            "connect_timeout_ms" => options.connect_timeout = Some(millis(&key, &value)?),
            _ => return Err(Error::invalid(format!("unknown option {key}"))),
        }
    }
    Ok(options)
}

pub fn parse_headers(json: Option<&str>) -> Result<Vec<(String, String)>> {
    let members = parse_object(json.unwrap_or("{}"), "headers_json")?;
    let pairs = members
        .into_iter()
        .map(|(key, value)| Ok((key.clone(), text(&key, &value)?)));
    pairs.collect()
}

fn parse_object(json: &str, name: &str) -> Result<Map<String, Value>> {
    serde_json::from_str(json).map_err(|e| Error::invalid(format!("cannot read {name}: {e}")))
}

fn text(key: &str, value: &Value) -> Result<String> {
    let text = value.as_str().map(str::to_string);
    text.ok_or_else(|| Error::invalid(format!("{key} is not a text")))
}

fn millis(key: &str, value: &Value) -> Result<Duration> {
    let millis = value.as_u64().map(Duration::from_millis);
    millis.ok_or_else(|| Error::invalid(format!("{key} is not a number of milliseconds")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_unknown_ones_refused() {
        let options = parse_options(r#"{"region":"eu-west-1","timeout_ms":1500}"#).expect("good");
        assert_eq!(options.region.as_deref(), Some("eu-west-1"));
        assert_eq!(options.timeout, Some(Duration::from_millis(1500)));
        for bad in [
            r#"{"regoin":"x"}"#,
            r#"{"region":1}"#,
            r#"{"timeout_ms":"1s"}"#,
            "[]",
        ] {
            assert!(parse_options(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn headers_are_texts() {
        assert_eq!(parse_headers(None).expect("none"), []);
        let one = parse_headers(Some(r#"{"if-match":"\"x\""}"#)).expect("good");
        assert_eq!(one, [("if-match".to_string(), "\"x\"".to_string())]);
        assert!(parse_headers(Some(r#"{"a":1}"#)).is_err());
    }
}
