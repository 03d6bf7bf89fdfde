#include "src/env/secret.h"

namespace avocet {

Result<std::string> ReadSecretFile(Env* env, const std::string& path) {
  AVOCET_ASSIGN_OR_RETURN(std::string text, env->ReadFile(path));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

Result<std::string> ReadSecret(Env* env, const std::string& value, const std::string& file) {
  if (file.empty()) return value;
  return ReadSecretFile(env, file);
}

}  // namespace avocet
