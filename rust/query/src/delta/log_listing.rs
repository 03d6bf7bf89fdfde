//! Which commits and checkpoints a `_delta_log` folder holds, and how to combine them.

use std::collections::BTreeMap;

use crate::error::{QueryError, Result};
use crate::files::LakeFiles;

/// The names of a log folder, sorted by version.
#[derive(Debug, Default)]
pub struct LogListing {
    commits: BTreeMap<u64, String>,
    /// Every complete checkpoint as its list of files; one version may have several.
    checkpoints: BTreeMap<u64, Vec<Vec<String>>>,
}

/// One way to read the newest version: an optional checkpoint and the commits after it.
#[derive(Debug)]
pub struct Segment {
    pub checkpoint: Vec<String>,
    pub commits: Vec<String>,
}

impl LogListing {
    pub fn read(files: &dyn LakeFiles, log_dir: &str) -> Result<Self> {
        let fail = |error: std::io::Error| {
            QueryError::io(&format!("list {}", files.shown(log_dir)), &error)
        };
        let mut listing = Self::default();
        let mut parts: BTreeMap<(u64, u32), Vec<String>> = BTreeMap::new();
        for name in files.files(log_dir).map_err(fail)? {
            let path = format!("{log_dir}/{name}");
            match LogFile::parse(&name) {
                Some(LogFile::Commit(version)) => {
                    listing.commits.insert(version, path);
                }
                Some(LogFile::Checkpoint(version)) => {
                    listing
                        .checkpoints
                        .entry(version)
                        .or_default()
                        .push(vec![path]);
                }
                Some(LogFile::CheckpointPart { version, num_parts }) => {
                    parts.entry((version, num_parts)).or_default().push(path);
                }
                None => {}
            }
        }
        for ((version, num_parts), mut files) in parts {
            if files.len() == num_parts as usize {
                files.sort();
                listing.checkpoints.entry(version).or_default().push(files);
            }
        }
        Ok(listing)
    }

    /// The ways to read the newest version, cheapest first: from each checkpoint, newest first,
    /// and from the commits alone. Commits are gapless in every one of them.
    pub fn segments(&self) -> Result<Vec<Segment>> {
        let newest_commit = self.commits.last_key_value().map(|(version, _)| *version);
        let newest_checkpoint = self
            .checkpoints
            .last_key_value()
            .map(|(version, _)| *version);
        let Some(version) = newest_commit.max(newest_checkpoint) else {
            return Err(QueryError::data("_delta_log holds no commit"));
        };
        let mut missing = None;
        let mut segments = Vec::new();
        for (at, checkpoints) in self.checkpoints.iter().rev() {
            for checkpoint in checkpoints {
                match self.commits_between(at + 1, version) {
                    Ok(commits) => {
                        let checkpoint = checkpoint.clone();
                        segments.push(Segment {
                            checkpoint,
                            commits,
                        });
                    }
                    Err(error) => missing = missing.or(Some(error)),
                }
            }
        }
        match self.commits_between(0, version) {
            Ok(commits) => segments.push(Segment {
                checkpoint: Vec::new(),
                commits,
            }),
            Err(error) => missing = missing.or(Some(error)),
        }
        match missing {
            Some(error) if segments.is_empty() => Err(error),
            _ => Ok(segments),
        }
    }

    fn commits_between(&self, first: u64, last: u64) -> Result<Vec<String>> {
        (first..=last)
            .map(|version| {
                self.commits.get(&version).cloned().ok_or_else(|| {
                    QueryError::data(format!(
                        "log entry _delta_log/{version:020}.json is missing"
                    ))
                })
            })
            .collect()
    }
}

#[derive(Debug, PartialEq)]
enum LogFile {
    Commit(u64),
    Checkpoint(u64),
    CheckpointPart { version: u64, num_parts: u32 },
}

impl LogFile {
    /// `None` for everything else that lives in a log folder: checksums, compacted logs, staged
    /// commits, temporary files.
    fn parse(name: &str) -> Option<Self> {
        let (version, rest) = name.split_at_checked(20)?;
        if !version.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let version = version.parse().ok()?;
        let fields: Vec<&str> = rest.strip_prefix('.')?.split('.').collect();
        match fields.as_slice() {
            ["json"] => Some(Self::Commit(version)),
            ["checkpoint", "parquet"] => Some(Self::Checkpoint(version)),
            ["checkpoint", uuid, "parquet" | "json"] if uuid.len() == 36 => {
                Some(Self::Checkpoint(version))
            }
            ["checkpoint", _part, num_parts, "parquet"] => {
                let num_parts = num_parts.parse().ok()?;
                Some(Self::CheckpointPart { version, num_parts })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_log_folder_are_told_apart() {
        let f = |rest: &str| LogFile::parse(&format!("00000000000000000012{rest}"));
        assert_eq!(f(".json"), Some(LogFile::Commit(12)));
        assert_eq!(f(".checkpoint.parquet"), Some(LogFile::Checkpoint(12)));
        let uuid = "80a083e8-7026-4e79-81be-64bd76c43a11";
        assert_eq!(
            f(&format!(".checkpoint.{uuid}.json")),
            Some(LogFile::Checkpoint(12))
        );
        assert_eq!(
            f(".checkpoint.0000000002.0000000003.parquet"),
            Some(LogFile::CheckpointPart {
                version: 12,
                num_parts: 3
            })
        );
        for other in [
            ".crc",
            ".00000000000000000015.compacted.json",
            ".json.tmp",
            "",
        ] {
            assert_eq!(f(other), None, "{other}");
        }
        assert_eq!(LogFile::parse("_last_checkpoint"), None);
        assert_eq!(LogFile::parse("ééééééééééé.json"), None);
    }

    #[test]
    fn gap_after_every_checkpoint_names_the_missing_entry() {
        let mut listing = LogListing::default();
        for version in [0, 1, 3] {
            listing.commits.insert(version, format!("{version}"));
        }
        let error = listing.segments().unwrap_err();
        assert!(
            error
                .message
                .contains("00000000000000000002.json is missing"),
            "{error}"
        );

        listing.checkpoints.insert(2, vec![vec![String::from("c")]]);
        let segments = listing.segments().unwrap();
        assert_eq!(segments.len(), 1);
        assert_eq!(segments[0].commits, [String::from("3")]);
    }
}
