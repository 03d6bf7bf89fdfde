//! Signed requests to AWS services for avocet's C++, behind the C interface of
//! `include/avocet_aws.h`. What is asked, what an answer means and when to try again are the
//! caller's business.

mod chain;
pub mod client;
mod credentials;
pub mod error;
pub mod ffi;
pub mod ffi_client;
mod options;
pub mod send;
