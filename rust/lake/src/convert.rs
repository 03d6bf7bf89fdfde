//! Brings arrays to the type of the table: the few lossless casts that tables need.

use crate::error::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{Array, ArrayRef, BinaryArray, PrimitiveArray, StringArray, make_array};
use arrow_data::ArrayData;
use arrow_schema::{DataType, TimeUnit};
use std::sync::Arc;

pub fn to_type(array: &ArrayRef, target: &DataType) -> Result<ArrayRef> {
    let from = array.data_type();
    if from == target {
        return Ok(array.clone());
    }
    let converted = match (from, target) {
        (DataType::Dictionary(_, _), _) => {
            let dictionary = array.as_any_dictionary();
            let plain = arrow_select::take::take(dictionary.values(), dictionary.keys(), None)
                .map_err(|e| Error::corrupt(format!("cannot decode dictionary: {e}")))?;
            Some(to_type(&plain, target)?)
        }
        (_, DataType::Utf8) => to_text(array)?,
        (_, DataType::Binary) => to_binary(array),
        (DataType::Timestamp(unit, _), DataType::Timestamp(TimeUnit::Microsecond, _)) => {
            timestamp(array, *unit, target)?
        }
        (_, DataType::Int64) => widen::<Int64Type>(array),
        (_, DataType::Int32) => widen::<Int32Type>(array),
        (_, DataType::Int16) => widen::<Int16Type>(array),
        (DataType::Float32, DataType::Float64) => {
            let values = array.as_primitive::<Float32Type>();
            Some(Arc::new(values.unary::<_, Float64Type>(f64::from)) as ArrayRef)
        }
        _ => None,
    };
    let renamed = || retype(array.to_data(), target).map(make_array);
    converted
        .or_else(renamed)
        .ok_or_else(|| Error::unsupported(format!("cannot convert {from} to {target}")))
}

fn widen<To>(array: &ArrayRef) -> Option<ArrayRef>
where
    To: ArrowPrimitiveType,
    To::Native: From<i8> + From<u8> + TryFrom<i16> + TryFrom<i32> + TryFrom<u16> + TryFrom<u32>,
{
    fn go<From, To>(array: &ArrayRef) -> Option<ArrayRef>
    where
        From: ArrowPrimitiveType,
        To: ArrowPrimitiveType,
        To::Native: TryFrom<From::Native>,
    {
        let from_size = std::mem::size_of::<From::Native>();
        if from_size >= std::mem::size_of::<To::Native>() {
            return None;
        }
        let values = array.as_primitive::<From>();
        let wide: PrimitiveArray<To> = values
            .try_unary(|v| To::Native::try_from(v).map_err(|_| ()))
            .ok()?;
        Some(Arc::new(wide))
    }
    match array.data_type() {
        DataType::Int8 => go::<Int8Type, To>(array),
        DataType::UInt8 => go::<UInt8Type, To>(array),
        DataType::Int16 => go::<Int16Type, To>(array),
        DataType::UInt16 => go::<UInt16Type, To>(array),
        DataType::Int32 => go::<Int32Type, To>(array),
        DataType::UInt32 => go::<UInt32Type, To>(array),
        _ => None,
    }
}

fn timestamp(array: &ArrayRef, unit: TimeUnit, target: &DataType) -> Result<Option<ArrayRef>> {
    let overflow = |_| Error::unsupported("timestamp out of range");
    let scale = |v: i64, factor: i64| v.checked_mul(factor).ok_or(());
    let micros: PrimitiveArray<TimestampMicrosecondType> = match unit {
        TimeUnit::Second => array
            .as_primitive::<TimestampSecondType>()
            .try_unary(|v| scale(v, 1_000_000))
            .map_err(overflow)?,
        TimeUnit::Millisecond => array
            .as_primitive::<TimestampMillisecondType>()
            .try_unary(|v| scale(v, 1_000))
            .map_err(overflow)?,
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().clone(),
        TimeUnit::Nanosecond => array
            .as_primitive::<TimestampNanosecondType>()
            .unary(|v| v.div_euclid(1_000)),
    };
    Ok(Some(Arc::new(micros.with_data_type(target.clone()))))
}

fn to_text(array: &ArrayRef) -> Result<Option<ArrayRef>> {
    let text: StringArray = match array.data_type() {
        DataType::LargeUtf8 => array.as_string::<i64>().iter().collect(),
        DataType::Utf8View => array.as_string_view().iter().collect(),
        DataType::Binary => StringArray::try_from_binary(array.as_binary::<i32>().clone())
            .map_err(|e| Error::corrupt(format!("not text: {e}")))?,
        _ => return Ok(None),
    };
    Ok(Some(Arc::new(text)))
}

fn to_binary(array: &ArrayRef) -> Option<ArrayRef> {
    let binary: BinaryArray = match array.data_type() {
        DataType::LargeBinary => array.as_binary::<i64>().iter().collect(),
        DataType::BinaryView => array.as_binary_view().iter().collect(),
        DataType::FixedSizeBinary(_) => array.as_fixed_size_binary().iter().collect(),
        DataType::Utf8 => array
            .as_string::<i32>()
            .iter()
            .map(|v| v.map(str::as_bytes))
            .collect(),
        _ => return None,
    };
    Some(Arc::new(binary))
}

/// The same buffers under types that differ only in the names and flags of nested fields.
fn retype(data: ArrayData, target: &DataType) -> Option<ArrayData> {
    if data.data_type() == target {
        return Some(data);
    }
    let wanted: Vec<&DataType> = match (data.data_type(), target) {
        (DataType::List(_), DataType::List(to)) => vec![to.data_type()],
        (DataType::Map(_, _), DataType::Map(to, _)) => vec![to.data_type()],
        (DataType::Struct(from), DataType::Struct(to)) => {
            let same_names = from.iter().zip(to).all(|(a, b)| a.name() == b.name());
            let is_entry = from.len() == 2 && to[0].name() == "key";
            if from.len() != to.len() || !(same_names || is_entry) {
                return None;
            }
            to.iter().map(|f| f.data_type()).collect()
        }
        _ => return None,
    };
    let children: Option<Vec<ArrayData>> = data
        .child_data()
        .iter()
        .zip(wanted)
        .map(|(child, to)| retype(child.clone(), to))
        .collect();
    data.into_builder()
        .data_type(target.clone())
        .child_data(children?)
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::types::Int32Type as Key;
    use arrow_array::{DictionaryArray, Int32Array, TimestampNanosecondArray};

    #[test]
    fn dictionaries_become_plain_and_narrow_numbers_wide() {
        let dictionary: DictionaryArray<Key> =
            vec![Some("a"), None, Some("a")].into_iter().collect();
        let plain = to_type(&(Arc::new(dictionary) as ArrayRef), &DataType::Utf8).unwrap();
        assert_eq!(plain.as_string::<i32>().value(2), "a");
        assert!(plain.is_null(1));
        let narrow: ArrayRef = Arc::new(Int32Array::from(vec![1, -2]));
        let wide = to_type(&narrow, &DataType::Int64).unwrap();
        assert_eq!(wide.as_primitive::<Int64Type>().value(1), -2);
        assert!(to_type(&wide, &DataType::Int32).is_err());
        assert!(to_type(&narrow, &DataType::Float64).is_err());
    }

    #[test]
    fn timestamps_become_microseconds() {
        let target = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let nanos: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![-1, 1999]));
        let micros = to_type(&nanos, &target).unwrap();
        assert_eq!(micros.data_type(), &target);
        assert_eq!(
            micros.as_primitive::<TimestampMicrosecondType>().values(),
            &[-1, 1]
        );
    }
}
