// man: the manual pages, for installing them.
#include <memory>
#include <string>

#include "src/cli/command.h"
#include "src/cli/man_pages.h"
#include "src/config/load.h"
#include "src/engine/builtin_components.h"
#include "src/env/env.h"

namespace avocet {
namespace {

Status WriteManPages(const CLI::App& root, const std::string& directory) {
  const std::string reference = ConfigReferenceMarkdown(DetectorSpecs());
  for (const ManPage& page : ManPages(root, CliGuide(), reference)) {
    AVOCET_RETURN_IF_ERROR(
        Env::Posix()->PutDurably(directory + "/" + page.file, page.text, PutMode::kReplace));
  }
  return Status::Ok();
}

}  // namespace

void AddManCommand(CLI::App* app, int* exit_code) {
  auto directory = std::make_shared<std::string>();
  CLI::App* command =
      app->add_subcommand("man", "Write the manual pages, as in: avocet man /usr/local/share/man");
  command->add_option("directory", *directory, "Where the folders man1 and man5 are or shall be")
      ->required();
  command->callback(
      [app, directory, exit_code] { *exit_code = Report(WriteManPages(*app, *directory)); });
}

}  // namespace avocet
