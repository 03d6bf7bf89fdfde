// What the replies of HTTP servers mean for a delivery.
#pragma once

#include "src/alert/alert_channel.h"
#include "src/net/web_client.h"

namespace avocet {

/// 2xx is delivered; 408, 425, 429 and 5xx are worth a retry, after Retry-After when it is given;
/// anything else is refused. So is a URL or address that is not allowed.
AlertDelivery DeliveryOf(const Result<WebReply>& reply);

/// Something that is needed is not there at the moment.
AlertDelivery RetryLater(const Status& problem);

}  // namespace avocet
