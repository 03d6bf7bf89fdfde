//! Takes record batches over from the C Data Interface.

use crate::error::{Error, Result};
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::{Array, RecordBatch, StructArray};
use arrow_schema::DataType;

/// Moves `array` out; on any return it is released or owned by the batch.
///
/// # Safety
/// Non-null pointers must be valid structs of the C Data Interface that agree with each other.
pub unsafe fn import_batch(
    array: *mut FFI_ArrowArray,
    schema: *const FFI_ArrowSchema,
) -> Result<RecordBatch> {
    if array.is_null() {
        return Err(Error::invalid("the Arrow array is null"));
    }
    // SAFETY: not null; the caller vouches for the struct.
    let array = unsafe { FFI_ArrowArray::from_raw(array) };
    // SAFETY: as above.
    let Some(schema) = (unsafe { schema.as_ref() }) else {
        return Err(Error::invalid("the Arrow schema is null"));
    };
    if array.is_released() {
        return Err(Error::invalid("the Arrow array was released before"));
    }
    let bad = |e: arrow_schema::ArrowError| Error::invalid(format!("cannot import batch: {e}"));
    if !matches!(
        DataType::try_from(schema).map_err(bad)?,
        DataType::Struct(_)
    ) {
        return Err(Error::invalid("cannot import batch: not a struct array"));
    }
    // SAFETY: the caller vouches that array and schema agree.
    let data = unsafe { from_ffi(array, schema) }.map_err(bad)?;
    // Text that is not UTF-8 or an offset out of range must not get into safe code.
    data.validate_full().map_err(bad)?;
    let columns = StructArray::from(data);
    if columns.null_count() > 0 {
        return Err(Error::invalid(
            "cannot import batch: the struct itself has nulls",
        ));
    }
    Ok(RecordBatch::from(columns))
}
