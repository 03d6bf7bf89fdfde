// avocet._engine: the C++ side of the Python package. What users call is in python/avocet.
#include <nanobind/nanobind.h>

#include "python/src/arrow_table.h"
#include "python/src/failure.h"
#include "python/src/functions.h"
#include "python/src/python_engine.h"
#include "python/src/record_cutter.h"

NB_MODULE(_engine, module) {
  module.attr("__version__") = AVOCET_VERSION;
  nanobind::exception<avocet::InputFailure>(module, "InputError", PyExc_ValueError);
  nanobind::exception<avocet::StateFailure>(module, "StateError", PyExc_ValueError);
  avocet::BindArrowTable(&module);
  avocet::BindPythonEngine(&module);
  avocet::BindRecordCutter(&module);
  avocet::BindDetect(&module);
  avocet::BindCheck(&module);
  avocet::BindSimulate(&module);
  avocet::BindScore(&module);
}
