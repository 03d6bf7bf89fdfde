// Fleet: devices that send what real ones send: readings out of order, late, twice, broken, and
// with fields that nobody announced.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "src/env/sim_random.h"

namespace avocet {

class Fleet {
 public:
  explicit Fleet(uint64_t seed);

  /// The next line with its line end; empty lines are among them.
  std::string NextLine();

 private:
  struct Device {
    std::string name;
    int64_t newest_us = 0;
    double level = 0;
  };

  std::string Reading(Device* device, int64_t time_us);
  std::string BrokenLine();
  std::string MetricsText(Device* device);

  SimRandom random_;
  std::vector<Device> devices_;
  std::deque<std::string> recent_;  // lines that may come again
  int64_t num_lines_ = 0;
  int64_t evolves_after_;  // lines
};

}  // namespace avocet
