// Plays test/scenario/*.test, each over tick sizes, thread counts, and a power cut after every
// commit step. Registers one test per file. Usage: scenario_test [--gtest_...] [DIRECTORY]

#include "test/scenario/scenario.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "src/env/env.h"
#include "src/env/sim_random.h"
#include "test/scenario/scenario_runner.h"

namespace avocet {
namespace {

constexpr const char* kDirectory = "test/scenario";
constexpr int64_t kTickSizes[] = {1, 7, 4096};
constexpr int kThreads[] = {1, 2, 4};

// Small ticks also commit often, so that there are commits to crash between.
int64_t CommitRows(int64_t tick_records) { return tick_records == 1 ? 3 : tick_records; }

class ScenarioTest : public ::testing::Test {
 public:
  explicit ScenarioTest(std::string path) : path_(std::move(path)) {}

  void TestBody() override {
    Result<std::string> text = Env::Posix()->ReadFile(path_);
    ASSERT_TRUE(text.ok()) << text.status().message();
    Result<Scenario> scenario = ParseScenario(path_, *text);
    ASSERT_TRUE(scenario.ok()) << scenario.status().message();
    scenario_ = std::move(scenario).value();
    ASSERT_NO_FATAL_FAILURE(PlayStraight());
    for (const int64_t tick : kTickSizes) {
      ASSERT_NO_FATAL_FAILURE(PlayWithCrashes(tick));
    }
  }

 private:
  void Play(const ScenarioVariant& variant, const std::string& how, int64_t* num_steps = nullptr) {
    ScenarioRunner runner(scenario_, variant);
    const Status status = runner.Play();
    ASSERT_TRUE(status.ok()) << path_ << ", " << how << ": " << status.message();
    if (num_steps != nullptr) *num_steps = runner.num_steps();
  }

  void PlayStraight() {
    for (const int64_t tick : kTickSizes) {
      for (const int threads : kThreads) {
        ASSERT_NO_FATAL_FAILURE(Play({.tick_records = tick,
                                      .threads = threads,
                                      .commit_rows = CommitRows(tick),
                                      .compact = threads == 2},
                                     "straight"));
      }
    }
  }

  void PlayWithCrashes(int64_t tick) {
    ScenarioVariant variant{
        .tick_records = tick, .threads = tick == 1 ? 2 : 1, .commit_rows = CommitRows(tick)};
    int64_t num_steps = 0;
    ASSERT_NO_FATAL_FAILURE(Play(variant, "counting steps", &num_steps));
    for (int64_t k = 1; k <= num_steps; ++k) {
      variant.crash_after = [k](int64_t step) { return step == k; };
      variant.crash = k % 2 == 0 ? SimCrash::kLoseUnsynced : SimCrash::kPowerCut;
      variant.snapshot_always = k % 3 == 0;
      ASSERT_NO_FATAL_FAILURE(Play(variant, fmt::format("crash after step {}", k)));
    }
    // Again and again, also while recovering from the last crash.
    for (const uint64_t seed : {1, 2}) {
      SimRandom random(seed);
      variant.crash_after = [&random](int64_t) { return random.Below(4) == 0; };
      variant.snapshot_always = seed == 2;
      variant.compact = seed == 2;
      ASSERT_NO_FATAL_FAILURE(Play(variant, fmt::format("crash now and then, seed {}", seed)));
    }
  }

  const std::string path_;
  Scenario scenario_;
};

int Main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  // The log tells of each crash; AVOCET_TEST_LOG shows it.
  if (std::getenv("AVOCET_TEST_LOG") == nullptr) spdlog::set_level(spdlog::level::off);
  const std::string directory = argc > 1 ? argv[1] : kDirectory;
  const auto entries = Env::Posix()->List(directory);
  if (!entries.ok()) {
    fmt::print(stderr, "{}\n", entries.status().message());
    return 1;
  }
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.name.ends_with(".test")) names.push_back(entry.name);
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    ::testing::RegisterTest("Scenario", name.substr(0, name.rfind('.')).c_str(), nullptr, nullptr,
                            __FILE__, __LINE__, [path = directory + "/" + name] {
                              return new ScenarioTest(path);  // GoogleTest deletes it.
                            });
  }
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace avocet

int main(int argc, char** argv) { return avocet::Main(argc, argv); }
