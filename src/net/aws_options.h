// AwsOptions: which AWS account and place a source or sink talks to.
#pragma once

#include <chrono>
#include <string>

namespace avocet {

/// Empty texts: what the environment, the profile or the machine says.
struct AwsOptions {
  std::string region;
  std::string endpoint;     ///< URL of another server than the region's, for emulators and gateways
  std::string profile;      ///< of the shared configuration files
  std::string role_arn;     ///< role to take on with the credentials that were found
  std::string ca_file;      ///< PEM file of the only certificate authorities to trust
  bool path_style = false;  ///< S3: the bucket in the path instead of the host name
  std::chrono::milliseconds timeout{30'000};  ///< of one request, its answer included
};

}  // namespace avocet
