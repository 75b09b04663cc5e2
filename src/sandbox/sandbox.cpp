#include "sandbox/sandbox.h"

#include "http/server.h"
#include "sandbox/bank.h"
#include "sandbox/desk.h"

namespace dibs::sandbox {
namespace {

std::string header(const http::Request& request, std::string_view name) {
  return std::string(request.header(name).value_or(""));
}

}  // namespace

struct Sandbox::Impl final : http::Handler, WatermarkListener {
  Impl(Options given, Bank the_bank, const Clock& clock)
      : options(std::move(given)),
        bank(std::move(the_bank)),
        worker(clock),
        desk(options, bank, worker, clock) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() override {
    server.reset();
    worker.stop();
  }

  void handle(const http::Request& request, http::Responder responder) override {
    desk.serve({.method = request.method,
                .path = std::string(request.path),
                .query = std::string(request.query),
                .key = header(request, "Idempotency-Key"),
                .authorization = header(request, "Authorization"),
                .body = std::string(request.body)},
               std::move(responder));
  }
  http::Response refusal(std::uint16_t status, std::string_view what) override {
    return {
        .status = status, .content_type = "text/plain", .headers = {}, .body = std::string(what)};
  }
  void on_watermark(std::uint32_t /*loop*/, Instant /*upto*/) noexcept override {}

  const Options options;
  Bank bank;
  Worker worker;
  Desk desk;
  std::unique_ptr<http::Server> server;
};

Sandbox::Sandbox(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Sandbox::~Sandbox() = default;

Result<std::unique_ptr<Sandbox>> Sandbox::start(Options options, const Clock& clock) {
  auto bank = Bank::open(options.data);
  if (!bank) return std::unexpected(bank.error());
  auto impl = std::make_unique<Impl>(std::move(options), std::move(*bank), clock);
  http::Server::Options server_options;
  server_options.listen = {impl->options.listen};
  auto server = http::Server::open(server_options, *impl, *impl, clock);
  if (!server) return std::unexpected(server.error());
  impl->server = std::move(*server);
  impl->desk.set_address(impl->server->addresses().front());
  impl->worker.soon([&desk = impl->desk] { desk.begin(); });
  impl->server->start();
  return std::unique_ptr<Sandbox>(new Sandbox(std::move(impl)));
}

std::string Sandbox::address() const { return impl_->server->addresses().front(); }

}  // namespace dibs::sandbox
