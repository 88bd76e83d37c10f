#include "cli/args/completion.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>

#include "cli/args/option_table.h"

namespace tokenwarden::cli {
namespace {

// What bash offers for a line whose last word is being typed.
std::string Offered(const std::string& words) {
  const std::string path = testing::TempDir() + "tokenwarden-completion";
  std::ofstream(path) << *CompletionFor("bash");
  const std::string command = "bash -c 'source " + path + "; COMP_WORDS=(" + words +
                              "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _tokenwarden; "
                              "echo \"${COMPREPLY[*]}\"' 2>&1";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string out;
  std::array<char, 4096> bytes{};
  while (fgets(bytes.data(), bytes.size(), pipe.get()) != nullptr) out += bytes.data();
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

TEST(Completion, OffersCommandsThatBeginWithWhatWasTyped) {
  EXPECT_EQ(Offered("tokenwarden ch"), "check");
}

TEST(Completion, OffersOptionsOfTheCommandAfterItsOperands) {
  EXPECT_EQ(Offered("tokenwarden check --min"), "--min-remaining");
  EXPECT_EQ(Offered("tokenwarden submit whatsapp --acc"), "--accept-worse");
  EXPECT_EQ(Offered("tokenwarden status --min"), "");
}

TEST(Completion, OffersTheWordsThatAnOptionTakes) {
  EXPECT_EQ(Offered("tokenwarden check --on-indeterminate p"), "pass");
  EXPECT_EQ(Offered("tokenwarden check --fail-on w"), "warning");
}

TEST(Completion, KnowsEveryCommandInEveryShell) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = *CompletionFor(shell);
    for (const CommandSpec& command : Commands()) {
      EXPECT_NE(script.find(command.name), std::string::npos) << shell << " " << command.name;
    }
  }
}

TEST(Completion, HasNoneForAnotherShell) { EXPECT_FALSE(CompletionFor("csh")); }

}  // namespace
}  // namespace tokenwarden::cli
