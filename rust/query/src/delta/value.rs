//! Values that the log stores as text or JSON, as typed values.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use serde_json::Value;

use crate::error::{QueryError, Result};

/// Delta writes timestamps in statistics with milliseconds, rounded down; an upper bound has to
/// cover the microseconds that were cut off.
const CUT_OFF_MICROS: i64 = 999;

/// A partition value. The log writes null as an absent, null or empty string.
pub fn partition_value(text: Option<&str>, data_type: &DataType) -> Result<ScalarValue> {
    match text {
        None | Some("") => ScalarValue::try_from(data_type)
            .map_err(|error| QueryError::internal(error.to_string())),
        Some(text) => cast(ScalarValue::Utf8(Some(text.to_string())), data_type).ok_or_else(|| {
            QueryError::data(format!(
                "partition value {text:?} is not of type {data_type}"
            ))
        }),
    }
}

/// A lower bound of file statistics; `None` when it cannot be used for pruning.
pub fn min_value(json: &Value, data_type: &DataType) -> Option<ScalarValue> {
    let value = match (json, data_type) {
        (Value::String(text), DataType::Utf8View | DataType::Date32) => {
            ScalarValue::Utf8(Some(text.clone()))
        }
        (Value::String(text), DataType::Timestamp(TimeUnit::Microsecond, _)) => {
            ScalarValue::Utf8(Some(text.clone()))
        }
        (Value::Number(number), DataType::Float32 | DataType::Float64) => {
            ScalarValue::Float64(number.as_f64())
        }
        (Value::Number(number), data_type) if data_type.is_integer() => {
            ScalarValue::Int64(Some(number.as_i64()?))
        }
        _ => return None,
    };
    cast(value, data_type)
}

/// An upper bound of file statistics; `None` when it cannot be used for pruning.
pub fn max_value(json: &Value, data_type: &DataType) -> Option<ScalarValue> {
    match min_value(json, data_type)? {
        ScalarValue::TimestampMicrosecond(Some(micros), zone) => Some(
            ScalarValue::TimestampMicrosecond(micros.checked_add(CUT_OFF_MICROS), zone),
        ),
        value => Some(value),
    }
}

fn cast(value: ScalarValue, data_type: &DataType) -> Option<ScalarValue> {
    value
        .cast_to(data_type)
        .ok()
        .filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partition_values_take_the_column_type() {
        let f = |text, data_type: DataType, want: ScalarValue| {
            assert_eq!(partition_value(text, &data_type).unwrap(), want);
        };
        f(
            Some("2021-06-15"),
            DataType::Date32,
            ScalarValue::Date32(Some(18793)),
        );
        f(Some("7"), DataType::Int32, ScalarValue::Int32(Some(7)));
        f(
            Some("a"),
            DataType::Utf8View,
            ScalarValue::Utf8View(Some("a".into())),
        );
        f(
            Some("true"),
            DataType::Boolean,
            ScalarValue::Boolean(Some(true)),
        );
        f(Some(""), DataType::Date32, ScalarValue::Date32(None));
        f(None, DataType::Utf8View, ScalarValue::Utf8View(None));
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let second = ScalarValue::TimestampMicrosecond(Some(1_000_000), Some("UTC".into()));
        f(Some("1970-01-01 00:00:01"), utc.clone(), second.clone());
        f(Some("1970-01-01T00:00:01.000000Z"), utc, second);
        assert!(partition_value(Some("yesterday"), &DataType::Date32).is_err());
    }

    #[test]
    fn timestamp_upper_bound_covers_the_cut_off_microseconds() {
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let json = Value::String("1970-01-01T00:00:01.000Z".into());
        let micros = |value| ScalarValue::TimestampMicrosecond(Some(value), Some("UTC".into()));
        assert_eq!(min_value(&json, &utc), Some(micros(1_000_000)));
        assert_eq!(max_value(&json, &utc), Some(micros(1_000_999)));
    }

    #[test]
    fn unusable_statistics_are_no_bound() {
        assert_eq!(min_value(&Value::Null, &DataType::Int64), None);
        assert_eq!(min_value(&serde_json::json!("x"), &DataType::Int64), None);
        assert_eq!(min_value(&serde_json::json!(300), &DataType::Int8), None);
        assert_eq!(
            min_value(&serde_json::json!(1.5), &DataType::Decimal128(5, 2)),
            None
        );
        assert_eq!(
            min_value(&serde_json::json!({"a": 1}), &DataType::Int64),
            None
        );
    }
}
