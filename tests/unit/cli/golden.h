// Golden files: what a person or a machine sees, word for word. Run with
// TOKENWARDEN_UPDATE_GOLDEN=1 to write them anew, and read the difference before committing it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace tokenwarden::cli {

inline void ExpectGolden(const std::string& name, const std::string& seen) {
  const std::string path = std::string(TOKENWARDEN_SOURCE_DIR) + "/tests/golden/cli/" + name;
  if (std::getenv("TOKENWARDEN_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << seen;
    return;
  }
  std::ifstream file(path);
  ASSERT_TRUE(file) << "there is no " << path;
  std::stringstream wanted;
  wanted << file.rdbuf();
  EXPECT_EQ(seen, wanted.str()) << path;
}

}  // namespace tokenwarden::cli
