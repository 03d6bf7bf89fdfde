//! Statistics of an `add` action: rows, minima, maxima and nulls of chosen columns.

use crate::error::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, Datelike, NaiveDate};
use serde_json::{Map, Value, json};

/// Delta's convention for the length of text bounds.
const MAX_CHARS: usize = 32;

pub struct Stats {
    num_records: usize,
    columns: Vec<ColumnStats>,
}

struct ColumnStats {
    name: String,
    nulls: usize,
    bounds: Bounds,
}

enum Bounds {
    Integer(Option<(i64, i64)>),
    Date(Option<(i64, i64)>),
    Timestamp(Option<(i64, i64)>, bool),
    Float(Option<(f64, f64)>),
    Text(Option<(String, String)>),
    /// Types without an order here, and floats with a NaN, for which JSON has no number.
    None,
}

impl Stats {
    pub fn new(columns: &[String], schema: &arrow_schema::Schema) -> Stats {
        // A column that the batch leaves out is all null.
        let bounds = |name: &String| match schema.field_with_name(name) {
            Ok(field) => bounds(field.data_type()),
            Err(_) => Bounds::None,
        };
        let columns = columns
            .iter()
            .map(|name| ColumnStats {
                name: name.clone(),
                nulls: 0,
                bounds: bounds(name),
            })
            .collect();
        Stats {
            num_records: 0,
            columns,
        }
    }

    pub fn update(&mut self, batch: &RecordBatch) -> Result<()> {
        self.num_records += batch.num_rows();
        for column in &mut self.columns {
            let Some(array) = batch.column_by_name(&column.name) else {
                column.nulls += batch.num_rows();
                continue;
            };
            column.nulls += array.logical_null_count();
            column.bounds.update(array)?;
        }
        Ok(())
    }

    pub fn to_json(&self) -> String {
        let (mut min_values, mut max_values, mut nulls) = (Map::new(), Map::new(), Map::new());
        for column in &self.columns {
            nulls.insert(column.name.clone(), column.nulls.into());
            let (min, max) = column.bounds.to_json();
            min_values.extend(min.map(|v| (column.name.clone(), v)));
            max_values.extend(max.map(|v| (column.name.clone(), v)));
        }
        let mut stats = json!({ "numRecords": self.num_records });
        if !self.columns.is_empty() {
            stats["minValues"] = min_values.into();
            stats["maxValues"] = max_values.into();
            stats["nullCount"] = nulls.into();
        }
        stats.to_string()
    }
}

fn bounds(data_type: &DataType) -> Bounds {
    match data_type {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            Bounds::Integer(None)
        }
        DataType::Date32 => Bounds::Date(None),
        DataType::Timestamp(TimeUnit::Microsecond, zone) => Bounds::Timestamp(None, zone.is_some()),
        DataType::Float32 | DataType::Float64 => Bounds::Float(None),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Bounds::Text(None),
        DataType::Dictionary(_, value) => bounds(value),
        _ => Bounds::None,
    }
}

fn widen<T: PartialOrd + Clone>(known: &mut Option<(T, T)>, found: Option<(T, T)>) {
    let Some((min, max)) = found else { return };
    match known {
        None => *known = Some((min, max)),
        Some(known) => {
            if min < known.0 {
                known.0 = min;
            }
            if max > known.1 {
                known.1 = max;
            }
        }
    }
}

fn integers<T>(array: &ArrayRef) -> Option<(i64, i64)>
where
    T: ArrowPrimitiveType,
    T::Native: Into<i64> + Ord,
{
    let array: &PrimitiveArray<T> = array.as_primitive();
    if array.null_count() == 0 {
        let min = array.values().iter().min()?;
        let max = array.values().iter().max()?;
        return Some(((*min).into(), (*max).into()));
    }
    let min = array.iter().flatten().min()?;
    let max = array.iter().flatten().max()?;
    Some((min.into(), max.into()))
}

