#include "src/lake/bridge.h"

namespace avocet {

Status FromBridge(AvCode code, const BridgeBytes& error) {
  switch (code) {
    case AV_OK:
      return Status::Ok();
    case AV_NOT_FOUND:
      return Status::NotFound(error.Text());
    case AV_ALREADY_EXISTS:
      return Status::AlreadyExists(error.Text());
    case AV_CONFLICT:
      return Status::Conflict(error.Text());
    case AV_IO:
      return Status::Io(error.Text());
    case AV_CORRUPT:
      return Status::Corrupt(error.Text());
    case AV_UNSUPPORTED:
      return Status::Unsupported(error.Text());
    case AV_NO_SPACE:
      return Status::NoSpace(error.Text());
    case AV_PERMISSION:
      return Status::Permission(error.Text());
    case AV_INVALID:
    case AV_INTERNAL:
      return Status::Internal(error.Text());
  }
  return Status::Internal("the lake bridge answered with an unknown code");
}

}  // namespace avocet
