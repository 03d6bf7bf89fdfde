// The backtest of `avocet replay --from`.
#pragma once

#include <string>

#include "src/base/status.h"
#include "src/cli/lake_arguments.h"

namespace avocet {

struct BacktestArguments : LakeArguments {
  std::string from, to;  ///< an instant, or "now-7d", now being the newest event time
  std::string warm_up;   ///< empty: all that came before
  bool diff = false;
  std::string base;   ///< configuration to compare with; empty: avocet.yaml
  std::string truth;  ///< file; empty: none
  std::string page;   ///< HTML file to write; empty: none
  std::string rows;   ///< NDJSON file to write; empty: none
  bool quiet = false;
};

Status RunBacktest(const BacktestArguments& arguments);

}  // namespace avocet
