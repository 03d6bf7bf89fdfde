// LambdaEvent: what AWS Lambda hands to a function, as far as the producer understands it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"

namespace avocet {

struct LambdaEvent {
  enum class Kind : uint8_t {
    kHttp,   ///< API Gateway (both payload versions) or a function URL
    kSqs,    ///< messages of a queue
    kS3,     ///< objects that were created
    kPlain,  ///< the event itself is a reading, or an array of them
  };

  /// Readings that came together, or the object that has them.
  struct Item {
    std::string id;      ///< of an SQS message; else empty
    std::string body;    ///< readings in any format; empty for an object
    std::string bucket;  ///< of an object; else empty
    std::string key;
    /// When it happened, ISO 8601: the same when the event comes again. Empty when nobody says.
    std::string time;
  };

  Kind kind = Kind::kPlain;
  std::vector<Item> items;
};

/// An SQS message may itself be the notification of an object. kInvalid: no event that is known, or
/// a body that is not the base64 that it says it is.
Result<LambdaEvent> ParseLambdaEvent(std::string_view json);

}  // namespace avocet
