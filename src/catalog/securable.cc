#include "src/catalog/securable.h"

namespace avocet {

std::string_view SecurableName(SecurableKind kind) {
  switch (kind) {
    case SecurableKind::kCatalog:
      return "catalog";
    case SecurableKind::kSchema:
      return "schema";
    case SecurableKind::kTable:
      break;
  }
  return "table";
}

std::string Securable::NamePart(size_t part) const {
  size_t begin = 0;
  for (; part > 0; --part) {
    const size_t dot = full_name.find('.', begin);
    if (dot == std::string::npos) return {};
    begin = dot + 1;
  }
  return full_name.substr(begin, full_name.find('.', begin) - begin);
}

}  // namespace avocet
