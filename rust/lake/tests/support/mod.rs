//! A lake in memory behind the C callbacks, and a thin client of the C interface.
#![allow(dead_code)]

pub mod client;
pub mod memory_fs;
