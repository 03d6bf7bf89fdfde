//! Which tables this library reads and writes: the features of the Delta protocol.

use crate::action::{Metadata, Protocol};
use crate::error::{Error, Result};
use crate::schema::{Schema, SchemaField};

/// Features that are safe to read once `check_use` has looked at how the table uses them.
const READ: &[&str] = &[
    "columnMapping",
    "deletionVectors",
    "timestampNtz",
    "v2Checkpoint",
    "vacuumProtocolCheck",
];

/// Features that are safe to append under, with the same proviso.
const WRITE: &[&str] = &[
    "allowColumnDefaults",
    "appendOnly",
    "changeDataFeed",
    "checkConstraints",
    "columnMapping",
    "deletionVectors",
    "domainMetadata",
    "generatedColumns",
    "identityColumns",
    "invariants",
    "timestampNtz",
    "v2Checkpoint",
    "vacuumProtocolCheck",
];

const MAX_READER: i32 = 3;
const MAX_WRITER: i32 = 7;

impl Protocol {
    /// The protocol of tables that avocet creates.
    pub fn created() -> Protocol {
        Protocol {
            min_reader_version: 1,
            min_writer_version: 2,
            ..Protocol::default()
        }
    }

    pub fn has_feature(&self, name: &str) -> bool {
        let has = |list: &Option<Vec<String>>| list.iter().flatten().any(|f| f == name);
        has(&self.reader_features) || has(&self.writer_features)
    }
}

/// `AV_UNSUPPORTED`, with the name of the feature, for a table that cannot be read rightly.
pub fn check_read(protocol: &Protocol, metadata: &Metadata) -> Result<()> {
    if protocol.min_reader_version > MAX_READER {
        let message = format!(
            "reader version {} is not supported",
            protocol.min_reader_version
        );
        return Err(Error::unsupported(message));
    }
    if protocol.min_reader_version == 3 {
        let features = protocol.reader_features.iter().flatten();
        check_listed(features, READ, "reader")?;
    }
    if metadata.format.provider != "parquet" {
        let message = format!("data format {} is not supported", metadata.format.provider);
        return Err(Error::unsupported(message));
    }
    let mapping = config(metadata, "delta.columnMapping.mode").unwrap_or("none");
    match mapping {
        "none" => Ok(()),
        mode => Err(Error::unsupported(format!(
            "feature columnMapping (mode {mode})"
        ))),
    }
}

/// `AV_UNSUPPORTED`, with the name of the feature, for a table that cannot be written rightly.
pub fn check_write(protocol: &Protocol, metadata: &Metadata, schema: &Schema) -> Result<()> {
    check_read(protocol, metadata)?;
    if protocol.min_writer_version > MAX_WRITER {
        let message = format!(
            "writer version {} is not supported",
            protocol.min_writer_version
        );
        return Err(Error::unsupported(message));
    }
    if protocol.min_writer_version == 7 {
        let features = protocol.writer_features.iter().flatten();
        check_listed(features, WRITE, "writer")?;
    }
    check_use(metadata, schema)
}

fn check_listed<'a>(
    features: impl Iterator<Item = &'a String>,
    known: &[&str],
    side: &str,
) -> Result<()> {
    let unknown: Vec<&str> = features
        .map(String::as_str)
        .filter(|f| !known.contains(f))
        .collect();
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(Error::unsupported(format!(
            "{side} feature {}",
            unknown.join(", ")
        ))),
    }
}

