#include "tests/integration/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace tokenwarden::it {
namespace {

std::mutex planted_mutex;
std::set<std::string>& Planted() {
  static std::set<std::string> planted;
  return planted;
}

std::string Hex(const std::string& text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    hex += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return hex;
}

// Without its last group, which depends on what follows.
std::string Base64(const std::string& text) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string coded;
  for (std::size_t i = 0; i + 3 <= text.size(); i += 3) {
    const unsigned group = static_cast<unsigned>(static_cast<unsigned char>(text[i])) << 16 |
                           static_cast<unsigned>(static_cast<unsigned char>(text[i + 1])) << 8 |
                           static_cast<unsigned>(static_cast<unsigned char>(text[i + 2]));
    for (int shift = 18; shift >= 0; shift -= 6) coded += kAlphabet[(group >> shift) & 63];
  }
  return coded;
}

std::string ProgramPath(const std::string& name) {
  return name.find('/') == std::string::npos ? std::string(TOKENWARDEN_BIN_DIR) + "/" + name : name;
}

int MakePipe(int (&ends)[2]) { return pipe2(ends, O_CLOEXEC); }

}  // namespace

void PlantSecret(const std::string& value) {
  if (value.size() < 16) return;  // shorter ones occur by chance
  std::lock_guard<std::mutex> lock(planted_mutex);
  Planted().insert(value);
  Planted().insert(Hex(value));
  Planted().insert(Base64(value));
  // A piece of it is as bad: the middle of a token identifies it.
  if (value.size() >= 64) Planted().insert(value.substr(value.size() / 2 - 12, 24));
}

void ExpectNoSecret(const std::string& text, const std::string& where) {
  std::lock_guard<std::mutex> lock(planted_mutex);
  for (const std::string& secret : Planted()) {
    const std::size_t at = text.find(secret);
    if (at == std::string::npos) continue;
    const std::size_t begin = at < 80 ? 0 : at - 80;
    ADD_FAILURE() << where << " printed a planted secret after: " << text.substr(begin, at - begin);
  }
}

namespace {

// A program that goes on after a sanitizer's report, or is killed by the test, would hide it.
void ExpectNoReport(const std::string& errors, const std::string& program) {
  for (const char* word :
       {"ThreadSanitizer", "AddressSanitizer", "LeakSanitizer", "runtime error:"}) {
    if (errors.find(word) == std::string::npos) continue;
    ADD_FAILURE() << program << " was reported:\n" << errors;
    return;
  }
}

}  // namespace

Process::Process(Options options)
    : name_(options.argv.at(0)), may_print_secrets_(options.may_print_secrets) {
  int in[2];
  int out[2];
  int err[2];
  if (MakePipe(in) != 0 || MakePipe(out) != 0 || MakePipe(err) != 0) {
    throw std::runtime_error("no pipes for a child");
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  if (!options.directory.empty()) {
    posix_spawn_file_actions_addchdir_np(&actions, options.directory.c_str());
  }
  const std::string program = ProgramPath(name_);
  std::vector<char*> argv;
  for (std::string& argument : options.argv) argv.push_back(argument.data());
  argv.push_back(nullptr);
  options.env.push_back(std::string("PATH=") + (getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin"));
  std::vector<char*> env;
  for (std::string& variable : options.env) env.push_back(variable.data());
  env.push_back(nullptr);
  const int spawned =
      posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), env.data());
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  close(err[1]);
  if (spawned != 0) throw std::runtime_error("cannot start " + program);
  std::string_view rest = options.input;
  signal(SIGPIPE, SIG_IGN);
  while (!rest.empty()) {
    const ssize_t written = write(in[1], rest.data(), rest.size());
    if (written <= 0) break;  // the child does not read it
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  close(in[1]);
  out_reader_ = std::thread([this, fd = out[0]] { Drain(fd, out_); });
  err_reader_ = std::thread([this, fd = err[0]] { Drain(fd, err_); });
}

void Process::Drain(int fd, std::string& into) {
  char buffer[4096];
  while (true) {
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    std::lock_guard<std::mutex> lock(mutex_);
    if (count <= 0) {
      --open_pipes_;
      changed_.notify_all();
      break;
    }
    into.append(buffer, static_cast<std::size_t>(count));
    changed_.notify_all();
  }
  close(fd);
}

Process::~Process() {
  if (!reaped_) {
    kill(pid_, SIGKILL);
    Finish();
  }
}

bool Process::AwaitOutput(const std::string& text, std::chrono::seconds patience) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto seen = [&] {
    return out_.find(text) != std::string::npos || err_.find(text) != std::string::npos;
  };
  changed_.wait_for(lock, patience, [&] { return seen() || open_pipes_ == 0; });
  return seen();
}

void Process::Signal(int number) { kill(pid_, number); }

Finished Process::Finish(std::chrono::seconds patience) {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    const bool ended = changed_.wait_for(lock, patience, [&] { return open_pipes_ == 0; });
    if (!ended) {
      ADD_FAILURE() << name_ << " did not end in time; its errors so far:\n" << err_;
      kill(pid_, SIGKILL);
    }
  }
  out_reader_.join();
  err_reader_.join();
  int status = 0;
  waitpid(pid_, &status, 0);
  reaped_ = true;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (!may_print_secrets_) {
    ExpectNoSecret(out_, name_);
    ExpectNoSecret(err_, name_);
  }
  ExpectNoReport(err_, name_);
  return {exit_code_, out_, err_};
}

std::string Process::out() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return out_;
}

std::string Process::err() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return err_;
}

Finished RunProgram(Process::Options options) { return Process(std::move(options)).Finish(); }

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tokenwarden-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::Write(const std::string& name, const std::string& content) const {
  const std::string path = File(name);
  std::ofstream(path, std::ios::binary) << content;
  chmod(path.c_str(), 0600);
  return path;
}

std::string TemporaryDirectory::Read(const std::string& name) const {
  std::ifstream file(File(name), std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

}  // namespace tokenwarden::it
