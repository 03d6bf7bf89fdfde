#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "python/src/functions.h"
#include "src/config/load.h"
#include "src/engine/builtin_detectors.h"
#include "src/env/program.h"

namespace nb = nanobind;

namespace avocet {
namespace {

// Line, column and message of every mistake, and all of them as `avocet check` prints them.
using Mistakes = std::pair<std::vector<std::tuple<int, int, std::string>>, std::string>;

Mistakes Check(const std::string& text, const std::string& file) {
  const LoadedConfig loaded = ParseConfig(text, file, EnvironmentVariable, DetectorSpecs());
  Mistakes mistakes;
  for (const ConfigError& error : loaded.errors) {
    mistakes.first.emplace_back(error.line, error.column, error.message);
  }
  if (!loaded.errors.empty()) mistakes.second = FormatErrors(loaded.errors, file, text);
  return mistakes;
}

}  // namespace

void BindCheck(nb::module_* module) {
  module->def("check", &Check, nb::arg("text"), nb::arg("file"));
  module->def("detectors", [] {
    std::vector<std::string> names;
    for (const DetectorSpec& spec : DetectorSpecs()) names.emplace_back(spec.name);
    return names;
  });
}

}  // namespace avocet
