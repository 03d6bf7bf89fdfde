// TopScreen: what `avocet top` draws.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "src/cli/top_model.h"
#include "src/env/terminal.h"

namespace avocet {

/// How it is looked at.
struct TopView {
  TopQuery query;
  bool colours = true;
  bool is_paused = false;
  bool is_typing = false;     ///< the filter
  size_t selected_alert = 0;  ///< index into TopModel::alerts
  std::string note;           ///< of the last key, or why nothing new comes
};

/// At most size.rows lines of at most size.columns columns, the last one says which keys there are.
std::vector<std::string> TopScreen(const TopModel& model, const TopView& view, TerminalSize size);

/// All there is, as lines for a file or a pipe.
std::vector<std::string> TopSnapshot(const TopModel& model, const TopView& view, size_t columns);

}  // namespace avocet
