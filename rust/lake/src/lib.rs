//! Delta log and Parquet for avocet's C++, behind the C interface of
//! `include/avocet_lake.h`. The log is replayed here, not by a library: a handle keeps version,
//! metadata and transactions current commit by commit, so a commit costs one log entry whatever
//! the number of files.

pub mod action;
mod arrow_import;
mod arrow_json;
mod batch_stream;
mod checkpoint_read;
mod checkpoint_write;
mod checksum;
mod cleanup;
mod clock;
mod commit;
pub mod commit_request;
mod convert;
mod entry;
pub mod error;
pub mod ffi;
pub mod ffi_care;
pub mod ffi_data;
pub mod ffi_lake;
pub mod ffi_table;
mod files;
pub mod fs_store;
mod interval;
mod log;
mod parquet_check;
mod parquet_file;
pub mod parquet_read;
mod parquet_settings;
mod parquet_texts;
mod parquet_write;
mod partition;
mod paths;
mod protocol;
mod replay;
mod rewrite;
mod schema;
mod state;
mod stats;
pub mod store;
pub mod table;
mod vacuum;
pub mod write_options;
