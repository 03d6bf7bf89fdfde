//! The one error type of the crate: a code that says what the caller can do, and a message.

use std::fmt;

/// Mirrors `AvCode` of `avocet_lake.h`; the numbers are part of the interface.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Ok = 0,
    NotFound = 1,
    AlreadyExists = 2,
    Conflict = 3,
    Io = 4,
    Corrupt = 5,
    Invalid = 6,
    Unsupported = 7,
    NoSpace = 8,
    Permission = 9,
    Internal = 10,
}

impl Code {
    /// A number from a C callback; unknown numbers become `Io`.
    pub fn from_c(code: i32) -> Code {
        match code {
            0 => Code::Ok,
            1 => Code::NotFound,
            2 => Code::AlreadyExists,
            3 => Code::Conflict,
            5 => Code::Corrupt,
            6 => Code::Invalid,
            7 => Code::Unsupported,
            8 => Code::NoSpace,
            9 => Code::Permission,
            10 => Code::Internal,
            _ => Code::Io,
        }
    }
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

    pub fn corrupt(message: impl Into<String>) -> Error {
        Error::new(Code::Corrupt, message)
    }

    pub fn invalid(message: impl Into<String>) -> Error {
        Error::new(Code::Invalid, message)
    }

    pub fn unsupported(message: impl Into<String>) -> Error {
        Error::new(Code::Unsupported, message)
    }

    pub fn conflict(message: impl Into<String>) -> Error {
        Error::new(Code::Conflict, message)
    }

    pub fn not_found(message: impl Into<String>) -> Error {
        Error::new(Code::NotFound, message)
    }

    pub fn internal(message: impl Into<String>) -> Error {
        Error::new(Code::Internal, message)
    }

    /// Damage of the bytes as opposed to trouble with reaching them.
    pub fn is_damage(&self) -> bool {
        matches!(self.code, Code::Corrupt | Code::NotFound)
    }

    /// Reading Parquet: an error of our own store passes through, all else is damage of `path`.
    pub fn from_parquet_read(path: &str, error: parquet::errors::ParquetError) -> Error {
        if let parquet::errors::ParquetError::External(source) = &error
            && let Some(own) = source.downcast_ref::<Error>()
        {
            return own.clone();
        }
        Error::corrupt(format!("cannot read {path}: {error}"))
    }

    /// Reading Parquet through the arrow layer, which keeps its source only as text.
    pub fn from_arrow_read(path: &str, error: arrow_schema::ArrowError) -> Error {
        Error::corrupt(format!("cannot read {path}: {error}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
