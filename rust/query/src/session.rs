//! The DataFusion session: what a query may use and what it can reach.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::prelude::SessionConfig;

use crate::args::Args;
use crate::lake::Lake;
use crate::lake::catalog::LakeCatalogs;
use crate::lake::names::ANY_SCHEMA;
use crate::lake::store::LakeStore;

/// A sort needs this much in every thread before it can spill; DataFusion's own default would
/// use up a small memory limit.
const SORT_RESERVE_MAX: usize = 10 << 20;

pub fn session(lake: Arc<Lake>, args: &Args) -> Result<SessionState> {
    let runtime = runtime(&lake, args)?;
    let config = config(&lake, args);
    Ok(SessionStateBuilder::new_with_default_features()
        .with_config(config)
        .with_runtime_env(Arc::new(runtime))
        .with_catalog_list(Arc::new(LakeCatalogs(lake)))
        .build())
}

fn config(lake: &Lake, args: &Args) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(&lake.default_catalog, ANY_SCHEMA)
        .with_information_schema(true)
        .with_target_partitions(args.num_threads)
        .with_sort_spill_reservation_bytes(
            SORT_RESERVE_MAX.min(args.memory_bytes / (8 * args.num_threads)),
        );
    let options = config.options_mut();
    options.sql_parser.collect_spans = true;
    options.execution.time_zone = Some(args.time_zone.clone());
    config
}

fn runtime(lake: &Lake, args: &Args) -> Result<RuntimeEnv> {
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(args.memory_bytes)))
        .with_max_temp_directory_size(args.spill_bytes)
        .with_object_store_registry(Arc::new(LakeStore::new(lake.files.as_ref())?))
        .build()
}
