// ArrowInput: the record batches of a table that Python hands over as an Arrow PyCapsule.
#pragma once

#include <nanobind/nanobind.h>

#include <optional>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/model/arrow_abi.h"
#include "src/model/arrow_column.h"

namespace avocet {

/// Owns what the capsules held. Reading needs no GIL: a producer takes it if it has to.
class ArrowInput {
 public:
  /// Takes over the stream of a capsule "arrow_array_stream", or the schema and the array of a
  /// tuple of capsules "arrow_schema" and "arrow_array". Throws nanobind::type_error for anything
  /// else. Needs the GIL.
  explicit ArrowInput(nanobind::handle capsules);
  ~ArrowInput();
  ArrowInput(const ArrowInput&) = delete;
  ArrowInput& operator=(const ArrowInput&) = delete;

  /// kInvalid says what the producer says.
  Result<const ArrowSchema*> Schema();
  /// The next batch, which lives until the next call; null at the end.
  Result<const ArrowArray*> Next();

 private:
  Status Failed(int code);
  void ReleaseArray();

  ArrowArrayStream stream_{};  // released: a single array was handed over
  ArrowSchema schema_{};
  ArrowArray array_{};
  bool is_unread_ = false;  // that array
};

/// The place of the column `name`; nothing when there is none.
std::optional<size_t> FindColumn(const std::vector<ArrowColumn>& columns, const std::string& name);
/// The same; kInvalid when there is none.
Result<size_t> NeedColumn(const std::vector<ArrowColumn>& columns, const std::string& name);

}  // namespace avocet
