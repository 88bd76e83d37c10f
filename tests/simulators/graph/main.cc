// tokenwarden-graph-simulator: the simulated service as a program of its own.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

#include "tests/simulators/graph/control.h"
#include "tests/simulators/graph/server.h"
#include "tests/simulators/graph/text.h"

namespace {

using namespace tokenwarden::graph_simulator;

struct Flags {
  std::string listen = "127.0.0.1:0";
  std::string state;
  std::string port_file;
  std::string journal;
  std::string seed;
  std::string app_secret_file;
  std::string certificate;
  std::string key;
};

void Declare(CLI::App& cli, Flags& flags) {
  cli.add_option("--listen", flags.listen, "Loopback address and port; port 0 takes a free one")
      ->capture_default_str();
  cli.add_option(
      "--state", flags.state,
      "JSON file with apps, principals, tokens, wabas, phones, knobs, as GET /_control/state shows "
      "them; added to the built-in scenario");
  cli.add_option("--port-file", flags.port_file, "Write the port here once the server answers");
  cli.add_option(
      "--journal", flags.journal,
      "Append every request as a line of JSON; secrets appear as short SHA-256 prefixes");
  cli.add_option("--seed", flags.seed, "Same seed, same tokens and secrets; default: random");
  cli.add_option(
      "--app-secret-file", flags.app_secret_file,
      "Read the built-in app's (invented) secret from here; default: made from the seed");
  cli.add_option("--tls-cert", flags.certificate, "PEM certificate: serve HTTPS");
  cli.add_option("--tls-key", flags.key, "PEM key of the certificate");
  cli.get_option("--tls-cert")->needs("--tls-key");
  cli.get_option("--tls-key")->needs("--tls-cert");
  cli.footer(
      "\n" + ControlHelp("http://127.0.0.1:PORT") +
      "\nPrints its URL on standard output when it is ready; ends with 0 on SIGTERM or SIGINT.");
}

std::string ReadFile(const std::string& path) {
  if (path.empty()) return "";
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw std::runtime_error("the file " + path + " cannot be read");
  return text.str();
}

std::string Trimmed(std::string text) {
  text.erase(text.find_last_not_of(" \r\n") + 1);
  return text;
}

Json ReadState(const std::string& path) {
  if (path.empty()) return Json();
  Json state = Json::parse(ReadFile(path), nullptr, false);
  if (state.is_discarded()) throw std::runtime_error("the state file " + path + " is not JSON");
  // What GET /_control/state adds to the state itself.
  for (const char* extra : {"now", "url", "faults"}) state.erase(extra);
  return state;
}

std::string RandomSeed() {
  std::random_device device;
  return std::to_string(device()) + "-" + std::to_string(device());
}

WorldOptions WorldFrom(const Flags& flags) {
  return {flags.seed.empty() ? RandomSeed() : flags.seed, Trimmed(ReadFile(flags.app_secret_file)),
          ReadState(flags.state), flags.journal};
}

ServerOptions ServerFrom(const Flags& flags) {
  const std::size_t colon = flags.listen.rfind(':');
  const std::string port = colon == std::string::npos ? "" : flags.listen.substr(colon + 1);
  if (!IsDigits(port) || port.size() > 5 || std::stoi(port) > 65535) {
    throw std::runtime_error("--listen wants ADDRESS:PORT, for example 127.0.0.1:8080");
  }
  return {flags.listen.substr(0, colon), static_cast<std::uint16_t>(std::stoi(port)),
          ReadFile(flags.certificate), ReadFile(flags.key)};
}

void WritePort(const std::string& path, std::uint16_t port) {
  if (path.empty()) return;
  const std::string part = path + ".part";
  std::ofstream(part) << port << "\n";
  if (std::rename(part.c_str(), path.c_str()) != 0) {
    throw std::runtime_error("the port file " + path + " cannot be written");
  }
}

int Run(const Flags& flags, const sigset_t& ends) {
  Service service(WorldFrom(flags));
  const Server server(service, ServerFrom(flags));
  WritePort(flags.port_file, server.port());
  std::cout << server.url() << std::endl;
  int received = 0;
  sigwait(&ends, &received);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // Before any thread starts, so that only sigwait sees these.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  signal(SIGPIPE, SIG_IGN);

  Flags flags;
  CLI::App cli("A simulated Graph API on loopback, for tests, demonstrations and drills.",
               "tokenwarden-graph-simulator");
  Declare(cli, flags);
  CLI11_PARSE(cli, argc, argv);
  try {
    return Run(flags, ends);
  } catch (const std::exception& error) {
    std::cerr << "tokenwarden-graph-simulator: " << error.what() << "\n";
    return 2;
  }
}
