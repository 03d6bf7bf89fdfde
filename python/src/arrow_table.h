// ArrowTable: rows of the engine, lent to Python through the Arrow PyCapsule interface.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "src/model/column_batch.h"

namespace avocet {

class ArrowTable {
 public:
  /// REQUIRES: at least one batch, and the same columns in all.
  explicit ArrowTable(std::vector<std::shared_ptr<const ColumnBatch>> batches)
      : batches_(std::move(batches)) {}

  size_t rows() const;
  std::vector<std::string> column_names() const;
  /// A capsule "arrow_array_stream"; may be asked for several times. Needs the GIL.
  nanobind::object Stream() const;

 private:
  std::vector<std::shared_ptr<const ColumnBatch>> batches_;
};

/// Adds the class to the module.
void BindArrowTable(nanobind::module_* module);

}  // namespace avocet
