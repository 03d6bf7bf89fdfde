//! The one error type of the crate: a code that says what the caller can do, and a message.

use std::error::Error as StdError;

/// Mirrors `AwCode` of `avocet_aws.h`; the numbers are part of the interface.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Ok = 0,
    Invalid = 1,
    Permission = 2,
    Unavailable = 3,
    Cancelled = 4,
    Internal = 5,
}

#[derive(Clone, Debug)]
pub struct Error {
    pub code: Code,
    pub message: String,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(code: Code, message: impl Into<String>) -> Error {
        Error {
            code,
            message: message.into(),
        }
    }

    pub fn invalid(message: impl Into<String>) -> Error {
        Error::new(Code::Invalid, message)
    }

    pub fn internal(message: impl Into<String>) -> Error {
        Error::new(Code::Internal, message)
    }

    /// With the causes of `error`.
    pub fn from_chain(code: Code, error: &dyn StdError) -> Error {
        Error::new(code, chain(error))
    }
}

/// The error and its causes, each said once.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text
}