/// The bounds, and whether there is a NaN among the values.
fn floats<T>(array: &ArrayRef) -> (Option<(f64, f64)>, bool)
where
    T: ArrowPrimitiveType,
    T::Native: Into<f64>,
{
    let (mut min, mut max, mut nan) = (f64::INFINITY, f64::NEG_INFINITY, false);
    let mut any = false;
    let mut see = |v: f64| {
        any = true;
        nan |= v.is_nan();
        min = min.min(v);
        max = max.max(v);
    };
    let array: &PrimitiveArray<T> = array.as_primitive();
    match array.null_count() {
        0 => array.values().iter().for_each(|v| see((*v).into())),
        _ => array.iter().flatten().for_each(|v| see(v.into())),
    }
    (any.then_some((min, max)), nan)
}

fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> Option<(String, String)> {
    let mut found: Option<(&str, &str)> = None;
    for value in values.flatten() {
        widen(&mut found, Some((value, value)));
    }
    found.map(|(min, max)| (min.to_string(), max.to_string()))
}

/// The entries of a dictionary that some row refers to.
fn used_values(array: &ArrayRef) -> Result<ArrayRef> {
    let dictionary = array.as_any_dictionary();
    let (keys, values) = (dictionary.keys(), dictionary.values());
    let mut used = vec![false; values.len()];
    if !used.is_empty() {
        match keys.as_primitive_opt::<Int32Type>() {
            Some(keys) if keys.null_count() == 0 => {
                keys.values()
                    .iter()
                    .for_each(|key| used[*key as usize] = true);
            }
            _ => {
                for (row, key) in dictionary.normalized_keys().into_iter().enumerate() {
                    used[key] |= keys.is_valid(row);
                }
            }
        }
    }
    arrow_select::filter::filter(values, &used.into())
        .map_err(|e| Error::internal(format!("cannot filter a dictionary: {e}")))
}

impl Bounds {
    fn update(&mut self, array: &ArrayRef) -> Result<()> {
        if let DataType::Dictionary(_, _) = array.data_type() {
            return self.update(&used_values(array)?);
        }
        match self {
            Bounds::Integer(known) => widen(
                known,
                match array.data_type() {
                    DataType::Int8 => integers::<Int8Type>(array),
                    DataType::Int16 => integers::<Int16Type>(array),
                    DataType::Int32 => integers::<Int32Type>(array),
                    _ => integers::<Int64Type>(array),
                },
            ),
            Bounds::Date(known) => widen(known, integers::<Date32Type>(array)),
            Bounds::Timestamp(known, _) => {
                widen(known, integers::<TimestampMicrosecondType>(array))
            }
            Bounds::Float(known) => {
                let (found, nan) = match array.data_type() {
                    DataType::Float32 => floats::<Float32Type>(array),
                    _ => floats::<Float64Type>(array),
                };
                widen(known, found);
                if nan {
                    *self = Bounds::None;
                }
            }
            Bounds::Text(known) => widen(
                known,
                match array.data_type() {
                    DataType::Utf8 => texts(array.as_string::<i32>().iter()),
                    DataType::LargeUtf8 => texts(array.as_string::<i64>().iter()),
                    _ => texts(array.as_string_view().iter()),
                },
            ),
            Bounds::None => {}
        }
        Ok(())
    }

    fn to_json(&self) -> (Option<Value>, Option<Value>) {
        match self {
            Bounds::Integer(Some((min, max))) => (Some((*min).into()), Some((*max).into())),
            Bounds::Date(Some((min, max))) => (date(*min), date(*max)),
            Bounds::Timestamp(Some((min, max)), zoned) => {
                let up = max.checked_add(999).unwrap_or(*max);
                (timestamp(*min, *zoned), timestamp(up, *zoned))
            }
            Bounds::Float(Some((min, max))) => {
                // Readers may order -0.0 before 0.0, so the bound must hold both ways.
                let min = if *min == 0.0 { -0.0 } else { *min };
                let max = if *max == 0.0 { 0.0 } else { *max };
                let number = |v: f64| serde_json::Number::from_f64(v).map(Value::Number);
                (number(min), number(max))
            }
            Bounds::Text(Some((min, max))) => (
                Some(text_floor(min).into()),
                text_ceiling(max).map(Value::from),
            ),
            _ => (None, None),
        }
    }
}

fn date(days: i64) -> Option<Value> {
    let date = NaiveDate::default().checked_add_signed(chrono::TimeDelta::try_days(days)?)?;
    (0..=9999)
        .contains(&date.year())
        .then(|| date.format("%Y-%m-%d").to_string().into())
}

