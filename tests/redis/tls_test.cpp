#include <cstdlib>
#include <filesystem>

#include "redis/store_fixture.h"

/// TLS to a real Redis: what is accepted, and that nothing else is. The certificates are made by
/// openssl for each test: the server's is for 127.0.0.1 and `redis.test`.
namespace dibs::redis {
namespace {

class Certificates {
 public:
  Certificates() {
    authority("ca");
    authority("other");
    certificate("server", "subjectAltName=IP:127.0.0.1,DNS:redis.test");
    certificate("client", "subjectAltName=DNS:gateway.test");
  }
  [[nodiscard]] std::string file(const std::string& name) const { return dir_.path() + "/" + name; }

 private:
  void run(const std::string& command) const {
    const std::string all = "cd '" + dir_.path() + "' && openssl " + command + " >out 2>&1";
    EXPECT_EQ(std::system(all.c_str()), 0) << command;
  }
  void authority(const std::string& name) const {
    run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name +
        " -keyout " + name + ".key -out " + name + ".crt");
  }
  void certificate(const std::string& name, const std::string& names) const {
    run("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name + " -addext " +
        names + " -keyout " + name + ".key -out " + name + ".csr");
    run("x509 -req -in " + name + ".csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 " +
        "-copy_extensions copy -out " + name + ".crt");
  }

  TempDir dir_;
};

class RedisTls : public testing::Test {
 protected:
  std::vector<std::string> settings(const std::string& clients) const {
    auto all = strict_settings();
    for (const auto& word :
         {std::string("--tls-port"), std::to_string(tls_port_), std::string("--tls-cert-file"),
          certificates_.file("server.crt"), std::string("--tls-key-file"),
          certificates_.file("server.key"), std::string("--tls-ca-cert-file"),
          certificates_.file("ca.crt"), std::string("--tls-auth-clients"), clients}) {
      all.push_back(word);
    }
    return all;
  }
  Store::Options options(const std::string& ca = "ca.crt") {
    auto options = options_for(server_, dir_.path());
    options.addresses.front().port = static_cast<std::uint16_t>(tls_port_);
    options.addresses.front().tls = TlsFiles{.ca_file = certificates_.file(ca)};
    return options;
  }
  /// Why a store does not start.
  static std::string refusal(const Store::Options& options) {
    RunningStore store(options);
    EXPECT_FALSE(store.started());
    return store.started() ? "" : store.started().error().what + store.started().error().remedy;
  }
  static void expect_refused(const Store::Options& options, const std::string& words) {
    const std::string said = refusal(options);
    EXPECT_NE(said.find(words), std::string::npos) << said;
  }

