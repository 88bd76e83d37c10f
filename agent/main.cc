// tokenwarden-agent: puts the parts together. What it does is in agent/app.
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "agent/command_line.h"
#include "agent/composition.h"

int main(int argc, char** argv) {
  try {
    const tokenwarden::CommandLine line = tokenwarden::ParseCommandLine(argc, argv);
    if (line.answer) {
      std::fputs(line.answer->c_str(), line.exit_code == 0 ? stdout : stderr);
      return line.exit_code;
    }
    return tokenwarden::RunAgent(line);
  } catch (const std::exception&) {
    // The text of an unexpected exception may hold bytes from outside: its kind is all that is
    // said.
    std::fputs("tokenwarden-agent: a defect ended the agent; the state on disk is intact\n",
               stderr);
    return EXIT_FAILURE;
  }
}
