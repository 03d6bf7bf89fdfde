//! Runs the real program over small Delta tables that the tests write themselves.

mod damage;
mod delta;
mod errors;
mod formats;
mod limits;
mod names;
mod pruning;
mod support;
