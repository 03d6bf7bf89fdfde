// Posting JSON for a channel: what all channels that speak HTTP have in common.
#pragma once

#include <string>
#include <vector>

#include "src/config/alert_config.h"
#include "src/net/web_client.h"

namespace avocet {

/// Posts JSON. `headers` are beside the content type.
Result<WebReply> PostJson(const std::string& url, std::string body, Duration timeout,
                          bool allow_private, std::vector<std::string> headers = {});

}  // namespace avocet
