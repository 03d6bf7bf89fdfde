// The C interface through which rust/lake sees the files of a LakeStore.
#pragma once

#include "avocet_lake.h"
#include "src/lake/lake_store.h"

namespace avocet {

/// `store` must outlive every AvLake opened on it.
AvFs FsOf(LakeStore* store);

}  // namespace avocet
