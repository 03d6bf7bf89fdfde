// What the replies of HTTP servers mean for a delivery, and secrets that are in files.
#pragma once

#include <string>

#include "src/alert/alert_channel.h"
#include "src/env/env.h"
#include "src/net/web_client.h"

namespace avocet {

/// 2xx is delivered; 408, 425, 429 and 5xx are worth a retry, after Retry-After when it is given;
/// anything else is refused. So is a URL or address that is not allowed.
AlertDelivery DeliveryOf(const Result<WebReply>& reply);

/// Something that is needed is not there at the moment.
AlertDelivery RetryLater(const Status& problem);

/// `value`, or the content of `file` without the line end when a file is given.
Result<std::string> ReadSecret(Env* env, const std::string& value, const std::string& file);

}  // namespace avocet