  const Certificates certificates_;
  const int tls_port_ = free_port();
  const TempDir dir_;
  const RedisServer server_{settings("optional")};
};

TEST_F(RedisTls, sells_to_a_server_whose_certificate_names_it) {
  RunningStore store(options());
  ASSERT_TRUE(store.started()) << store.started().error().what;
  store.run(concert_of(1'000));
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(store.run(seat_for("b" + std::to_string(i), "key")));
  }
  // Many records of TLS at once: another gateway reads all events.
  const TempDir other_dir;
  auto same = options();
  same.data_dir = other_dir.path();
  RunningStore other(same);
  ASSERT_TRUE(other.started());
  EXPECT_TRUE(other.run(seat_for("b199", "key"))->replayed);
}

TEST_F(RedisTls, refuses_a_certificate_of_another_authority) {
  expect_refused(options("other.crt"), "certificate is not accepted");
}

TEST_F(RedisTls, refuses_a_certificate_for_another_host) {
  auto wrong = options();
  wrong.addresses.front().host = "localhost";
  expect_refused(wrong, "hostname mismatch");
}

TEST_F(RedisTls, refuses_a_port_that_does_not_speak_tls_and_never_falls_back) {
  auto plain = options();
  plain.addresses.front().port = static_cast<std::uint16_t>(server_.port());
  plain.patience = std::chrono::seconds(2);
  expect_refused(plain, "TLS");
}

TEST_F(RedisTls, a_tls_port_that_is_spoken_to_plainly_is_refused) {
  auto plain = options();
  plain.addresses.front().tls.reset();
  EXPECT_NE(refusal(plain), "");
}

TEST_F(RedisTls, names_the_file_that_cannot_be_used) {
  expect_refused(options("missing.crt"), "--store-ca-file");
}

TEST_F(RedisTls, shows_its_own_certificate_where_it_is_asked_for) {
  Connection control = server_.connect();
  EXPECT_EQ(control.text({"CONFIG", "SET", "tls-auth-clients", "yes"}), "OK");
  expect_refused(options(), "TLS");
  auto shown = options();
  shown.addresses.front().tls->cert_file = certificates_.file("client.crt");
  shown.addresses.front().tls->key_file = certificates_.file("client.key");
  RunningStore store(shown);
  EXPECT_TRUE(store.started()) << store.started().error().what;
}

TEST(RedisAddress, of_tls_and_of_several_nodes) {
  const auto several = parse_addresses("rediss://shop:p%40ss@a.test:1,b.test,[::1]:3");
  ASSERT_TRUE(several);
  ASSERT_EQ(several->size(), 3U);
  EXPECT_EQ(several->at(0).shown(), "a.test:1");
  EXPECT_EQ(several->at(1).shown(), "b.test:6379");
  EXPECT_EQ(several->at(2).shown(), "[::1]:3");
  for (const Address& one : *several) {
    EXPECT_TRUE(one.tls);
    EXPECT_EQ(one.password, "p@ss");
  }
  EXPECT_FALSE(parse_addresses("redis://a,b/1")) << "a cluster has only database 0";
  EXPECT_FALSE(parse_addresses("redis://a,,b"));
  EXPECT_EQ(parse_addresses("redis://a/1")->front().database, 1U);
  auto plain = *parse_addresses("redis://a");
  EXPECT_FALSE(use_tls_files(plain, {.ca_file = "ca", .cert_file = {}, .key_file = {}}));
  auto half = *parse_addresses("rediss://a");
  EXPECT_FALSE(use_tls_files(half, {.ca_file = {}, .cert_file = "c", .key_file = {}}));
}

TEST(RedisStore, finds_a_server_by_name) {
  const RedisServer server(strict_settings());
  const TempDir dir;
  auto options = options_for(server, dir.path());
  options.addresses.front().host = "localhost";  // perhaps ::1 first, where nobody listens
  RunningStore store(options);
  EXPECT_TRUE(store.started()) << store.started().error().what;
}

TEST(RedisStore, sells_on_without_a_restart_once_the_right_data_are_back) {
  RedisServer server(strict_settings());
  const TempDir dir;
  RunningStore store(server, dir.path());
  ASSERT_TRUE(store.started());
  store.run(concert_of(10));
  store.run(seat_for("a"));
  namespace fs = std::filesystem;
  const std::string data = server.directory() + "/appendonlydir";
  const std::string older = server.directory() + "/older";
  const std::string newer = server.directory() + "/newer";
  fs::copy(data, older, fs::copy_options::recursive);
  const auto last = store.run(seat_for("b", "key"));
  ASSERT_TRUE(last && last->order);
  server.kill();
  fs::rename(data, newer);
  fs::rename(older, data);
  server.start();
  ASSERT_EQ(store.insist(seat_for("c"))->code, sale::Code::fenced);
  EXPECT_EQ(store.insist(sale::Resume{})->code, sale::Code::fenced) << "not while it is older";
  EXPECT_EQ(store.store().counters().fenced, 1U);

  server.kill();
  fs::remove_all(data);
  fs::rename(newer, data);
  server.start();
  const auto again = store.insist(seat_for("b", "key"));
  ASSERT_TRUE(again && again->order) << (again ? again->detail : again.error().what);
  EXPECT_EQ(again->order->id, last->order->id);
  EXPECT_EQ(store.run(seat_for("c"))->code, sale::Code::ok);
  EXPECT_EQ(store.store().counters().fenced, 0U);
}

}  // namespace
}  // namespace dibs::redis
