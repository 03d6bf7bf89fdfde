//! One version of a Delta table as a DataFusion table.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PrunableStatistics;
use datafusion::common::{DFSchema, Result};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::object_store::ObjectMeta;
use datafusion::object_store::path::Path;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use percent_encoding::percent_decode_str;

use super::TableName;
use super::reader::{NamingReaderFactory, OpenFiles};
use super::store::lake_url;
use crate::delta::action::Add;
use crate::delta::stats::{file_statistics, table_statistics};
use crate::delta::value::partition_value;
use crate::delta::{Snapshot, schema};
use crate::error::QueryError;

#[derive(Debug)]
pub struct DeltaTable {
    /// Columns in the table's order.
    schema: SchemaRef,
    /// Columns in the order of a scan: those in the files, then the partition columns.
    scan_schema: TableSchema,
    /// For each column of `schema` its index in `scan_schema`.
    scan_index: Vec<usize>,
    files: Vec<PartitionedFile>,
    open_files: Arc<OpenFiles>,
}

impl DeltaTable {
    pub fn new(
        name: &TableName,
        snapshot: Snapshot,
        open_files: Arc<OpenFiles>,
    ) -> crate::error::Result<Self> {
        let schema = schema::arrow_schema(&snapshot.metadata.schema_string)?;
        let scan_schema = scan_schema(&schema, &snapshot.metadata.partition_columns)?;
        let scan_index = schema
            .fields()
            .iter()
            .map(|field| scan_schema.table_schema().index_of(field.name()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| QueryError::internal(error.to_string()))?;
        let table_path = name.relative_path();
        let files = snapshot
            .files
            .into_iter()
            .map(|add| partitioned_file(&table_path, add, &scan_schema))
            .collect::<crate::error::Result<Vec<_>>>()?;
        Ok(Self {
            schema: Arc::new(schema),
            scan_schema,
            scan_index,
            files,
            open_files,
        })
    }

    /// The files that may hold rows for which all filters are true.
    fn matching_files(
        &self,
        state: &dyn Session,
        filters: &[Expr],
    ) -> Result<Vec<PartitionedFile>> {
        let Some(filter) = conjunction(filters.iter().cloned()) else {
            return Ok(self.files.clone());
        };
        let scan_schema = self.scan_schema.table_schema();
        let df_schema = DFSchema::try_from(Arc::clone(scan_schema))?;
        let filter = state.create_physical_expr(filter, &df_schema)?;
        let predicate = PruningPredicateBuilder::new()
            .with_file_schema(Arc::clone(scan_schema))
            .build(filter);
        let Some(predicate) = predicate else {
            return Ok(self.files.clone());
        };
        let statistics = self
            .files
            .iter()
            .filter_map(|file| file.statistics.clone())
            .collect();
        let keep = predicate.prune(&PrunableStatistics::new(
            statistics,
            Arc::clone(scan_schema),
        ))?;
        let kept = self.files.iter().zip(keep).filter(|(_, keep)| *keep);
        Ok(kept.map(|(file, _)| file.clone()).collect())
    }

    fn parquet_source(&self, state: &dyn Session) -> Result<ParquetSource> {
        let mut options = TableParquetOptions {
            global: state.config_options().execution.parquet.clone(),
            ..TableParquetOptions::default()
        };
        // Spark's old timestamps; nanoseconds overflow for dates that microseconds can hold.
        options.global.coerce_int96 = Some("us".to_string());
        let runtime = state.runtime_env();
        let store = runtime.object_store(lake_url()?)?;
        let cache = runtime.cache_manager.get_file_metadata_cache();
        let readers = NamingReaderFactory {
            inner: CachedParquetFileReaderFactory::new(store, cache),
            open_files: Arc::clone(&self.open_files),
        };
        Ok(ParquetSource::new(self.scan_schema.clone())
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(readers)))
    }
}

#[async_trait]
impl TableProvider for DeltaTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = match projection {
            Some(columns) => columns.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let files = self.matching_files(state, filters)?;
        if files.is_empty() {
            let schema = Arc::new(self.schema.project(&columns)?);
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let statistics = table_statistics(
            files.iter().filter_map(|file| file.statistics.as_deref()),
            self.scan_schema.table_schema(),
        );
        let groups = FileGroup::new(files).split_files(state.config().target_partitions());
        let columns = columns
            .into_iter()
            .map(|column| self.scan_index[column])
            .collect();
        let source = Arc::new(self.parquet_source(state)?);
        let config = FileScanConfigBuilder::new(lake_url()?, source)
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(Some(columns))?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    /// Filters choose files, row groups and pages, so some other rows may remain.
    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
}

fn scan_schema(schema: &Schema, partition_columns: &[String]) -> crate::error::Result<TableSchema> {
    let partition_fields = partition_columns
        .iter()
        .map(|name| {
            let field = schema.fields().iter().find(|field| field.name() == name);
            field.cloned().ok_or_else(|| {
                QueryError::data(format!(
                    "partition column {name} is not in the table's schema"
                ))
            })
        })
        .collect::<crate::error::Result<Vec<FieldRef>>>()?;
    let in_files = |field: &&FieldRef| !partition_columns.contains(field.name());
    let file_fields: Vec<FieldRef> = schema.fields().iter().filter(in_files).cloned().collect();
    Ok(TableSchema::builder(Arc::new(Schema::new(file_fields)))
        .with_table_partition_cols(partition_fields)
        .build())
}

fn partitioned_file(
    table_path: &str,
    add: Add,
    scan_schema: &TableSchema,
) -> crate::error::Result<PartitionedFile> {
    let partition_values = scan_schema
        .table_partition_cols()
        .iter()
        .map(|field| {
            let value = add
                .partition_values
                .get(field.name())
                .and_then(Option::as_deref);
            partition_value(value, field.data_type())
        })
        .collect::<crate::error::Result<Vec<_>>>()?;
    let statistics = file_statistics(
        add.stats.as_deref(),
        scan_schema.file_schema(),
        &partition_values,
    );
    let mut file = PartitionedFile::new_from_meta(ObjectMeta {
        location: file_location(table_path, &add.path)?,
        last_modified: chrono::DateTime::from_timestamp_millis(add.modification_time)
            .unwrap_or_default(),
        size: add.size,
        e_tag: None,
        version: None,
    });
    file.partition_values = partition_values;
    // Not `with_statistics`: it takes every partition value for a value that is not null.
    file.statistics = Some(Arc::new(statistics));
    Ok(file)
}

/// Refuses paths that leave the table's folder, as those of a shallow clone do.
fn file_location(table_path: &str, encoded: &str) -> crate::error::Result<Path> {
    let outside = || QueryError::data(format!("data file {encoded} is outside the table's folder"));
    let decoded = percent_decode_str(encoded)
        .decode_utf8()
        .map_err(|_| outside())?;
    if decoded.starts_with('/') || decoded.contains("://") {
        return Err(outside());
    }
    Path::parse(format!("{table_path}/{decoded}")).map_err(|_| outside())
}
