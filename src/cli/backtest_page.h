// The report of a backtest as one HTML file that needs nothing else.
#pragma once

#include <cstdint>
#include <string>

#include "src/cli/backtest_summary.h"

namespace avocet {

struct BacktestPage {
  const BacktestSummary* now = nullptr;   ///< of the configuration that was tried
  const BacktestSummary* base = nullptr;  ///< what it is compared with; null: nothing
  std::string lake;
  int64_t made_us = 0;
};

std::string BacktestHtml(const BacktestPage& page);

}  // namespace avocet
