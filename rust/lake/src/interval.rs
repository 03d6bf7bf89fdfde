//! Durations of table properties, as Spark writes them: `interval 7 days`.

/// None when the text is not a duration.
pub fn parse_ms(text: &str) -> Option<i64> {
    let lower = text.trim().to_lowercase();
    let mut words = lower
        .strip_prefix("interval")
        .unwrap_or(&lower)
        .split_whitespace();
    let mut total: Option<i64> = None;
    while let Some(number) = words.next() {
        let number: i64 = number.parse().ok()?;
        let unit_ms = match words.next()?.trim_end_matches('s') {
            "millisecond" => 1,
            "second" => 1000,
            "minute" => 60 * 1000,
            "hour" => 3600 * 1000,
            "day" => 24 * 3600 * 1000,
            "week" => 7 * 24 * 3600 * 1000,
            _ => return None,
        };
        total = Some(
            total
                .unwrap_or(0)
                .checked_add(number.checked_mul(unit_ms)?)?,
        );
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read() {
        assert_eq!(parse_ms("interval 1 week"), Some(7 * 24 * 3600 * 1000));
        assert_eq!(parse_ms("interval 2 hours 30 minutes"), Some(9_000_000));
        assert_eq!(parse_ms("interval"), None);
        assert_eq!(parse_ms("interval 1 month"), None);
    }
}
