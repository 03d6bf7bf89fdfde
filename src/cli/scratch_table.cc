#include "src/cli/scratch_table.h"

#include <fmt/format.h>

#include <utility>

#include "src/env/env.h"

namespace avocet {
namespace {

void RemoveAll(const std::string& folder) {
  Env* env = Env::Posix();
  const auto entries = env->List(folder);
  if (!entries.ok()) return;
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = folder + "/" + entry.name;
    if (entry.is_directory) {
      RemoveAll(path);
    } else {
      static_cast<void>(env->Remove(path));
    }
  }
  static_cast<void>(env->Remove(folder));
}

}  // namespace

Result<std::unique_ptr<ScratchTable>> ScratchTable::Create(const std::string& beside,
                                                           const TableSpec& spec) {
  std::unique_ptr<ScratchTable> scratch(
      new ScratchTable(fmt::format("{}.{}.tmp", beside, Env::Posix()->ProcessId())));
  AVOCET_ASSIGN_OR_RETURN(scratch->lake_, Lake::OpenLocal(Env::Posix(), scratch->folder_));
  AVOCET_ASSIGN_OR_RETURN(scratch->table_, scratch->lake_->CreateTable("scratch", spec));
  return scratch;
}

ScratchTable::~ScratchTable() { RemoveAll(folder_); }

std::string ScratchTable::PathOf(const std::string& file) const {
  return folder_ + "/scratch/" + file;
}

}  // namespace avocet
