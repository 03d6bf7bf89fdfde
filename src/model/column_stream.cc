#include "src/model/column_stream.h"

#include <utility>

#include "src/base/check.h"

namespace avocet {
namespace {

struct OwnedStream {
  std::vector<std::shared_ptr<const ColumnBatch>> batches;
  size_t next = 0;
};

OwnedStream* Owned(ArrowArrayStream* stream) {
  return static_cast<OwnedStream*>(stream->private_data);
}

int GetSchema(ArrowArrayStream* stream, ArrowSchema* out) {
  ArrowArray array;
  ColumnBatch::Export(Owned(stream)->batches.front(), &array, out);
  array.release(&array);
  return 0;
}

int GetNext(ArrowArrayStream* stream, ArrowArray* out) {
  OwnedStream* owned = Owned(stream);
  if (owned->next == owned->batches.size()) {
    out->release = nullptr;
    return 0;
  }
  ArrowSchema schema;
  ColumnBatch::Export(owned->batches[owned->next++], out, &schema);
  schema.release(&schema);
  return 0;
}

const char* GetLastError(ArrowArrayStream*) { return nullptr; }

void Release(ArrowArrayStream* stream) {
  delete Owned(stream);  // NOLINT: released by the C interface's contract
  stream->release = nullptr;
}

}  // namespace

void ExportStream(std::vector<std::shared_ptr<const ColumnBatch>> batches,
                  ArrowArrayStream* stream) {
  AVOCET_CHECK(!batches.empty());
  auto owned = std::make_unique<OwnedStream>();
  owned->batches = std::move(batches);
  *stream = {.get_schema = GetSchema,
             .get_next = GetNext,
             .get_last_error = GetLastError,
             .release = Release,
             .private_data = owned.release()};
}

}  // namespace avocet
