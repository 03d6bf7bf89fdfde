//! Names: percent-encoding of `add.path`, partition folders and the files of `_delta_log`.

use crate::error::{Error, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

pub const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// What a URI path may hold literally; ':' is left out because it would look like a scheme.
const URI_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/')
    .remove(b'=')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'@');

/// What Hive, and so Spark, escapes in the name of a partition folder.
const FOLDER: &AsciiSet = &percent_encoding::CONTROLS
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'\'')
    .add(b'*')
    .add(b'/')
    .add(b':')
    .add(b'=')
    .add(b'?')
    .add(b'\\')
    .add(b'{')
    .add(b'[')
    .add(b']')
    .add(b'^');

pub fn encode(path: &str) -> String {
    utf8_percent_encode(path, URI_PATH).to_string()
}

pub fn decode(path: &str) -> Result<String> {
    percent_decode_str(path)
        .decode_utf8()
        .map(|p| p.into_owned())
        .map_err(|_| Error::corrupt(format!("cannot decode path {path}: not UTF-8")))
}

/// A file outside of the table folder (shallow clones), given as URI or absolute path.
pub fn is_absolute(decoded: &str) -> bool {
    decoded.starts_with('/') || decoded.contains("://") || decoded.starts_with("file:")
}

/// REQUIRES nothing of the caller: refuses what could leave the folder it is relative to.
pub fn check_relative(path: &str) -> Result<()> {
    let bad = path.is_empty()
        || path.contains('\0')
        || is_absolute(path)
        || path
            .split('/')
            .any(|part| part.is_empty() || part == "." || part == "..");
    match bad {
        true => Err(Error::invalid(format!(
            "not a relative path inside the lake: \"{path}\""
        ))),
        false => Ok(()),
    }
}

pub fn join(base: &str, name: &str) -> String {
    match base.is_empty() {
        true => name.to_string(),
        false => format!("{base}/{name}"),
    }
}

/// `a=1/b=x` for values in the order of the partition columns; empty without any.
pub fn partition_folder<'a>(values: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let escape = |s: &str| utf8_percent_encode(s, FOLDER).to_string();
    values
        .map(|(name, value)| match value {
            Some(value) if !value.is_empty() => format!("{}={}", escape(name), escape(value)),
            _ => format!("{}={NULL_PARTITION}", escape(name)),
        })
        .collect::<Vec<_>>()
        .join("/")
}

/// The value of one partition column in a Hive style path: `None` when the path does not have it.
pub fn partition_value(path: &str, column: &str) -> Option<Option<String>> {
    let folders = path.rsplit_once('/')?.0;
    for folder in folders.split('/') {
        let Some((name, value)) = folder.split_once('=') else {
            continue;
        };
        let unescape = |s: &str| {
            percent_decode_str(s)
                .decode_utf8()
                .map(|v| v.into_owned())
                .ok()
        };
        if unescape(name)? == column {
            return match value {
                NULL_PARTITION => Some(None),
                value => Some(Some(unescape(value)?)),
            };
        }
    }
    None
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogFile {
    Commit(i64),
    /// One file is the whole checkpoint (classic, or version 2 with a UUID).
    Checkpoint(i64),
    CheckpointPart {
        version: i64,
        part: u32,
        parts: u32,
    },
    /// Checksums and log compactions: not needed to read, cleaned up by version.
    Other(i64),
}

impl LogFile {
    pub fn version(&self) -> i64 {
        match self {
            LogFile::Commit(v) | LogFile::Checkpoint(v) | LogFile::Other(v) => *v,
            LogFile::CheckpointPart { version, .. } => *version,
        }
    }

    /// `name` is relative to `_delta_log`.
    pub fn parse(name: &str) -> Option<LogFile> {
        let (version, rest) = name.split_once('.')?;
        if version.len() != 20 || !version.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let version: i64 = version.parse().ok()?;
        if rest == "json" {
            return Some(LogFile::Commit(version));
        }
        let parts: Vec<&str> = rest.split('.').collect();
        match parts.as_slice() {
            ["checkpoint", "parquet"] => Some(LogFile::Checkpoint(version)),
            ["checkpoint", uuid, "parquet" | "json"] if uuid.len() == 36 => {
                Some(LogFile::Checkpoint(version))
            }
            ["checkpoint", part, parts, "parquet"] => Some(LogFile::CheckpointPart {
                version,
                part: part.parse().ok()?,
                parts: parts.parse().ok()?,
            }),
            ["crc"] => Some(LogFile::Other(version)),
            [_, "compacted", "json"] => Some(LogFile::Other(version)),
            _ => None,
        }
    }
}

pub fn commit_name(version: i64) -> String {
    format!("{version:020}.json")
}

pub fn checkpoint_name(version: i64) -> String {
    format!("{version:020}.checkpoint.parquet")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_survive_encoding() {
        for path in [
            "a b/c%d.parquet",
            "date=2021-06-15/x.parquet",
            "ü/#?.parquet",
            "t=a%3Ab/x",
        ] {
            assert_eq!(decode(&encode(path)).unwrap(), path);
        }
        assert_eq!(encode("a b/c:d%.parquet"), "a%20b/c%3Ad%25.parquet");
    }

    #[test]
    fn partition_folders_are_hive_style() {
        let folder = partition_folder([("date", Some("2021-06-15")), ("k", None)].into_iter());
        assert_eq!(folder, "date=2021-06-15/k=__HIVE_DEFAULT_PARTITION__");
        let folder = partition_folder([("t", Some("a:b/c"))].into_iter());
        assert_eq!(folder, "t=a%3Ab%2Fc");
        let path = format!("{folder}/x.parquet");
        assert_eq!(partition_value(&path, "t"), Some(Some("a:b/c".to_string())));
        assert_eq!(partition_value(&path, "u"), None);
        assert_eq!(
            partition_value("k=__HIVE_DEFAULT_PARTITION__/x", "k"),
            Some(None)
        );
    }

    #[test]
    fn log_names_are_recognised() {
        let v = "00000000000000000010";
        assert_eq!(
            LogFile::parse(&format!("{v}.json")),
            Some(LogFile::Commit(10))
        );
        assert_eq!(
            LogFile::parse(&format!("{v}.checkpoint.parquet")),
            Some(LogFile::Checkpoint(10))
        );
        assert_eq!(
            LogFile::parse(&format!("{v}.checkpoint.0000000001.0000000003.parquet")),
            Some(LogFile::CheckpointPart {
                version: 10,
                part: 1,
                parts: 3
            })
        );
        assert_eq!(
            LogFile::parse(&format!("{v}.crc")),
            Some(LogFile::Other(10))
        );
        assert_eq!(LogFile::parse("_last_checkpoint"), None);
        assert_eq!(LogFile::parse(&format!("{v}.json.tmp")), None);
    }

    #[test]
    fn paths_that_leave_the_lake_are_refused() {
        for path in ["", "/a", "a/../b", "s3://b/c", "a//b", "./a"] {
            assert!(check_relative(path).is_err(), "{path}");
        }
        assert!(check_relative("a/b=c/d.parquet").is_ok());
    }
}
