// A client for SMTP with TLS.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace avocet {

struct MailRequest {
  std::string url;  ///< smtps://host:465, or smtp://host:587, which must offer STARTTLS
  std::string username, password;  ///< empty: no login
  std::string ca_file;             ///< trusted instead of the system's authorities; empty: those
  std::string from;                ///< addresses without names
  std::vector<std::string> to;
  std::string message;  ///< headers and body, lines end in CRLF
  std::chrono::milliseconds timeout{10'000};
  bool allow_private = false;
};

/// Sends. kUnavailable when it may work later, kInvalid when the server refuses for good,
/// kPermission when its address is not allowed. Any thread; blocks.
Status SendMail(const MailRequest& request);

}  // namespace avocet