fn timestamp(micros: i64, zoned: bool) -> Option<Value> {
    let time = DateTime::from_timestamp_millis(micros.div_euclid(1000))?;
    let format = if zoned {
        "%Y-%m-%dT%H:%M:%S%.3fZ"
    } else {
        "%Y-%m-%dT%H:%M:%S%.3f"
    };
    (0..=9999)
        .contains(&time.year())
        .then(|| time.format(format).to_string().into())
}

fn text_floor(text: &str) -> String {
    text.chars().take(MAX_CHARS).collect()
}

/// The shortest text of at most `MAX_CHARS` characters that sorts after all with this prefix;
/// none when there is no such text.
fn text_ceiling(text: &str) -> Option<String> {
    let mut prefix: Vec<char> = text.chars().take(MAX_CHARS).collect();
    if text.chars().nth(MAX_CHARS).is_none() {
        return Some(text.to_string());
    }
    while let Some(last) = prefix.pop() {
        if let Some(next) = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32) {
            prefix.push(next);
            return Some(prefix.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{
        DictionaryArray, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
    };
    use std::sync::Arc;

    fn stats(array: ArrayRef) -> Value {
        let batch = RecordBatch::try_from_iter([("x", array)]).unwrap();
        let mut stats = Stats::new(&["x".to_string()], &batch.schema());
        stats.update(&batch).unwrap();
        serde_json::from_str(&stats.to_json()).unwrap()
    }

    fn check(array: ArrayRef, min: Value, max: Value, nulls: usize) {
        let stats = stats(array);
        let get = |kind: &str| stats[kind].get("x").cloned().unwrap_or(Value::Null);
        assert_eq!((get("minValues"), get("maxValues")), (min, max), "{stats}");
        assert_eq!(stats["nullCount"]["x"], nulls);
    }

    #[test]
    fn numbers_have_bounds_and_nan_takes_them_away() {
        check(
            Arc::new(Int64Array::from(vec![Some(3), None, Some(-1)])),
            json!(-1),
            json!(3),
            1,
        );
        check(
            Arc::new(Int64Array::from(vec![None::<i64>])),
            Value::Null,
            Value::Null,
            1,
        );
        check(
            Arc::new(Float64Array::from(vec![1.5, 0.0])),
            json!(-0.0),
            json!(1.5),
            0,
        );
        check(
            Arc::new(Float64Array::from(vec![1.5, f64::NAN])),
            Value::Null,
            Value::Null,
            0,
        );
        check(
            Arc::new(Float64Array::from(vec![1.0, f64::INFINITY])),
            json!(1.0),
            Value::Null,
            0,
        );
    }

    #[test]
    fn timestamps_are_rounded_outwards() {
        let array = TimestampMicrosecondArray::from(vec![1_001, 2_001]).with_timezone("UTC");
        let (min, max) = ("1970-01-01T00:00:00.001Z", "1970-01-01T00:00:00.003Z");
        check(Arc::new(array), json!(min), json!(max), 0);
        let array = TimestampMicrosecondArray::from(vec![-1]).with_timezone("UTC");
        let (min, max) = ("1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00.000Z");
        check(Arc::new(array), json!(min), json!(max), 0);
    }

    #[test]
    fn long_texts_are_cut_and_the_maximum_rounded_up() {
        let long = "z".repeat(40);
        let (min, max) = ("z".repeat(32), format!("{}{{", "z".repeat(31)));
        check(
            Arc::new(StringArray::from(vec![long.as_str()])),
            json!(min),
            json!(max),
            0,
        );
        let top = format!("a{}", char::MAX.to_string().repeat(40));
        assert_eq!(text_ceiling(&top).unwrap(), "b");
        assert_eq!(text_ceiling(&char::MAX.to_string().repeat(40)), None);
        let before_surrogates = format!("{}\u{D7FF}x", "a".repeat(31));
        assert_eq!(
            text_ceiling(&before_surrogates).unwrap(),
            format!("{}\u{E000}", "a".repeat(31))
        );
    }

    #[test]
    fn only_the_used_entries_of_a_dictionary_count() {
        let values = StringArray::from(vec!["a", "b", "z"]);
        let keys = arrow_array::Int32Array::from(vec![Some(1), None]);
        let array = DictionaryArray::new(keys, Arc::new(values));
        check(Arc::new(array), json!("b"), json!("b"), 1);
    }
}
