#include "src/base/status.h"

#include <cerrno>
#include <system_error>

namespace avocet {

Status Status::FromErrno(int error_number, std::string_view what, std::string_view path) {
  std::string message = "cannot ";
  message.append(what).append(" ").append(path).append(": ");
  message.append(std::generic_category().message(error_number));
  switch (error_number) {
    case ENOENT:
      return NotFound(std::move(message));
    case EEXIST:
      return AlreadyExists(std::move(message));
    case ENOSPC:
    case EDQUOT:
      return NoSpace(std::move(message));
    case EACCES:
    case EPERM:
    case EROFS:
      return Permission(std::move(message));
    default:
      return Io(std::move(message));
  }
}

Status Status::WithContext(std::string_view context) const {
  if (ok()) return *this;
  std::string message(context);
  message.append(": ").append(message_);
  return {code_, std::move(message)};
}

int ExitCode(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return 0;
    case StatusCode::kUsage:
      return 64;
    case StatusCode::kInvalid:
    case StatusCode::kCorrupt:
    case StatusCode::kUnsupported:
      return 65;
    case StatusCode::kUnavailable:
    case StatusCode::kConflict:
    case StatusCode::kNotFound:
      return 69;
    case StatusCode::kAlreadyExists:
      return 73;
    case StatusCode::kIo:
    case StatusCode::kNoSpace:
      return 74;
    case StatusCode::kPermission:
      return 77;
    case StatusCode::kConfig:
      return 78;
    case StatusCode::kCancelled:
      return 130;
    case StatusCode::kInternal:
      return 70;
  }
  return 70;
}

}  // namespace avocet
