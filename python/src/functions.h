// What avocet._engine offers beside the engine: detection, configurations, simulation, scores.
#pragma once

#include <nanobind/nanobind.h>

namespace avocet {

void BindDetect(nanobind::module_* module);
void BindCheck(nanobind::module_* module);
void BindSimulate(nanobind::module_* module);
void BindScore(nanobind::module_* module);

}  // namespace avocet
