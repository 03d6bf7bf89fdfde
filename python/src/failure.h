// How an error of the engine becomes an exception of Python.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "src/base/status.h"

namespace avocet {

/// What nanobind translates: data that cannot be used (InputError), or a state that does not fit
/// (StateError).
class InputFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
class StateFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void ThrowUnlessOk(const Status& status) {
  if (!status.ok()) throw InputFailure(status.message());
}

template <typename T>
T ValueOrThrow(Result<T> result) {
  ThrowUnlessOk(result.status());
  return std::move(result).value();
}

}  // namespace avocet