/// Features that demand work of the writer only when the table makes use of them.
fn check_use(metadata: &Metadata, schema: &Schema) -> Result<()> {
    let refuse = |feature: &str, what: &str| {
        Err(Error::unsupported(format!(
            "writer feature {feature}, used by {what}"
        )))
    };
    if let Some(key) = metadata
        .configuration
        .keys()
        .find(|k| k.starts_with("delta.constraints."))
    {
        return refuse("checkConstraints", key);
    }
    for key in ["delta.enableRowTracking", "delta.enableInCommitTimestamps"] {
        if config(metadata, key) == Some("true") {
            return refuse(key.trim_start_matches("delta.enable"), key);
        }
    }
    for (key, feature) in [
        ("delta.invariants", "invariants"),
        ("delta.generationExpression", "generatedColumns"),
        ("delta.identity.start", "identityColumns"),
        ("CURRENT_DEFAULT", "allowColumnDefaults"),
    ] {
        let uses = |f: &&SchemaField| f.metadata.contains_key(key);
        if let Some(field) = schema.fields.iter().find(uses) {
            return refuse(feature, &format!("column {}", field.name));
        }
    }
    Ok(())
}

/// `AV_UNSUPPORTED` when `metadata` asks for more than reader 1 and writer 2 promise.
pub fn check_created(metadata: &Metadata, schema: &Schema) -> Result<()> {
    for key in [
        "delta.enableChangeDataFeed",
        "delta.enableDeletionVectors",
        "delta.enableRowTracking",
        "delta.enableInCommitTimestamps",
        "delta.enableTypeWidening",
        "delta.enableIcebergCompatV1",
        "delta.enableIcebergCompatV2",
    ] {
        if config(metadata, key) == Some("true") {
            return Err(Error::unsupported(format!(
                "cannot create a table with {key}"
            )));
        }
    }
    if config(metadata, "delta.checkpointPolicy").is_some_and(|policy| policy != "classic") {
        return Err(Error::unsupported(
            "cannot create a table with delta.checkpointPolicy",
        ));
    }
    if schema
        .fields
        .iter()
        .any(|f| f.data_type.to_string().contains("timestamp_ntz"))
    {
        return Err(Error::unsupported(
            "cannot create a table with a timestamp_ntz column",
        ));
    }
    check_write(&Protocol::created(), metadata, schema)
}

pub fn config<'a>(metadata: &'a Metadata, key: &str) -> Option<&'a str> {
    metadata.configuration.get(key).and_then(|v| v.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table_features(reader: &[&str], writer: &[&str]) -> Protocol {
        let own = |list: &[&str]| Some(list.iter().map(|s| s.to_string()).collect());
        Protocol {
            min_reader_version: 3,
            min_writer_version: 7,
            reader_features: own(reader),
            writer_features: own(writer),
        }
    }

    fn empty_schema() -> Schema {
        Schema::new(vec![]).unwrap()
    }

    #[test]
    fn known_features_pass_and_unknown_ones_are_named() {
        let (metadata, schema) = (Metadata::default(), empty_schema());
        let dv = ["deletionVectors", "v2Checkpoint"];
        assert!(check_write(&table_features(&dv, &dv), &metadata, &schema).is_ok());
        let error = check_write(&table_features(&[], &["rowTracking"]), &metadata, &schema);
        assert!(error.unwrap_err().message.contains("rowTracking"));
        let error = check_read(&table_features(&["variantType"], &[]), &metadata);
        assert!(error.unwrap_err().message.contains("variantType"));
    }

    #[test]
    fn features_in_use_are_refused() {
        let mut metadata = Metadata::default();
        let put = |m: &mut Metadata, k: &str, v: &str| {
            m.configuration.insert(k.to_string(), Some(v.to_string()));
        };
        put(&mut metadata, "delta.constraints.positive", "x > 0");
        assert!(check_write(&Protocol::created(), &metadata, &empty_schema()).is_err());
        assert!(check_read(&Protocol::created(), &metadata).is_ok());
        let mut metadata = Metadata::default();
        put(&mut metadata, "delta.columnMapping.mode", "name");
        assert!(check_read(&Protocol::created(), &metadata).is_err());
        let mut metadata = Metadata::default();
        put(&mut metadata, "delta.enableChangeDataFeed", "true");
        assert!(check_created(&metadata, &empty_schema()).is_err());
        assert!(check_write(&Protocol::created(), &metadata, &empty_schema()).is_ok());
    }
}
