//! Between JSON and Arrow: how checkpoint rows become actions, and actions rows.

use crate::error::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Int32Array, Int64Array, ListArray, MapArray, StringArray,
    StructArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use serde_json::{Map, Value};
use std::sync::Arc;

pub fn row_to_json(array: &ArrayRef, row: usize) -> Result<Value> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).into(),
        DataType::Boolean => array.as_boolean().value(row).into(),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::Float32 => array.as_primitive::<Float32Type>().value(row).into(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).into(),
        DataType::Date32 => array.as_primitive::<Date32Type>().value(row).into(),
        DataType::Timestamp(TimeUnit::Microsecond, _) => array
            .as_primitive::<TimestampMicrosecondType>()
            .value(row)
            .into(),
        DataType::Timestamp(TimeUnit::Millisecond, _) => array
            .as_primitive::<TimestampMillisecondType>()
            .value(row)
            .into(),
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            let mut object = Map::new();
            for (field, column) in fields.iter().zip(columns) {
                if column.is_valid(row) {
                    object.insert(field.name().clone(), row_to_json(column, row)?);
                }
            }
            Value::Object(object)
        }
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            let items: Result<Vec<Value>> =
                (0..items.len()).map(|i| row_to_json(&items, i)).collect();
            Value::Array(items?)
        }
        DataType::Map(_, _) => {
            let entries = array.as_map().value(row);
            let mut object = Map::new();
            for i in 0..entries.len() {
                let key = row_to_json(entries.column(0), i)?;
                let key = key
                    .as_str()
                    .ok_or_else(|| Error::corrupt("map key is not a string"))?;
                object.insert(key.to_string(), row_to_json(entries.column(1), i)?);
            }
            Value::Object(object)
        }
        other => return Err(Error::corrupt(format!("unexpected type {other}"))),
    })
}

/// The inverse for the types that checkpoints are made of; absent fields are null.
pub fn json_to_array(values: &[Option<&Value>], data_type: &DataType) -> Result<ArrayRef> {
    Ok(match data_type {
        DataType::Utf8 => Arc::new(
            values
                .iter()
                .map(|v| v.and_then(Value::as_str))
                .collect::<StringArray>(),
        ),
        DataType::Int64 => Arc::new(
            values
                .iter()
                .map(|v| v.and_then(Value::as_i64))
                .collect::<Int64Array>(),
        ),
        DataType::Int32 => {
            let narrow = |v: &Option<&Value>| {
                v.and_then(Value::as_i64)
                    .and_then(|v| i32::try_from(v).ok())
            };
            Arc::new(values.iter().map(narrow).collect::<Int32Array>())
        }
        DataType::Boolean => Arc::new(
            values
                .iter()
                .map(|v| v.and_then(Value::as_bool))
                .collect::<BooleanArray>(),
        ),
        DataType::Struct(fields) => struct_array(values, fields)?,
        DataType::List(field) => list_array(values, field)?,
        DataType::Map(field, _) => map_array(values, field)?,
        other => return Err(Error::internal(format!("no JSON conversion to {other}"))),
    })
}

fn struct_array(values: &[Option<&Value>], fields: &Fields) -> Result<ArrayRef> {
    let mut columns = Vec::with_capacity(fields.len());
    for field in fields {
        let children: Vec<Option<&Value>> = values
            .iter()
            .map(|v| v.and_then(|v| v.get(field.name())))
            .collect();
        columns.push(json_to_array(&children, field.data_type())?);
    }
    let nulls: NullBuffer = values
        .iter()
        .map(|v| v.is_some_and(Value::is_object))
        .collect();
    StructArray::try_new(fields.clone(), columns, Some(nulls))
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(build_error)
}

fn list_array(values: &[Option<&Value>], field: &Arc<Field>) -> Result<ArrayRef> {
    let lists: Vec<Option<&Vec<Value>>> =
        values.iter().map(|v| v.and_then(Value::as_array)).collect();
    let items: Vec<Option<&Value>> = lists
        .iter()
        .flatten()
        .flat_map(|list| list.iter().map(Some))
        .collect();
    let offsets = OffsetBuffer::from_lengths(lists.iter().map(|l| l.map_or(0, Vec::len)));
    let nulls: NullBuffer = lists.iter().map(Option::is_some).collect();
    let items = json_to_array(&items, field.data_type())?;
    ListArray::try_new(field.clone(), offsets, items, Some(nulls))
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(build_error)
}

fn map_array(values: &[Option<&Value>], field: &Arc<Field>) -> Result<ArrayRef> {
    let DataType::Struct(entry_fields) = field.data_type() else {
        return Err(Error::internal("map without entries"));
    };
    let maps: Vec<Option<&Map<String, Value>>> = values
        .iter()
        .map(|v| v.and_then(Value::as_object))
        .collect();
    let keys: StringArray = maps
        .iter()
        .flatten()
        .flat_map(|map| map.keys().map(|k| Some(k.as_str())))
        .collect();
    let items: Vec<Option<&Value>> = maps
        .iter()
        .flatten()
        .flat_map(|map| map.values().map(Some))
        .collect();
    let items = json_to_array(&items, entry_fields[1].data_type())?;
    let offsets = OffsetBuffer::from_lengths(maps.iter().map(|m| m.map_or(0, Map::len)));
    let nulls: NullBuffer = maps.iter().map(Option::is_some).collect();
    let entries = StructArray::try_new(entry_fields.clone(), vec![Arc::new(keys), items], None)
        .map_err(build_error)?;
    MapArray::try_new(field.clone(), offsets, entries, Some(nulls), false)
        .map(|array| Arc::new(array) as ArrayRef)
        .map_err(build_error)
}

fn build_error(error: arrow_schema::ArrowError) -> Error {
    Error::internal(format!("cannot build checkpoint rows: {error}"))
}
