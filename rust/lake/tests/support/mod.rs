//! A lake in memory behind the C callbacks, a thin client of the C interface, and a small table.
#![allow(dead_code)]

pub mod client;
pub mod memory_fs;
pub mod rows;
