#include "python/src/arrow_table.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <utility>

#include "src/model/column_stream.h"

namespace nb = nanobind;

namespace avocet {
namespace {

constexpr const char* kStreamName = "arrow_array_stream";

void DestroyCapsule(PyObject* capsule) {
  auto* stream = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule, kStreamName));
  if (stream == nullptr) return;
  if (stream->release != nullptr) stream->release(stream);
  delete stream;  // NOLINT: the capsule owned it
}

}  // namespace

size_t ArrowTable::rows() const {
  size_t total = 0;
  for (const auto& batch : batches_) total += batch->rows();
  return total;
}

std::vector<std::string> ArrowTable::column_names() const {
  std::vector<std::string> names;
  for (size_t i = 0; i < batches_.front()->num_columns(); ++i) {
    names.push_back(batches_.front()->column(i).name());
  }
  return names;
}

nb::object ArrowTable::Stream() const {
  auto stream = std::make_unique<ArrowArrayStream>();
  ExportStream(batches_, stream.get());
  nb::object capsule = nb::steal(PyCapsule_New(stream.get(), kStreamName, DestroyCapsule));
  if (!capsule.is_valid()) {
    stream->release(stream.get());
    nb::raise_python_error();
  }
  static_cast<void>(stream.release());
  return capsule;
}

void BindArrowTable(nb::module_* module) {
  nb::class_<ArrowTable>(*module, "Table",
                         "Rows of the engine. pyarrow, pandas, polars and DuckDB read it without a "
                         "copy, through the Arrow PyCapsule interface.")
      .def("__len__", &ArrowTable::rows)
      .def_prop_ro("column_names", &ArrowTable::column_names)
      .def(
          "__arrow_c_stream__", [](const ArrowTable& table, nb::object) { return table.Stream(); },
          nb::arg("requested_schema") = nb::none(),
          "The rows as a capsule; consumers cast what they want otherwise.")
      .def(
          "to_arrow",
          [](nb::object self) { return nb::module_::import_("pyarrow").attr("table")(self); },
          "The rows as a pyarrow.Table.")
      .def(
          "to_pandas",
          [](nb::object self) {
            return nb::module_::import_("pyarrow").attr("table")(self).attr("to_pandas")();
          },
          "The rows as a pandas.DataFrame; needs pyarrow.")
      .def(
          "to_polars",
          [](nb::object self) { return nb::module_::import_("polars").attr("DataFrame")(self); },
          "The rows as a polars.DataFrame.")
      .def("__repr__", [](const ArrowTable& table) {
        std::string text = "<avocet.Table: " + std::to_string(table.rows()) + " rows of";
        for (const std::string& name : table.column_names()) text += " " + name;
        return text + ">";
      });
}

}  // namespace avocet
