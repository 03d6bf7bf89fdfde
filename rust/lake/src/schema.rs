//! Delta schemas: their JSON, the Arrow types they stand for, and how they may change.

use crate::error::{Error, Result};
use arrow_schema::{DataType, Field, Fields, SchemaRef, TimeUnit};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct SchemaField {
    pub name: String,
    #[serde(rename = "type")]
    pub data_type: Value,
    pub nullable: bool,
    #[serde(default)]
    pub metadata: Map<String, Value>,
}

#[derive(Clone, Debug)]
pub struct Schema {
    pub fields: Vec<SchemaField>,
    pub arrow: SchemaRef,
}

#[derive(Serialize, Deserialize)]
struct Struct {
    #[serde(rename = "type")]
    kind: String,
    fields: Vec<SchemaField>,
}

impl Schema {
    pub fn parse(json: &str) -> Result<Schema> {
        let parsed: Struct = serde_json::from_str(json)
            .map_err(|e| Error::corrupt(format!("cannot read table schema: {e}")))?;
        if parsed.kind != "struct" {
            return Err(Error::corrupt("cannot read table schema: not a struct"));
        }
        Schema::new(parsed.fields)
    }

    pub fn new(fields: Vec<SchemaField>) -> Result<Schema> {
        let arrow = fields.iter().map(arrow_field).collect::<Result<Vec<_>>>()?;
        let mut names: Vec<String> = fields.iter().map(|f| f.name.to_lowercase()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::invalid(format!("column {} appears twice", pair[0])));
        }
        Ok(Schema {
            fields,
            arrow: Arc::new(arrow_schema::Schema::new(arrow)),
        })
    }

    pub fn to_json(&self) -> Result<String> {
        let all = Struct {
            kind: "struct".to_string(),
            fields: self.fields.clone(),
        };
        serde_json::to_string(&all)
            .map_err(|e| Error::internal(format!("cannot write schema: {e}")))
    }

    pub fn field(&self, name: &str) -> Option<&SchemaField> {
        self.fields.iter().find(|f| f.name == name)
    }

    pub fn arrow_type(&self, name: &str) -> Option<&DataType> {
        self.arrow.field_with_name(name).ok().map(|f| f.data_type())
    }

    /// Appends nullable columns; a column that exists with the same type is left as it is.
    pub fn with_columns(&self, added: &[SchemaField]) -> Result<Schema> {
        let mut fields = self.fields.clone();
        for field in added {
            match fields.iter().find(|f| f.name == field.name) {
                Some(old) if old.data_type == field.data_type => {}
                Some(old) => {
                    return Err(Error::conflict(format!(
                        "cannot add column {}: it exists with type {}",
                        field.name, old.data_type
                    )));
                }
                None if !field.nullable => {
                    let message = format!("cannot add column {}: it must be nullable", field.name);
                    return Err(Error::invalid(message));
                }
                None => fields.push(field.clone()),
            }
        }
        Schema::new(fields)
    }

    /// `Ok` when rows written for `self` can be appended to a table with schema `newer`.
    pub fn check_still_fits(&self, newer: &Schema) -> Result<()> {
        for field in &self.fields {
            let name = &field.name;
            match newer.field(name) {
                None => return Err(Error::conflict(format!("column {name} was dropped"))),
                Some(new) if new.data_type != field.data_type => {
                    let (from, to) = (&field.data_type, &new.data_type);
                    let message = format!("column {name} changed its type from {from} to {to}");
                    return Err(Error::conflict(message));
                }
                Some(new) if field.nullable && !new.nullable => {
                    return Err(Error::conflict(format!("column {name} became NOT NULL")));
                }
                Some(_) => {}
            }
        }
        let ours = |name: &str| self.field(name).is_some();
        match newer.fields.iter().find(|f| !f.nullable && !ours(&f.name)) {
            Some(f) => Err(Error::conflict(format!(
                "column {} was added as NOT NULL",
                f.name
            ))),
            None => Ok(()),
        }
    }
}

fn arrow_field(field: &SchemaField) -> Result<Field> {
    let data_type = arrow_type(&field.data_type)
        .map_err(|e| Error::new(e.code, format!("column {}: {}", field.name, e.message)))?;
    Ok(Field::new(&field.name, data_type, field.nullable))
}

pub fn arrow_type(json: &Value) -> Result<DataType> {
    match json {
        Value::String(name) => primitive(name),
        Value::Object(object) => nested(object),
        other => Err(Error::corrupt(format!("cannot read type {other}"))),
    }
}

