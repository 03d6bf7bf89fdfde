//! Replay of a log into a `Sink`: the newest usable checkpoint, then the JSON entries after it.

use crate::action::{Action, parse_lines};
use crate::checkpoint_read::read_checkpoint;
use crate::error::{Code, Error, Result};
use crate::log::{Checkpoint, Listing, Log};

/// Receives the actions of a log, oldest first.
pub trait Sink: Default {
    /// Whether adds and removes are wanted; without them a checkpoint is read much faster.
    const FILES: bool;

    fn action(&mut self, action: Action) -> Result<()>;

    /// Called when a checkpoint is read: an error makes replay fall back to an older one.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Replays up to `up_to`, or up to the newest version. Returns the sink and its version.
pub fn replay<S: Sink>(log: &Log, listing: &Listing, up_to: Option<i64>) -> Result<(S, i64)> {
    let newest = listing
        .newest()
        .ok_or_else(|| Error::not_found(format!("{} holds no table", log.dir)))?;
    let target = up_to.unwrap_or(newest);
    let mut first_error = None;
    let usable = listing
        .checkpoints
        .iter()
        .rev()
        .filter(|c| c.version <= target)
        .map(Some);
    for start in usable.chain([None]) {
        match replay_from::<S>(log, listing, start, target) {
            Ok(sink) => return Ok((sink, target)),
            Err(error) if error.is_damage() && start.is_some() => {
                first_error.get_or_insert(error);
            }
            // The damage of the newest checkpoint says more than the hole that it leaves.
            Err(Error {
                code: Code::NotFound,
                message,
            }) => {
                return Err(match first_error {
                    Some(Error { message: first, .. }) => {
                        Error::corrupt(format!("{first}; {message}"))
                    }
                    None => Error::corrupt(message),
                });
            }
            Err(error) => return Err(error),
        }
    }
    Err(first_error.unwrap_or_else(|| Error::internal("replay without a start")))
}

fn replay_from<S: Sink>(
    log: &Log,
    listing: &Listing,
    start: Option<&Checkpoint>,
    target: i64,
) -> Result<S> {
    let first = start.map_or(0, |c| c.version + 1);
    if let Some(hole) = (first..=target).find(|v| !listing.commits.contains(v)) {
        let message = format!("cannot read {}: it does not exist", log.commit_path(hole));
        return Err(Error::not_found(message));
    }
    let mut sink = S::default();
    if let Some(checkpoint) = start {
        read_checkpoint(log, checkpoint, &mut sink)?;
        let damaged = |e: Error| Error::new(e.code, format!("{}: {e}", checkpoint.files[0]));
        sink.check().map_err(damaged)?;
    }
    for version in first..=target {
        let path = log.commit_path(version);
        let bytes = log.read_commit(version)?;
        parse_lines(&path, &bytes, S::FILES, |action| sink.action(action))?;
    }
    Ok(sink)
}
