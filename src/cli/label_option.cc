#include "src/cli/label_option.h"

#include "src/config/device_labels.h"

namespace avocet {

void AddLabelOption(CLI::App* command, std::vector<std::string>* labels) {
  command
      ->add_option("--label", *labels,
                   "Only devices with this label, as in site=north; * and ? are allowed, and "
                   "several labels")
      ->allow_extra_args(false);
}

Result<Labels> ParseLabels(const std::vector<std::string>& texts) {
  Labels patterns;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == text.npos) {
      return Status::Usage("cannot read --label " + text + ": write site=north");
    }
    const std::string name = text.substr(0, equals), pattern = text.substr(equals + 1);
    const std::string problem = LabelPatternProblem(name, pattern);
    if (!problem.empty()) return Status::Usage("cannot read --label " + text + ": " + problem);
    patterns[name] = pattern;
  }
  return patterns;
}

}  // namespace avocet
