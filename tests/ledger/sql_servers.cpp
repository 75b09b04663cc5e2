#include "ledger/sql_servers.h"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <array>
#include <map>
#include <memory>

#include "ledger/applier.h"
#include "ledger/database.h"

namespace dibs::ledger {

SqlServer* SqlServer::get(const std::string& kind) {
  static std::map<std::string, std::unique_ptr<SqlServer>> servers;
  auto& server = servers[kind];
  if (!server) server.reset(new SqlServer(kind));
  return server->url_.empty() ? nullptr : server.get();
}

SqlServer::SqlServer(const std::string& kind) {
  std::array<int, 2> input{};
  std::array<int, 2> output{};
  if (pipe2(input.data(), O_CLOEXEC) != 0 || pipe2(output.data(), O_CLOEXEC) != 0) return;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  std::vector<std::string> words{"python3", DIBS_SOURCE_DIR "/tests/system/sql_server.py", kind};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, "python3", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(input[0]);
  close(output[1]);
  EXPECT_EQ(failed, 0) << "python3 is missing";
  to_ = input[1];  // closed with this program, which ends the server
  from_ = output[0];
  const std::string told = line();
  EXPECT_FALSE(told.empty()) << kind << " could not be started";
  if (told != "missing") url_ = told;
}

std::string SqlServer::line() {
  std::string text;
  for (char c = 0; read(from_, &c, 1) == 1 && c != '\n';) text += c;
  return text;
}

void SqlServer::ask(const std::string& command) {
  const std::string text = command + "\n";
  ASSERT_EQ(write(to_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ASSERT_EQ(line(), "done");
}

TestLedger::TestLedger(const std::string& kind) {
  if (kind == "sqlite") {
    url_ = "sqlite:" + directory_ / "ledger.db";
    return;
  }
  server_ = SqlServer::get(kind);
  if (server_ == nullptr) return;
  url_ = server_->url();
  Applier applier(*parse_address(url_));
  const auto done = applier.make_anew();
  EXPECT_TRUE(done) << done.error().what;
}

void TestLedger::sql(const std::string& text) const {
  auto database = Database::open(*parse_address(url_));
  ASSERT_TRUE(database) << database.error().what;
  const auto done = (*database)->run(text);
  ASSERT_TRUE(done) << done.error().what;
}

}  // namespace dibs::ledger
