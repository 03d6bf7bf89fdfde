//! Sizes and durations as people write them.

use std::time::Duration;

use crate::error::{QueryError, Result};

const BYTE_UNITS: [(&str, u64); 8] = [
    ("", 1),
    ("B", 1),
    ("KB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
];

const MILLISECOND_UNITS: [(&str, u64); 5] = [
    ("", 1_000),
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
];

pub fn parse_bytes(text: &str) -> Result<u64> {
    parse(text, &BYTE_UNITS).ok_or_else(|| QueryError::usage("expected a size such as 512MiB"))
}

/// A number without a unit is seconds.
pub fn parse_duration(text: &str) -> Result<Duration> {
    parse(text, &MILLISECOND_UNITS)
        .map(Duration::from_millis)
        .ok_or_else(|| QueryError::usage("expected a duration such as 500ms, 60s or 5m"))
}

fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (_, factor) = units
        .iter()
        .find(|(name, _)| unit.trim().eq_ignore_ascii_case(name))?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_understood() {
        assert_eq!(parse_bytes("512MiB").unwrap(), 512 << 20);
        assert_eq!(parse_bytes("1 kb").unwrap(), 1000);
        assert_eq!(parse_bytes("7").unwrap(), 7);
        assert_eq!(parse_duration("500ms").unwrap(), Duration::from_millis(500));
        assert_eq!(parse_duration("2m").unwrap(), Duration::from_secs(120));
        assert_eq!(parse_duration("3").unwrap(), Duration::from_secs(3));
        for wrong in [
            "",
            "-1",
            "1.5GiB",
            "MiB",
            "99999999999999999999",
            "9999999999999GiB",
        ] {
            assert!(parse_bytes(wrong).is_err(), "{wrong}");
        }
    }
}
