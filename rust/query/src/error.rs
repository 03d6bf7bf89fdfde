//! The one error type of the program; its kind decides the exit code.

use std::fmt;

use crate::text::one_line;

/// What the caller can do about an error; the numbers are sysexits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command line or the SQL is wrong.
    Usage,
    /// A table is damaged, or needs a Delta feature that this program does not read.
    Data,
    /// There is no lake at the given place.
    NoLake,
    /// A bug of this program or of its libraries.
    Internal,
    /// The operating system refused to read or write.
    Io,
    /// The query reached its limit of time or memory.
    Limit,
    /// The reader of the output went away; not worth a message.
    ClosedPipe,
}

impl Kind {
    pub fn exit_code(self) -> i32 {
        match self {
            Kind::Usage => 64,
            Kind::Data => 65,
            Kind::NoLake => 69,
            Kind::Internal => 70,
            Kind::Io => 74,
            Kind::Limit => 75,
            Kind::ClosedPipe => 0,
        }
    }
}

#[derive(Debug, Clone)]
pub struct QueryError {
    pub kind: Kind,
    pub message: String,
}

pub type Result<T, E = QueryError> = std::result::Result<T, E>;

impl QueryError {
    pub fn new(kind: Kind, message: impl AsRef<str>) -> Self {
        Self {
            kind,
            message: one_line(message.as_ref()),
        }
    }

    pub fn usage(message: impl AsRef<str>) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub fn data(message: impl AsRef<str>) -> Self {
        Self::new(Kind::Data, message)
    }

    pub fn internal(message: impl AsRef<str>) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// An operating system error while doing `action`, for example `read /lake/x.parquet`.
    pub fn io(action: &str, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::new(Kind::ClosedPipe, "output closed"),
            _ => Self::new(Kind::Io, format!("cannot {action}: {error}")),
        }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for QueryError {}

impl From<QueryError> for datafusion::error::DataFusionError {
    fn from(error: QueryError) -> Self {
        Self::External(Box::new(error))
    }
}
