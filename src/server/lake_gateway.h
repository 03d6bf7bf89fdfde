// LakeGateway: gives avocet-query the files of a lake that it cannot reach itself.
#pragma once

#include <string>
#include <string_view>

#include "src/lake/lake_store.h"

namespace avocet {

/// The answer to one request, as rust/query/src/gateway.rs describes them. Any thread.
std::string AnswerForLake(LakeStore* store, std::string_view request);

}  // namespace avocet
