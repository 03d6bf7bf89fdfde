// Status and Result: how avocet reports what the world can cause. No exceptions are thrown.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "src/base/check.h"

namespace avocet {

/// What the caller can do about an error.
enum class StatusCode {
  kOk = 0,
  kInvalid,        ///< reject this input; the next one may be good
  kConfig,         ///< a person must change the configuration
  kUsage,          ///< the command line makes no sense
  kNotFound,       ///< the named thing does not exist
  kAlreadyExists,  ///< the thing to create exists
  kUnavailable,    ///< try again later
  kConflict,       ///< somebody else changed what this operation relied on
  kCorrupt,        ///< stored bytes are damaged
  kUnsupported,    ///< a format or feature avocet does not handle
  kIo,             ///< the system refused an operation; the message has path and errno text
  kNoSpace,        ///< disk or quota full
  kPermission,     ///< rights are missing
  kCancelled,      ///< stopped on request
  kInternal,       ///< a bug in avocet
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status Ok() { return {}; }
  static Status Invalid(std::string m) { return {StatusCode::kInvalid, std::move(m)}; }
  static Status Config(std::string m) { return {StatusCode::kConfig, std::move(m)}; }
  static Status Usage(std::string m) { return {StatusCode::kUsage, std::move(m)}; }
  static Status NotFound(std::string m) { return {StatusCode::kNotFound, std::move(m)}; }
  static Status AlreadyExists(std::string m) { return {StatusCode::kAlreadyExists, std::move(m)}; }
  static Status Unavailable(std::string m) { return {StatusCode::kUnavailable, std::move(m)}; }
  static Status Conflict(std::string m) { return {StatusCode::kConflict, std::move(m)}; }
  static Status Corrupt(std::string m) { return {StatusCode::kCorrupt, std::move(m)}; }
  static Status Unsupported(std::string m) { return {StatusCode::kUnsupported, std::move(m)}; }
  static Status Io(std::string m) { return {StatusCode::kIo, std::move(m)}; }
  static Status NoSpace(std::string m) { return {StatusCode::kNoSpace, std::move(m)}; }
  static Status Permission(std::string m) { return {StatusCode::kPermission, std::move(m)}; }
  static Status Cancelled(std::string m) { return {StatusCode::kCancelled, std::move(m)}; }
  static Status Internal(std::string m) { return {StatusCode::kInternal, std::move(m)}; }

  /// `cannot <what> <path>: <errno text>`, with the code that fits `error_number`.
  static Status FromErrno(int error_number, std::string_view what, std::string_view path);

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

  /// The same status with "`context`: " in front of its message.
  Status WithContext(std::string_view context) const;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

/// sysexits code of a command that ends with this status: 0, 64, 65, 69, 70, 73, 74, 77, 78.
int ExitCode(const Status& status);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}        // NOLINT
  Result(Status status) : state_(std::in_place_index<1>, std::move(status)) {  // NOLINT
    AVOCET_CHECK(!std::get<1>(state_).ok());
  }

  bool ok() const { return state_.index() == 0; }
  Status status() const { return ok() ? Status::Ok() : std::get<1>(state_); }
  const T& value() const& {
    AVOCET_CHECK(ok());
    return std::get<0>(state_);
  }
  T& value() & {
    AVOCET_CHECK(ok());
    return std::get<0>(state_);
  }
  T value() && {
    AVOCET_CHECK(ok());
    return std::move(std::get<0>(state_));
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace avocet

#define AVOCET_CONCAT_INNER(a, b) a##b
#define AVOCET_CONCAT(a, b) AVOCET_CONCAT_INNER(a, b)

/// Returns the error of `expr`, a Status, from the calling function.
#define AVOCET_RETURN_IF_ERROR(expr)                 \
  do {                                               \
    ::avocet::Status avocet_status_ = (expr);        \
    if (!avocet_status_.ok()) return avocet_status_; \
  } while (false)

/// Assigns the value of `expr`, a Result, to `lhs` or returns its error from the calling function.
#define AVOCET_ASSIGN_OR_RETURN(lhs, expr)                   \
  auto AVOCET_CONCAT(avocet_result_, __LINE__) = (expr);     \
  if (!AVOCET_CONCAT(avocet_result_, __LINE__).ok())         \
    return AVOCET_CONCAT(avocet_result_, __LINE__).status(); \
  lhs = std::move(AVOCET_CONCAT(avocet_result_, __LINE__)).value()
