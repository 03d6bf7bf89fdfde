//! The only store that queries can reach: the files of the lake.

use std::sync::Arc;

use datafusion::common::{DataFusionError, Result, plan_err};
use datafusion::execution::object_store::{ObjectStoreRegistry, ObjectStoreUrl};
use datafusion::object_store::ObjectStore;
use url::Url;

use crate::files::LakeFiles;

const LAKE_URL: &str = "lake://root";

pub fn lake_url() -> Result<ObjectStoreUrl> {
    ObjectStoreUrl::parse(LAKE_URL)
}

/// Answers for the lake's URL and for no other, so that no plan can open another file or host.
#[derive(Debug)]
pub struct LakeStore {
    files: Arc<dyn ObjectStore>,
}

impl LakeStore {
    pub fn new(files: &dyn LakeFiles) -> Result<Self> {
        let files = files.store().map_err(DataFusionError::from)?;
        Ok(Self { files })
    }
}

impl ObjectStoreRegistry for LakeStore {
    fn register_store(
        &self,
        _url: &Url,
        _store: Arc<dyn ObjectStore>,
    ) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        match (url.scheme(), url.host_str()) {
            ("lake", Some("root")) => Ok(Arc::clone(&self.files)),
            _ => plan_err!("{url} is not part of the lake"),
        }
    }
}
