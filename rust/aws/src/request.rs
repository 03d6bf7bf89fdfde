//! Reading the members of a request.

use crate::error::{Error, Result};
use serde_json::{Map, Value};

pub struct Request(Map<String, Value>);

impl Request {
    /// `known`: the members that may be there.
    pub fn parse(json: &str, known: &[&str]) -> Result<Request> {
        let members: Map<String, Value> = serde_json::from_str(json)
            .map_err(|e| Error::invalid(format!("cannot read the request: {e}")))?;
        for name in members.keys() {
            if !known.contains(&name.as_str()) {
                return Err(Error::invalid(format!(
                    "unknown member {name} of a request"
                )));
            }
        }
        Ok(Request(members))
    }

    pub fn text(&self, name: &str) -> Result<String> {
        self.optional_text(name)
            .ok_or_else(|| Error::invalid(format!("the request has no {name}")))
    }

    pub fn optional_text(&self, name: &str) -> Option<String> {
        self.0.get(name).and_then(Value::as_str).map(str::to_string)
    }

    pub fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    pub fn small_integer(&self, name: &str) -> Option<i32> {
        self.integer(name)
            .and_then(|value| i32::try_from(value).ok())
    }

    pub fn boolean(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }

    pub fn object(&self, name: &str) -> Option<&Map<String, Value>> {
        self.0.get(name).and_then(Value::as_object)
    }

    pub fn texts(&self, name: &str) -> Vec<String> {
        let items = self.0.get(name).and_then(Value::as_array);
        let texts = items.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_members_are_refused() {
        let error = Request::parse("{\"Limit\": 3}", &["MaxKeys"])
            .err()
            .expect("refused");
        assert!(error.message.contains("Limit"));
    }

    #[test]
    fn missing_members_are_named() {
        let request = Request::parse("{\"MaxKeys\": 3}", &["MaxKeys", "Bucket"]).expect("fine");
        assert_eq!(request.small_integer("MaxKeys"), Some(3));
        assert!(
            request
                .text("Bucket")
                .err()
                .expect("missing")
                .message
                .contains("Bucket")
        );
    }
}
