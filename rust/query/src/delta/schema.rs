//! Delta's JSON schema as an Arrow schema.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, TimeUnit};
use serde::Deserialize;

use crate::error::{QueryError, Result};

#[derive(Deserialize)]
struct StructType {
    fields: Vec<StructField>,
}

#[derive(Deserialize)]
struct StructField {
    name: String,
    #[serde(rename = "type")]
    data_type: DeltaType,
    nullable: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum DeltaType {
    Primitive(String),
    Nested(Box<NestedType>),
}

#[derive(Deserialize)]
#[serde(
    tag = "type",
    rename_all = "lowercase",
    rename_all_fields = "camelCase"
)]
enum NestedType {
    Struct {
        fields: Vec<StructField>,
    },
    Array {
        element_type: DeltaType,
    },
    Map {
        key_type: DeltaType,
        value_type: DeltaType,
    },
}

/// All columns in the order of the table. Strings are views, because that is the layout in which
/// the Parquet reader avoids copies.
pub fn arrow_schema(schema_string: &str) -> Result<Schema> {
    let schema: StructType = serde_json::from_str(schema_string)
        .map_err(|error| QueryError::data(format!("the table's schema is damaged: {error}")))?;
    let fields: Result<Vec<Field>> = schema
        .fields
        .into_iter()
        .map(|field| {
            let data_type = arrow_type(&field.name, field.data_type)?;
            Ok(Field::new(field.name, data_type, field.nullable))
        })
        .collect();
    Ok(Schema::new(fields?))
}

fn arrow_type(column: &str, delta_type: DeltaType) -> Result<DataType> {
    let nested = match delta_type {
        DeltaType::Primitive(name) => {
            return primitive_type(&name).ok_or_else(|| {
                QueryError::data(format!(
                    "column {column} has type {name}, which is not supported"
                ))
            });
        }
        DeltaType::Nested(nested) => *nested,
    };
    // Nested fields are nullable whatever the schema says: files of other writers differ in it.
    let field = |name: &str, delta_type| {
        Ok::<_, QueryError>(Arc::new(Field::new(
            name,
            arrow_type(column, delta_type)?,
            true,
        )))
    };
    Ok(match nested {
        NestedType::Struct { fields } => {
            let fields: Result<Vec<_>> = fields
                .into_iter()
                .map(|f| field(&f.name, f.data_type))
                .collect();
            DataType::Struct(Fields::from(fields?))
        }
        NestedType::Array { element_type } => DataType::List(field("element", element_type)?),
        NestedType::Map {
            key_type,
            value_type,
        } => {
            let key = Arc::new(Field::new("key", arrow_type(column, key_type)?, false));
            let entry = Fields::from(vec![key, field("value", value_type)?]);
            let entries = Field::new("key_value", DataType::Struct(entry), false);
            DataType::Map(Arc::new(entries), false)
        }
    })
}

fn primitive_type(name: &str) -> Option<DataType> {
    Some(match name {
        "string" => DataType::Utf8View,
        "binary" => DataType::BinaryView,
        "boolean" => DataType::Boolean,
        "byte" => DataType::Int8,
        "short" => DataType::Int16,
        "integer" => DataType::Int32,
        "long" => DataType::Int64,
        "float" => DataType::Float32,
        "double" => DataType::Float64,
        "date" => DataType::Date32,
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        "timestamp_ntz" => DataType::Timestamp(TimeUnit::Microsecond, None),
        _ => return decimal_type(name),
    })
}

fn decimal_type(name: &str) -> Option<DataType> {
    let arguments = name.strip_prefix("decimal(")?.strip_suffix(')')?;
    let (precision, scale) = arguments.split_once(',')?;
    let precision: u8 = precision.trim().parse().ok()?;
    let scale: i8 = scale.trim().parse().ok()?;
    (precision <= 38).then_some(DataType::Decimal128(precision, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_of(json: &str) -> Result<DataType> {
        let schema = format!(
            r#"{{"type":"struct","fields":[{{"name":"c","type":{json},"nullable":true,
            "metadata":{{}}}}]}}"#
        );
        Ok(arrow_schema(&schema)?.field(0).data_type().clone())
    }

    #[test]
    fn delta_types_have_an_arrow_type() {
        assert_eq!(type_of(r#""long""#).unwrap(), DataType::Int64);
        assert_eq!(
            type_of(r#""decimal(10, 2)""#).unwrap(),
            DataType::Decimal128(10, 2)
        );
        let list = type_of(r#"{"type":"array","elementType":"double","containsNull":false}"#);
        let element = Arc::new(Field::new("element", DataType::Float64, true));
        assert_eq!(list.unwrap(), DataType::List(element));
        let map =
            r#"{"type":"map","keyType":"string","valueType":"long","valueContainsNull":true}"#;
        assert!(matches!(type_of(map).unwrap(), DataType::Map(_, false)));
    }

    #[test]
    fn unknown_type_names_column_and_type() {
        let error = type_of(r#""variant""#).unwrap_err();
        assert_eq!(
            error.message,
            "column c has type variant, which is not supported"
        );
        assert!(type_of("7").is_err());
    }
}
