//! The lake as DataFusion catalogs and schemas. Only tables that a query names are opened.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::TableType;

use super::names::{self, ANY_SCHEMA};
use super::{Lake, TableName};

#[derive(Debug)]
pub struct LakeCatalogs(pub Arc<Lake>);

impl CatalogProviderList for LakeCatalogs {
    /// The lake is read-only; nothing is ever registered.
    fn register_catalog(
        &self,
        _name: String,
        _catalog: Arc<dyn CatalogProvider>,
    ) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        names::catalogs(&self.0.tables)
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        let exists = self.0.tables.iter().any(|table| table.catalog == name);
        exists.then(|| {
            let lake = Arc::clone(&self.0);
            Arc::new(LakeCatalog {
                lake,
                name: name.to_string(),
            }) as Arc<dyn CatalogProvider>
        })
    }
}

#[derive(Debug)]
struct LakeCatalog {
    lake: Arc<Lake>,
    name: String,
}

impl CatalogProvider for LakeCatalog {
    fn schema_names(&self) -> Vec<String> {
        let in_catalog = self
            .lake
            .tables
            .iter()
            .filter(|table| table.catalog == self.name);
        let mut schemas: Vec<String> = in_catalog.map(|table| table.schema.clone()).collect();
        schemas.dedup();
        schemas
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let lake = Arc::clone(&self.lake);
        if name == ANY_SCHEMA {
            return Some(Arc::new(AnySchema { lake }));
        }
        let (catalog, schema) = (self.name.clone(), name.to_string());
        self.schema_names().contains(&schema).then(|| {
            Arc::new(LakeSchema {
                lake,
                catalog,
                schema,
            }) as Arc<dyn SchemaProvider>
        })
    }
}

#[derive(Debug)]
struct LakeSchema {
    lake: Arc<Lake>,
    catalog: String,
    schema: String,
}

impl LakeSchema {
    fn table_name(&self, table: &str) -> TableName {
        TableName::new(&self.catalog, &self.schema, table)
    }
}

#[async_trait]
impl SchemaProvider for LakeSchema {
    fn table_names(&self) -> Vec<String> {
        let in_schema =
            |name: &&TableName| name.catalog == self.catalog && name.schema == self.schema;
        self.lake
            .tables
            .iter()
            .filter(in_schema)
            .map(|name| name.table.clone())
            .collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let name = self.table_name(name);
        if !self.lake.has(&name) {
            return Ok(None);
        }
        Ok(Some(self.lake.table(&name)?))
    }

    /// Answered without opening the table, so that SHOW TABLES works beside a damaged one.
    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        Ok(self.table_exist(name).then_some(TableType::Base))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.lake.has(&self.table_name(name))
    }
}

/// Finds unqualified names in all schemas of the default catalog. It is not listed anywhere.
#[derive(Debug)]
struct AnySchema {
    lake: Arc<Lake>,
}

#[async_trait]
impl SchemaProvider for AnySchema {
    fn table_names(&self) -> Vec<String> {
        Vec::new()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        match names::unqualified(&self.lake, name).as_slice() {
            [only] => Ok(Some(self.lake.table(only)?)),
            _ => Ok(None),
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        names::unqualified(&self.lake, name).len() == 1
    }
}
