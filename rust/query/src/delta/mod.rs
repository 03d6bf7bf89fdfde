//! Reading Delta tables: the log, its checkpoints, the schema and the file statistics.
//!
//! The log is read here rather than through `delta_kernel`, because that crate's Arrow feature
//! links two HTTP clients and a TLS library into a program that must not talk to any network.

pub mod action;
pub mod log_file;
pub mod log_listing;
pub mod protocol;
pub mod schema;
pub mod snapshot;
pub mod stats;
pub mod value;

pub use snapshot::Snapshot;