fn primitive(name: &str) -> Result<DataType> {
    Ok(match name {
        "string" => DataType::Utf8,
        "long" => DataType::Int64,
        "integer" => DataType::Int32,
        "short" => DataType::Int16,
        "byte" => DataType::Int8,
        "float" => DataType::Float32,
        "double" => DataType::Float64,
        "boolean" => DataType::Boolean,
        "binary" => DataType::Binary,
        "date" => DataType::Date32,
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        "timestamp_ntz" => DataType::Timestamp(TimeUnit::Microsecond, None),
        _ => match decimal(name) {
            Some((precision, scale)) => DataType::Decimal128(precision, scale),
            None => return Err(Error::unsupported(format!("type {name} is not supported"))),
        },
    })
}

fn decimal(name: &str) -> Option<(u8, i8)> {
    let inner = name.strip_prefix("decimal(")?.strip_suffix(')')?;
    let (precision, scale) = inner.split_once(',')?;
    let (precision, scale): (u8, i8) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
    let valid = (1..=38).contains(&precision) && scale >= 0 && scale.unsigned_abs() <= precision;
    valid.then_some((precision, scale))
}

fn nested(object: &Map<String, Value>) -> Result<DataType> {
    let get = |key: &str| {
        object
            .get(key)
            .ok_or_else(|| Error::corrupt(format!("nested type without {key}")))
    };
    let flag = |key: &str| object.get(key).and_then(Value::as_bool).unwrap_or(true);
    match get("type")?.as_str() {
        Some("struct") => {
            let fields: Vec<SchemaField> = serde_json::from_value(get("fields")?.clone())
                .map_err(|e| Error::corrupt(format!("cannot read struct type: {e}")))?;
            let fields = fields.iter().map(arrow_field).collect::<Result<Fields>>()?;
            Ok(DataType::Struct(fields))
        }
        Some("array") => {
            let element = arrow_type(get("elementType")?)?;
            let field = Field::new("element", element, flag("containsNull"));
            Ok(DataType::List(Arc::new(field)))
        }
        Some("map") => {
            let key = Field::new("key", arrow_type(get("keyType")?)?, false);
            let value = arrow_type(get("valueType")?)?;
            let value = Field::new("value", value, flag("valueContainsNull"));
            let entries = DataType::Struct(vec![key, value].into());
            Ok(DataType::Map(
                Arc::new(Field::new("key_value", entries, false)),
                false,
            ))
        }
        _ => Err(Error::unsupported(format!(
            "type {} is not supported",
            get("type")?
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn schema(fields: &str) -> Schema {
        Schema::parse(&format!("{{\"type\":\"struct\",\"fields\":[{fields}]}}")).unwrap()
    }

    fn field(name: &str, data_type: &str, nullable: bool) -> String {
        format!(r#"{{"name":"{name}","type":{data_type},"nullable":{nullable},"metadata":{{}}}}"#)
    }

    #[test]
    fn types_map_to_arrow() {
        let map =
            r#"{"type":"map","keyType":"string","valueType":"double","valueContainsNull":true}"#;
        let array = r#"{"type":"array","elementType":"decimal(10,2)","containsNull":true}"#;
        let all = [
            field("m", map, true),
            field("a", array, true),
            field("t", "\"timestamp\"", false),
        ];
        let schema = schema(&all.join(","));
        assert!(matches!(
            schema.arrow_type("m"),
            Some(DataType::Map(_, false))
        ));
        assert!(matches!(schema.arrow_type("a"), Some(DataType::List(_))));
        assert!(arrow_type(&Value::from("variant")).is_err());
        assert!(arrow_type(&Value::from("decimal(50,2)")).is_err());
    }

    #[test]
    fn only_compatible_changes_fit() {
        let old = schema(&[field("a", "\"long\"", true), field("b", "\"string\"", true)].join(","));
        let check = |fields: &[String]| old.check_still_fits(&schema(&fields.join(",")));
        let (a, b) = (field("a", "\"long\"", true), field("b", "\"string\"", true));
        assert!(check(&[b.clone(), field("c", "\"date\"", true), a.clone()]).is_ok());
        assert!(check(std::slice::from_ref(&a)).is_err());
        assert!(check(&[field("a", "\"double\"", true), b.clone()]).is_err());
        assert!(check(&[field("a", "\"long\"", false), b.clone()]).is_err());
        assert!(check(&[a, b, field("c", "\"date\"", false)]).is_err());
    }

    #[test]
    fn added_columns_are_nullable_and_new() {
        let old = schema(&field("a", "\"long\"", true));
        let parse = |text: String| serde_json::from_str::<SchemaField>(&text).unwrap();
        let added = [
            parse(field("b", "\"double\"", true)),
            parse(field("a", "\"long\"", true)),
        ];
        assert_eq!(old.with_columns(&added).unwrap().fields.len(), 2);
        let code = |f: SchemaField| old.with_columns(&[f]).unwrap_err().code;
        assert_eq!(code(parse(field("b", "\"double\"", false))), Code::Invalid);
        assert_eq!(code(parse(field("a", "\"double\"", true))), Code::Conflict);
        assert_eq!(code(parse(field("A", "\"double\"", true))), Code::Invalid);
    }
}
