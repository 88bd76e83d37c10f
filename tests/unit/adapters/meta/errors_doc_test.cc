#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

namespace tokenwarden::meta {
namespace {

TEST(ErrorsDocument, IsWhatTheTablePrints) {
  std::FILE* program = popen(TOKENWARDEN_BIN_DIR "/tokenwarden-errors-doc", "r");
  ASSERT_NE(program, nullptr);
  std::string printed;
  char bytes[4096];
  for (std::size_t count = 0; (count = std::fread(bytes, 1, sizeof(bytes), program)) > 0;)
    printed.append(bytes, count);
  ASSERT_EQ(pclose(program), 0);
  std::ifstream file(TOKENWARDEN_SOURCE_DIR "/docs/errors.md");
  const std::string committed((std::istreambuf_iterator<char>(file)),
                              std::istreambuf_iterator<char>());
  EXPECT_TRUE(printed == committed) << "run: tokenwarden-errors-doc > docs/errors.md";
}

}  // namespace
}  // namespace tokenwarden::meta
