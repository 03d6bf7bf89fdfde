//! Takes record batches over from the C Data Interface.

use crate::error::{Error, Result};
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::{Array, RecordBatch, StructArray};
use arrow_data::ArrayData;
use arrow_schema::{ArrowError, DataType};

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
    let bad = |e: ArrowError| Error::invalid(format!("cannot import batch: {e}"));
    if !matches!(
        DataType::try_from(schema).map_err(bad)?,
        DataType::Struct(_)
    ) {
        return Err(Error::invalid("cannot import batch: not a struct array"));
    }
    // SAFETY: the caller vouches that array and schema agree.
    let data = unsafe { from_ffi(array, schema) }.map_err(bad)?;
    // Text that is not UTF-8 or an offset out of range must not get into safe code.
    validate(&data).map_err(bad)?;
    let columns = StructArray::from(data);
    if columns.null_count() > 0 {
        return Err(Error::invalid(
            "cannot import batch: the struct itself has nulls",
        ));
    }
    Ok(RecordBatch::from(columns))
}

/// `validate_full` with short cuts for the columns of nearly every batch.
fn validate(data: &ArrayData) -> std::result::Result<(), ArrowError> {
    let fine = match data.data_type() {
        DataType::Struct(_) => {
            data.validate()?;
            data.validate_nulls()?;
            return data.child_data().iter().try_for_each(validate);
        }
        DataType::Utf8 => is_sound_ascii(data),
        DataType::Dictionary(key, _) if **key == DataType::Int32 => has_sound_keys(data),
        _ => false,
    };
    match fine {
        true => data.child_data().iter().try_for_each(validate),
        false => data.validate_full(),
    }
}

fn is_sound_ascii(data: &ArrayData) -> bool {
    if data.is_empty() || data.validate().is_err() || data.validate_nulls().is_err() {
        return false;
    }
    let offsets = &data.buffer::<i32>(0)[..=data.len()];
    // Without an early exit the compiler makes vector code of this.
    let ascending = offsets
        .windows(2)
        .fold(true, |fine, pair| fine & (pair[0] <= pair[1]));
    let (Ok(first), Ok(last)) = (
        usize::try_from(offsets[0]),
        usize::try_from(offsets[data.len()]),
    ) else {
        return false;
    };
    ascending
        && data.buffers()[1]
            .get(first..last)
            .is_some_and(<[u8]>::is_ascii)
}

fn has_sound_keys(data: &ArrayData) -> bool {
    // Keys of null rows may be anything, so nulls take the long way.
    if data.null_count() > 0 || data.validate().is_err() || data.validate_nulls().is_err() {
        return false;
    }
    let Ok(num_values) = i32::try_from(data.child_data()[0].len()) else {
        return false;
    };
    let keys = &data.buffer::<i32>(0)[..data.len()];
    keys.iter()
        .fold(true, |fine, key| fine & (0 <= *key) & (*key < num_values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::types::Int32Type;
    use arrow_array::{DictionaryArray, StringArray};
    use arrow_buffer::Buffer;

    fn text(offsets: &[i32], bytes: &[u8]) -> ArrayData {
        let builder = ArrayData::builder(DataType::Utf8)
            .len(offsets.len() - 1)
            .add_buffer(Buffer::from_slice_ref(offsets))
            .add_buffer(Buffer::from(bytes));
        // SAFETY: the point of the test is that `validate` finds what is wrong.
        unsafe { builder.build_unchecked() }
    }

    #[test]
    fn bad_text_is_found() {
        assert!(validate(&text(&[0, 1, 3], b"abc")).is_ok());
        assert!(validate(&text(&[0, 1, 4], "aüb".as_bytes())).is_ok());
        assert!(validate(&text(&[0, 2, 4], "aüb".as_bytes())).is_err());
        assert!(validate(&text(&[0, 1, 2], b"a\xff")).is_err());
        assert!(validate(&text(&[0, 3, 2, 3], b"abc")).is_err());
        assert!(validate(&text(&[0, 1, 9], b"abc")).is_err());
        assert!(validate(&text(&[-1, 1, 2], b"abc")).is_err());
    }

    #[test]
    fn bad_keys_are_found() {
        let dictionary = |keys: &[i32]| {
            let values = StringArray::from(vec!["a", "b"]).into_data();
            let data_type = DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into());
            let builder = ArrayData::builder(data_type)
                .len(keys.len())
                .add_buffer(Buffer::from_slice_ref(keys))
                .add_child_data(values);
            // SAFETY: as above.
            unsafe { builder.build_unchecked() }
        };
        assert!(validate(&dictionary(&[0, 1, 0])).is_ok());
        assert!(validate(&dictionary(&[0, 2])).is_err());
        assert!(validate(&dictionary(&[-1])).is_err());
        let nulls: DictionaryArray<Int32Type> = [Some("a"), None].into_iter().collect();
        assert!(validate(&nulls.into_data()).is_ok());
    }
}
