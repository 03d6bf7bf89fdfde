// The judge of records that asks the decoder.
#pragma once

#include <memory>

#include "src/config/config.h"
#include "src/source/push/record_judge.h"

namespace avocet {

/// `schema` is borrowed.
std::unique_ptr<RecordJudge> MakeDecodingJudge(const SchemaConfig& schema);

}  // namespace avocet
