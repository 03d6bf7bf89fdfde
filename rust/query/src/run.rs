//! One query from start to end.

use std::io::{IsTerminal, Read};
use std::sync::Arc;
use std::time::Duration;

use datafusion::common::DataFusionError;
use datafusion::execution::context::{SQLOptions, SessionContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::DataFrame;
use futures::StreamExt;

use crate::args::Args;
use crate::diagnosis::diagnose;
use crate::error::{Kind, QueryError, Result};
use crate::files::{FolderFiles, LakeFiles};
use crate::gateway::{Gateway, GatewayFiles};
use crate::lake::Lake;
use crate::output::csv::CsvWriter;
use crate::output::json::JsonWriter;
use crate::output::parquet::ParquetWriter;
use crate::output::plan::PlanWriter;
use crate::output::shape::{printed_schema, to_printed};
use crate::output::table::TableWriter;
use crate::output::target::Target;
use crate::output::{Format, RowWriter};
use crate::session::session;
use crate::statement::{SQL_BYTES_MAX, read_only_statement};

/// Threads that do not notice the end of the query within this time are left behind.
const SHUTDOWN_TIME: Duration = Duration::from_millis(200);
const THREAD_STACK_BYTES: usize = 8 << 20;
/// Values wider than this make a table on a terminal unreadable.
const TERMINAL_CELL_WIDTH: usize = 60;

/// Runs the query of `args` and writes its result. Blocks; expects a stack that fits the planning
/// of deeply nested SQL.
pub fn run(args: &Args) -> Result<()> {
    let lake = Arc::new(Lake::open(lake_files(args)?, &args.default_catalog)?);
    let sql = match &args.sql {
        Some(sql) => sql.clone(),
        None => read_stdin()?,
    };
    let target = Target::new(args.output.as_deref(), args.format, lake.files.local_root())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(args.num_threads)
        .thread_stack_size(THREAD_STACK_BYTES)
        .enable_time()
        .build()
        .map_err(|error| QueryError::io("start threads", &error))?;
    let result = runtime.block_on(async {
        let query = query(args, &lake, &sql, &target);
        match args.timeout {
            None => query.await,
            Some(timeout) => match tokio::time::timeout(timeout, query).await {
                Ok(result) => result,
                Err(_) => Err(timeout_error(timeout)),
            },
        }
    });
    runtime.shutdown_timeout(SHUTDOWN_TIME);
    result
}

fn lake_files(args: &Args) -> Result<Arc<dyn LakeFiles>> {
    let shown = args.lake.display().to_string();
    let no_lake = |error: std::io::Error| {
        QueryError::new(Kind::NoLake, format!("cannot open lake {shown}: {error}"))
    };
    match &args.gateway {
        Some(socket) => {
            let gateway = Gateway::connect(socket, &shown).map_err(no_lake)?;
            Ok(Arc::new(GatewayFiles(Arc::new(gateway))))
        }
        None => Ok(Arc::new(FolderFiles::open(&args.lake).map_err(no_lake)?)),
    }
}

pub fn timeout_error(timeout: Duration) -> QueryError {
    let message = format!("the query took longer than --timeout {timeout:?}");
    QueryError::new(Kind::Limit, message)
}

fn read_stdin() -> Result<String> {
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(QueryError::usage("no SQL given; see avocet-query --help"));
    }
    let mut sql = String::new();
    let mut limited = stdin.by_ref().take(SQL_BYTES_MAX as u64 + 1);
    limited
        .read_to_string(&mut sql)
        .map_err(|error| QueryError::usage(format!("cannot read the SQL: {error}")))?;
    Ok(sql)
}

async fn query(args: &Args, lake: &Arc<Lake>, sql: &str, target: &Target) -> Result<()> {
    let fail = |error: DataFusionError| diagnose(&error, lake);
    let state = session(Arc::clone(lake), args).map_err(fail)?;
    let statement = read_only_statement(&state, lake, sql)?;
    let plan = state.statement_to_plan(statement).await.map_err(fail)?;
    // The statement was checked already; this also covers what hides inside one, such as
    // SELECT ... INTO.
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(&plan)
        .map_err(fail)?;
    let is_plan = matches!(plan, LogicalPlan::Explain(_) | LogicalPlan::Analyze(_));
    let context = SessionContext::new_with_state(state);
    let frame = context.execute_logical_plan(plan).await.map_err(fail)?;
    print(args, frame, is_plan, lake, target).await
}

async fn print(
    args: &Args,
    frame: DataFrame,
    is_plan: bool,
    lake: &Arc<Lake>,
    target: &Target,
) -> Result<()> {
    let fail = |error: DataFusionError| diagnose(&error, lake);
    let max_rows = if is_plan { None } else { args.max_rows };
    // One row more than is shown tells whether there are more.
    let frame = match max_rows {
        Some(rows) if can_be_limited(frame.logical_plan()) => {
            frame.limit(0, Some(rows.saturating_add(1))).map_err(fail)?
        }
        _ => frame,
    };
    let mut batches = frame.execute_stream().await.map_err(fail)?;
    let schema = printed_schema(&batches.schema(), &args.time_zone);
    let output = target.open()?;
    let mut writer: Box<dyn RowWriter> = match args.format {
        Format::Table if is_plan => Box::new(PlanWriter::start(output)),
        Format::Table => {
            let cell_width = target.is_terminal().then_some(TERMINAL_CELL_WIDTH);
            Box::new(TableWriter::start(Arc::clone(&schema), cell_width, output))
        }
        Format::Csv => Box::new(CsvWriter::start(&schema, output)?),
        Format::Json => Box::new(JsonWriter::start(output)),
        Format::Parquet => Box::new(ParquetWriter::start(Arc::clone(&schema), output)?),
    };
    let mut rows_left = max_rows.unwrap_or(usize::MAX);
    let mut more = false;
    while let Some(batch) = batches.next().await {
        let batch = to_printed(&batch.map_err(fail)?, &schema)?;
        more = batch.num_rows() > rows_left;
        let shown = batch.slice(0, batch.num_rows().min(rows_left));
        writer.write(&shown)?;
        rows_left -= shown.num_rows();
        if more {
            break;
        }
    }
    writer.finish(more)?;
    target.commit()
}

fn can_be_limited(plan: &LogicalPlan) -> bool {
    !matches!(plan, LogicalPlan::DescribeTable(_))
}
