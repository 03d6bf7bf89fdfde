// The `s3` source: the objects below a prefix of a bucket, as Firehose and others write them.
#pragma once

#include <memory>
#include <string>

#include "src/config/config.h"
#include "src/env/env.h"
#include "src/source/s3/object_bell.h"
#include "src/source/s3/object_store.h"
#include "src/source/source.h"

namespace avocet {

/// Reads what the `file` source reads, in the order of the keys. Positions are described in
/// object_ledger.h. What cannot be reached or is not allowed is tried again, and the health says
/// why; with `once` it is an error, and the source ends when every object has been read. Borrows
/// `env`.
std::unique_ptr<Source> MakeS3Source(const S3SourceConfig& config, const std::string& name,
                                     bool once, Env* env);

/// The same over any store and queue; without a queue there is none.
std::unique_ptr<Source> MakeS3Source(const S3SourceConfig& config, const std::string& name,
                                     bool once, Env* env, std::unique_ptr<ObjectStore> store,
                                     std::unique_ptr<MessageQueue> queue = nullptr);

}  // namespace avocet
