//! Partition values: text in the log, columns of one repeated value when read.

use crate::error::{Error, Result};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
    Int8Array, Int16Array, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
    new_null_array,
};
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use std::str::FromStr;
use std::sync::Arc;

/// `rows` times `value`; null and the empty string are null, as the protocol has it.
pub fn constant(
    column: &str,
    value: Option<&str>,
    data_type: &DataType,
    rows: usize,
) -> Result<ArrayRef> {
    let Some(text) = value.filter(|v| !v.is_empty()) else {
        return Ok(new_null_array(data_type, rows));
    };
    let bad = || {
        Error::corrupt(format!(
            "partition value {text} of column {column} is not a {data_type}"
        ))
    };
    Ok(match data_type {
        DataType::Utf8 => Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
            text, rows,
        ))),
        DataType::Binary => Arc::new(BinaryArray::from_iter_values(std::iter::repeat_n(
            text.as_bytes(),
            rows,
        ))),
        DataType::Int64 => Arc::new(Int64Array::from_value(parse(text).ok_or_else(bad)?, rows)),
        DataType::Int32 => Arc::new(Int32Array::from_value(parse(text).ok_or_else(bad)?, rows)),
        DataType::Int16 => Arc::new(Int16Array::from_value(parse(text).ok_or_else(bad)?, rows)),
        DataType::Int8 => Arc::new(Int8Array::from_value(parse(text).ok_or_else(bad)?, rows)),
        DataType::Float64 => Arc::new(Float64Array::from_value(parse(text).ok_or_else(bad)?, rows)),
        DataType::Float32 => Arc::new(Float32Array::from_value(parse(text).ok_or_else(bad)?, rows)),
        DataType::Boolean => {
            let value: bool = parse(text).ok_or_else(bad)?;
            Arc::new(BooleanArray::from_iter(std::iter::repeat_n(
                Some(value),
                rows,
            )))
        }
        DataType::Date32 => Arc::new(Date32Array::from_value(days(text).ok_or_else(bad)?, rows)),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let values = TimestampMicrosecondArray::from_value(micros(text).ok_or_else(bad)?, rows);
            Arc::new(values.with_data_type(data_type.clone()))
        }
        DataType::Decimal128(_, scale) => {
            let value = decimal(text, *scale).ok_or_else(bad)?;
            let values = Decimal128Array::from_value(value, rows);
            Arc::new(values.with_data_type(data_type.clone()))
        }
        _ => {
            return Err(Error::unsupported(format!(
                "partition column {column} is a {data_type}"
            )));
        }
    })
}

fn parse<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn days(text: &str) -> Option<i32> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

/// Spark's `2021-06-15 10:00:00.123456`, taken as UTC, or ISO 8601 with an offset.
fn micros(text: &str) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_micros());
    }
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok()?;
    Some(time.and_utc().timestamp_micros())
}

fn decimal(text: &str, scale: i8) -> Option<i128> {
    let scale = usize::try_from(scale).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > scale || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    format!("{whole}{fraction}{}", "0".repeat(scale - fraction.len()))
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_values() {
        assert_eq!(days("1970-01-02"), Some(1));
        assert_eq!(days("2021-06-15"), Some(18793));
        assert_eq!(micros("1970-01-01 00:00:01.5"), Some(1_500_000));
        assert_eq!(micros("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(decimal("-1.5", 2), Some(-150));
        assert_eq!(decimal("1.555", 2), None);
        assert!(constant("d", Some("x"), &DataType::Int64, 1).is_err());
        assert_eq!(
            constant("d", None, &DataType::Int64, 3)
                .unwrap()
                .null_count(),
            3
        );
    }
}
